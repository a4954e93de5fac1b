import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { startSso } from '../api.ts';
import { leftBy } from '../guard.ts';
import { t } from '../i18n.ts';
import { Icon } from '../icons.tsx';
import { leaveAgreed } from '../intake.ts';
import { knowsPasskeys, type Outcome, signInWithPasskey } from '../passkey.ts';
import { tabFacts } from '../state.ts';
import { keepReturn } from './kept-return.ts';
import { methods } from './methods.ts';
import { arrive, type Request } from './request.ts';

/** The ways to sign in that need no mail, as far as this server and this browser have them. */
export function OtherWays({ request }: { request: Request }): JSX.Element | null {
  const { passkey, sso } = methods.value;
  const hasPasskey = passkey && knowsPasskeys();
  if (!hasPasskey && !sso) return null;
  return (
    <div class="other-ways">
      <p class="or">{t('signIn.or')}</p>
      {hasPasskey && (
        <button
          type="button"
          class="button wide"
          data-sign-in="passkey"
          aria-disabled={request.isBusy}
          onClick={() => void request.run(signInWithPasskey).then(arrive)}
        >
          <Icon name="key" />
          {t('signIn.passkey')}
        </button>
      )}
      {sso && <Sso name={sso.name} request={request} />}
    </div>
  );
}

/** The one way that leaves the page: with bytes that only this tab has, a person is asked first. */
function Sso({ name, request }: { name: string; request: Request }): JSX.Element {
  const { query } = useLocation();
  const [isWarned, setWarned] = useState(false);
  const { unsafeFiles, isHere } = tabFacts.value;

  async function leave(): Promise<Outcome> {
    const start = await startSso();
    if (!start.ok) return start;
    const { url, state } = start.value;
    keepReturn(sessionStorage, { state, returnTo: query.returnTo ?? null, leftBy: leftBy() });
    leaveAgreed();
    location.assign(url);
    // Busy until the page is gone; out of the back-forward cache it begins anew.
    return new Promise(() => undefined);
  }

  if (isWarned && unsafeFiles > 0) {
    return (
      <div class="sso-warning" role="alert" data-notice="sso-unsafe">
        <strong>{t('signIn.ssoLeaves')}</strong>
        <p>{t('signIn.ssoUnsafe', { count: unsafeFiles })}</p>
        <div class="notice-actions">
          <button
            type="button"
            class="button small"
            data-do="sso-anyway"
            aria-disabled={request.isBusy}
            onClick={() => void request.run(leave)}
          >
            {t('signIn.ssoAnyway')}
          </button>
          <button
            type="button"
            class="button small primary"
            data-do="sso-stay"
            onClick={() => setWarned(false)}
          >
            {t('signIn.stay')}
          </button>
        </div>
      </div>
    );
  }
  return (
    <button
      type="button"
      class="button wide"
      data-sign-in="sso"
      aria-disabled={request.isBusy}
      onClick={() => (unsafeFiles > 0 && isHere ? setWarned(true) : void request.run(leave))}
    >
      <Icon name="door" />
      {t('signIn.sso', { name })}
    </button>
  );
}
