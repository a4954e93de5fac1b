import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { breakLoop } from './guard.ts';
import { t } from './i18n.ts';
import { act, trouble } from './intake.ts';
import { ping } from './presence.ts';
import { allIds, cancellableIds, tabFacts, totals } from './state.ts';

/** What was dropped is gone from the list within this, in ms; what is not by then is seen to later. */
const DROP_WAIT_MS = 10_000;
const LOOK_MS = 100;

/** The part of this page that asks the server could not be had. */
const UNREACHABLE = { ok: false, code: 'UNREACHABLE' } as const;

/** The question what is to become of unfinished uploads is open. */
const isAsking = signal(false);
/** What is to be said of how the last one left: `pending` while the server has not heard of it. */
export const farewell = signal<'pending' | 'deleted' | null>(null);

/** Signs out; with unfinished uploads a person is asked first what is to become of them. */
export function askToSignOut(): void {
  if (totals.peek().unfinished > 0) isAsking.value = true;
  else void leave();
}

async function leave(): Promise<void> {
  breakLoop();
  const answer = await import('./api.ts').then(({ signOut }) => signOut()).catch(() => UNREACHABLE);
  trouble.value = answer.ok ? null : answer.code;
  farewell.value = answer.ok && answer.value.queued ? 'pending' : null;
  await ping();
}

/** Cancels and removes everything in the list, and waits until it is empty. */
export async function dropAll(): Promise<void> {
  await act('cancel', cancellableIds());
  await act('remove', allIds());
  const until = performance.now() + DROP_WAIT_MS;
  while (allIds().length > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Asks whether to keep or drop what is not finished. It is there for as long as someone is signed in. */
export function SignOutDialog(): JSX.Element | null {
  return isAsking.value ? <Question /> : null;
}

function Question(): JSX.Element {
  const [doing, setDoing] = useState<'nothing' | 'dropping' | 'leaving'>('nothing');
  const dialog = useRef<HTMLDialogElement>(null);
  const { unfinished: count } = totals.value;
  const { unsafeFiles } = tabFacts.value;
  const isBusy = doing !== 'nothing';

  useLayoutEffect(() => {
    dialog.current?.showModal();
    return () => {
      isAsking.value = false; // gone with the session, or answered
    };
  }, []);

  async function go(how: 'keep' | 'drop'): Promise<void> {
    if (isBusy) return;
    if (how === 'drop') {
      setDoing('dropping');
      await dropAll();
    }
    setDoing('leaving');
    await leave();
    isAsking.value = false;
  }

  return (
    <dialog
      ref={dialog}
      class="dialog"
      data-dialog="sign-out"
      aria-labelledby="sign-out-title"
      aria-describedby="sign-out-lead"
      onCancel={(event) => isBusy && event.preventDefault()}
      onClose={() => (isAsking.value = false)}
    >
      <h2 id="sign-out-title">{t('signOut.title', { count })}</h2>
      <p id="sign-out-lead">{t('signOut.lead')}</p>
      {unsafeFiles > 0 && <p class="hint">{t('signOut.unsafe', { count: unsafeFiles })}</p>}
      <div class="dialog-actions">
        <button
          type="button"
          class="button primary"
          data-do="sign-out-keep"
          aria-disabled={isBusy}
          onClick={() => void go('keep')}
        >
          {t('signOut.keep')}
        </button>
        <button
          type="button"
          class="button danger"
          data-do="sign-out-drop"
          aria-disabled={isBusy}
          onClick={() => void go('drop')}
        >
          {t('signOut.drop')}
        </button>
        <button
          type="button"
          class="button"
          data-do="sign-out-stay"
          aria-disabled={isBusy}
          onClick={() => !isBusy && dialog.current?.close()}
        >
          {t('signOut.stay')}
        </button>
      </div>
      <p class="hint" role="status">
        {doing === 'nothing' ? '' : t(`signOut.${doing}`)}
      </p>
    </dialog>
  );
}
