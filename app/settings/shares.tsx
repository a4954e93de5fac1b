import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Share } from '../../shared/api.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { listShares, revokeShare } from '../api.ts';
import { moment, size } from '../format.ts';
import { t } from '../i18n.ts';
import { Icon } from '../icons.tsx';
import { copyText, linkOf } from '../sharing/share-link.tsx';
import { NoAnswerYet, Panel, Refused, Sure } from './panel.tsx';
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
  const { id, name, hasPassword } = share;
  const [isAsking, setAsking] = useState(false);
  const [isCopied, setCopied] = useState(false);
  const [refused, setRefused] = useState<ErrorCode | null>(null);

  async function revoke(): Promise<void> {
    const answer = await revokeShare(id);
    const isGone = answer.ok || answer.code === 'NOT_FOUND';
    setRefused(isGone ? null : answer.code);
    if (isGone) await onRevoked();
    setAsking(false);
  }

  return (
    <li class="item" data-share={id}>
      <Icon name="link" />
      <div class="item-text">
        <span class="item-name">
          <bdi>{name}</bdi>
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
          <button
            type="button"
            class="button small"
            data-do="copy"
            aria-label={t('settings.shares.copyOne', { name })}
            onClick={() => void copyText(linkOf(share)).then(setCopied)}
          >
            {t(isCopied ? 'settings.shares.copied' : 'settings.shares.copy')}
          </button>
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

function endOf({ expiresAt, downloads, maxDownloads }: Share): string {
  if (maxDownloads !== null && downloads >= maxDownloads) return t('settings.shares.usedUp');
  if (expiresAt === null) return t('settings.shares.never');
  return expiresAt <= Date.now()
    ? t('settings.shares.ended')
    : t('settings.shares.ends', { moment: moment(expiresAt) });
}
