import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { NewShare, Share } from '../../shared/api.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { createShare } from '../api.ts';
import { errorText, t } from '../i18n.ts';
import { ShareLink } from './share-link.tsx';
import { type ShareTarget, shareTarget } from './target.ts';

const DAY_MS = 86_400_000;
const spans = ['1', '7', '30', 'never'] as const;
type Span = (typeof spans)[number];

/** How the link is to be made. */
interface Wish {
  span: Span;
  password: string;
  most: string;
}

/** Makes a link to what a person wants to share. It is there while the question is open. */
export function ShareDialog(): JSX.Element | null {
  const target = shareTarget.value;
  return target && <Dialog key={keyOf(target)} target={target} />;
}

function Dialog({ target }: { target: ShareTarget }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [share, setShare] = useState<Share | null>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      shareTarget.value = null;
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  const close = () => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      class="dialog"
      data-dialog="share"
      aria-labelledby="share-title"
      onClose={() => (shareTarget.value = null)}
    >
      {share ? (
        <>
          <h2 id="share-title">{t('share.ready')}</h2>
          <ShareLink share={share} />
          <div class="dialog-actions">
            <button type="button" class="button" data-do="done" onClick={close}>
              {t('share.done')}
            </button>
          </div>
        </>
      ) : (
        <Question target={target} onMade={setShare} onCancel={close} />
      )}
    </dialog>
  );
}

function Question(props: {
  target: ShareTarget;
  onMade: (share: Share) => void;
  onCancel: () => void;
}): JSX.Element {
  const { target, onMade, onCancel } = props;
  const [wish, setWish] = useState<Wish>({ span: '7', password: '', most: '' });
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<ErrorCode | null>(null);
  const create = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => create.current?.focus(), []); // the second of two clicks

  async function make(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    const answer = await createShare(newShare(target, wish));
    setBusy(false);
    setRefused(answer.ok ? null : answer.code);
    if (answer.ok) onMade(answer.value);
  }

  return (
    <form
      class="share-form"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <h2 id="share-title">{titleOf(target)}</h2>
      <p class="hint">
        {t('share.lead')} {target.at === 'folder' && t('share.leadFolder')}
      </p>
      <label class="field">
        <span>{t('share.ends')}</span>
        <select
          name="ends"
          value={wish.span}
          onChange={({ currentTarget }) => {
            const span = spans.find((each) => each === currentTarget.value);
            if (span) setWish({ ...wish, span });
          }}
        >
          {spans.map((span) => (
            <option key={span} value={span}>
              {t(`share.after.${span}`)}
            </option>
          ))}
        </select>
      </label>
      <details class="share-more">
        <summary>{t('share.more')}</summary>
        <label class="field">
          <span>{t('share.password')}</span>
          <input
            type="text"
            name="share-password"
            autocomplete="off"
            spellcheck={false}
            minLength={4}
            maxLength={200}
            aria-describedby="share-password-hint"
            value={wish.password}
            onInput={({ currentTarget }) => setWish({ ...wish, password: currentTarget.value })}
          />
        </label>
        <p class="hint" id="share-password-hint">
          {t('share.passwordHint')}
        </p>
        <label class="field">
          <span>{t('share.most')}</span>
          <input
            type="number"
            name="share-most"
            inputMode="numeric"
            min={1}
            step={1}
            aria-describedby="share-most-hint"
            value={wish.most}
            onInput={({ currentTarget }) => setWish({ ...wish, most: currentTarget.value })}
          />
        </label>
        <p class="hint" id="share-most-hint">
          {t('share.mostHint')}
        </p>
      </details>
      <p class="refusal" role="alert" data-refused={refused ?? undefined}>
        {refused && errorText(refused)}
      </p>
      <div class="dialog-actions">
        <button
          type="submit"
          class="button primary"
          ref={create}
          data-do="create-share"
          aria-disabled={isBusy}
        >
          {t(isBusy ? 'share.creating' : 'share.create')}
        </button>
        <button type="button" class="button" onClick={onCancel}>
          {t('common.cancel')}
        </button>
      </div>
    </form>
  );
}

function titleOf(target: ShareTarget): string {
  if (target.at === 'folder') return t('share.titleFolder', { path: target.path });
  if (target.name !== null) return t('share.one', { name: target.name });
  return t('share.title', { count: target.ids.length });
}

function newShare(target: ShareTarget, { span, password, most }: Wish): NewShare {
  return {
    of: target.at === 'folder' ? { folder: target.path } : { files: [...target.ids] },
    expiresAt: span === 'never' ? null : Date.now() + Number(span) * DAY_MS,
    password: password === '' ? null : password,
    maxDownloads: most === '' ? null : Number(most),
  };
}

function keyOf(target: ShareTarget): string {
  return target.at === 'folder' ? target.path : target.ids.join();
}
