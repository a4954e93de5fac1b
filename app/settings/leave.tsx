import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import type { ErrorCode } from '../../shared/errors.ts';
import { deleteAccount } from '../api.ts';
import { useFocusBack } from '../focus-back.ts';
import { t } from '../i18n.ts';
import { act } from '../intake.ts';
import { ping } from '../presence.ts';
import { askToSignOut, farewell } from '../sign-out.tsx';
import { allIds, session } from '../state.ts';
import { isSameAddress } from './address.ts';
import { Panel, Refused } from './panel.tsx';

/** The form to delete the account is open. */
const isDeleting = signal(false);

/** The ways out: for now, and for good. */
export function LeavePanel(): JSX.Element {
  return (
    <Panel name="leave" title={t('settings.leave.title')}>
      <button type="button" class="button" data-do="sign-out" onClick={askToSignOut}>
        {t('settings.leave.signOut')}
      </button>
      {isDeleting.value ? (
        <DeleteAccount />
      ) : (
        <button
          type="button"
          class="link danger"
          data-do="delete-account"
          onClick={() => (isDeleting.value = true)}
        >
          {t('settings.leave.delete')}
        </button>
      )}
    </Panel>
  );
}

function DeleteAccount(): JSX.Element {
  const email = session.value.account?.email ?? '';
  const [typed, setTyped] = useState('');
  const [hasTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<ErrorCode | null>(null);
  const field = useFocusBack<HTMLInputElement>('[data-do=delete-account]');
  const isRight = isSameAddress(typed, email);

  useLayoutEffect(() => {
    field.current?.focus();
    return () => {
      isDeleting.value = false;
    };
  }, []);

  async function submit(): Promise<void> {
    setTried(true);
    if (!isRight) return field.current?.focus();
    if (isBusy) return;
    setBusy(true);
    const ids = allIds();
    const answer = await deleteAccount();
    setBusy(false);
    setRefused(answer.ok ? null : answer.code);
    if (!answer.ok) return;
    farewell.value = 'deleted';
    // What waits on this device belongs to nobody any more.
    await act('remove', ids);
    await ping();
  }

  return (
    <form
      class="delete-account"
      data-delete-account
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') isDeleting.value = false;
      }}
    >
      <h3>{t('settings.leave.delete')}</h3>
      <p id="delete-lead">{t('settings.leave.deleteLead')}</p>
      <label class="field">
        <span>{t('settings.leave.deleteType', { email })}</span>
        <input
          ref={field}
          name="confirm-email"
          type="text"
          inputMode="email"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={typed}
          aria-invalid={hasTried && !isRight}
          aria-describedby="delete-lead delete-mismatch"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <p id="delete-mismatch" class="refusal" role="alert">
        {hasTried && !isRight ? t('settings.leave.deleteMismatch') : ''}
      </p>
      <div class="notice-actions">
        <button
          type="submit"
          class="button small danger"
          data-do="delete-account-now"
          aria-disabled={isBusy || !isRight}
        >
          {t('settings.leave.deleteNow')}
        </button>
        <button
          type="button"
          class="button small"
          data-do="keep-account"
          onClick={() => (isDeleting.value = false)}
        >
          {t('common.cancel')}
        </button>
      </div>
      <Refused code={refused} />
    </form>
  );
}
