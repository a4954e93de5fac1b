import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Share } from '../../shared/api.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { listShares, revokeShare } from '../api.ts';
import { moment, size } from '../format.ts';
import { t } from '../i18n.ts';
import { Icon } from '../icons.tsx';
import { LinkField, linkOf, useCopy } from '../sharing/share-link.tsx';
import { NoAnswerYet, Panel, Refused, Sure } from './panel.tsx';
import { shareEnd } from './share-end.ts';
import { useAnswer } from './use-answer.ts';

/** The links that were made for people without an account. Any of them can be taken back. */
export function SharesPanel(): JSX.Element {
  const { value, refused, reload } = useAnswer(listShares);
  return (
    <Panel name="shares" title={t('settings.shares.title')} lead={t('settings.shares.lead')}>
      {!value ? (
        <NoAnswerYet refused={refused} />
      ) : value.shares.length === 0 ? (
        <p class="none">{t('settings.shares.none')}</p>
      ) : (
        <ul class="items" aria-label={t('settings.shares.list')}>
          {value.shares.map((share) => (
            <Item key={share.id} share={share} onRevoked={reload} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Item({ share, onRevoked }: { share: Share; onRevoked: () => Promise<void> }): JSX.Element {
  const { id, hasPassword } = share;
  const name = share.name || t('settings.shares.nameless');
  const end = shareEnd(share, Date.now());
  const url = linkOf(share);
  const { copied, copy, field } = useCopy(url);
  const [isAsking, setAsking] = useState(false);
  const [refused, setRefused] = useState<ErrorCode | null>(null);

  async function revoke(): Promise<void> {
    const answer = await revokeShare(id);
    const isGone = answer.ok || answer.code === 'NOT_FOUND';
    setRefused(isGone ? null : answer.code);
    if (isGone) await onRevoked();
    setAsking(false);
  }

  return (
    <li class="item" data-share={id} data-end={end ?? undefined}>
      <Icon name="link" />
      <div class="item-text">
        <span class="item-name">
          <bdi id={`share-${id}`}>{name}</bdi>
          {hasPassword && <span class="tag">{t('settings.shares.locked')}</span>}
        </span>
        <span class="hint">{factsOf(share).join(' · ')}</span>
      </div>
      {isAsking ? (
        <Sure
          name="revoke"
          question={t('settings.shares.revokeAsk')}
          yes={t('settings.shares.revoke')}
          no={t('settings.shares.keep')}
          onYes={() => void revoke()}
          onNo={() => setAsking(false)}
        />
      ) : (
        <div class="row-actions">
          {end === null && (
            <button
              type="button"
              class="button small"
              data-do="copy"
              id={`copy-${id}`}
              // What it says comes first, "Copied" as well, and then of which link.
              aria-labelledby={`copy-${id} share-${id}`}
              onClick={() => void copy()}
            >
              {t(copied === 'yes' ? 'settings.shares.copied' : 'settings.shares.copy')}
            </button>
          )}
          <button
            type="button"
            class="button small"
            data-do="revoke"
            aria-label={t('settings.shares.revokeOne', { name })}
            onClick={() => setAsking(true)}
          >
            {t('settings.shares.revoke')}
          </button>
        </div>
      )}
      <div class={copied === 'refused' ? 'item-note' : 'visually-hidden'}>
        <p class="hint" role="status">
          {copied === 'refused' ? t('share.copyFailed') : copied === 'yes' ? t('settings.shares.copied') : ''}
        </p>
        {copied === 'refused' && <LinkField url={url} field={field} />}
      </div>
      {refused && <Refused code={refused} />}
    </li>
  );
}

function factsOf(share: Share): string[] {
  const { files: count, bytes, downloads, maxDownloads } = share;
  return [
    t('settings.shares.files', { count, size: size(bytes) }),
    maxDownloads === null
      ? t('settings.shares.downloads', { count: downloads })
      : t('settings.shares.downloadsOf', { done: downloads, most: maxDownloads }),
    endOf(share),
  ];
}

function endOf(share: Share): string {
  switch (shareEnd(share, Date.now())) {
    case 'used-up':
      return t('settings.shares.usedUp');
    case 'expired':
      return t('settings.shares.ended');
    case 'empty':
      return t('settings.shares.empty');
    case null:
      return share.expiresAt === null
        ? t('settings.shares.never')
        : t('settings.shares.ends', { moment: moment(share.expiresAt) });
  }
}
