import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { type ErrorCode, isErrorCode } from '../../shared/errors.ts';
import { safeReturnTo } from '../../shared/return-url.ts';
import { readSession, sendCode, signIn } from '../api.ts';
import { isRenewing } from '../guard.ts';
import { t } from '../i18n.ts';
import { Mark } from '../icons.tsx';
import { knowsPasskeys, offerPasskeys } from '../passkey.ts';
import { ping } from '../presence.ts';
import { session, totals } from '../state.ts';
import { dropReturn, recallReturn } from './kept-return.ts';
import { signInUrl } from './landing.ts';
import { methods, pullMethods } from './methods.ts';
import { OtherWays } from './other-ways.tsx';
import { arrive, type Request, useRequest } from './request.ts';

/** What the server is asked again after this, while it does not answer, in ms. */
const ASK_AGAIN_MS = 10_000;
/** A question is offered anew before the server forgets it, in ms. */
const OFFER_AGAIN_MS = 3.5 * 60_000;

/** All the ways to sign in. What is typed here is kept nowhere. */
export function SignInPage(): JSX.Element {
  const [email, setEmail] = useState(session.peek().account?.email ?? '');
  const [isSent, setSent] = useState(false);
  const { path, query } = useLocation();
  const renewing = isRenewing(path, query, session.value);
  const isReachable = useServer();
  const request = useRequest(useSsoRefusal());
  const { unfinished } = totals.value;

  return (
    <section class="sign-in">
      <div class="card">
        {isSent ? (
          <CodeForm email={email} onOtherEmail={() => setSent(false)} />
        ) : (
          <>
            <EmailForm
              email={email}
              lead={renewing ? t('signIn.renewLead') : t('signIn.lead')}
              request={request}
              onInput={setEmail}
              onSent={() => setSent(true)}
            />
            <OtherWays request={request} />
          </>
        )}
        {renewing && (
          <a
            class="sign-in-back"
            href={safeReturnTo(query.returnTo ?? null, location.origin).to}
            data-do="renew-back"
          >
            {t('signIn.renewBack')}
          </a>
        )}
        <p class="hint sign-in-offline" role="status">
          {isReachable ? '' : t('signIn.offline')}
        </p>
      </div>
      <p class="sign-in-foot">
        <Mark />
        {unfinished > 0 && !renewing ? t('signIn.waiting', { count: unfinished }) : t('signIn.promise')}
      </p>
    </section>
  );
}

/** Asks how one can sign in, and whether someone has in a way the worker did not see; again until it is answered. */
function useServer(): boolean {
  const [isReachable, setReachable] = useState(true);
  useEffect(() => {
    const ask = async () => {
      const [isAnswered] = await Promise.all([pullMethods(), readSession().then(() => ping())]);
      setReachable(isAnswered);
    };
    void ask();
    const again = () => void ask();
    const timer = isReachable ? undefined : setInterval(again, ASK_AGAIN_MS);
    addEventListener('online', again);
    return () => {
      clearInterval(timer);
      removeEventListener('online', again);
    };
  }, [isReachable]);
  return isReachable;
}

/** The code that a sign-in by the provider came back with; the address is put right, and keeps its return URL. */
function useSsoRefusal(): ErrorCode | null {
  const { query, route } = useLocation();
  const [{ code, returnTo }] = useState(() => ({
    code: query.sso === undefined ? null : isErrorCode(query.sso) ? query.sso : ('SSO_FAILED' as const),
    returnTo: query.returnTo ?? recallReturn(sessionStorage, query.state ?? null)?.returnTo ?? null,
  }));
  useLayoutEffect(() => {
    if (code === null) return;
    dropReturn(sessionStorage);
    route(signInUrl(returnTo), true);
  }, []);
  return code;
}

function EmailForm(props: {
  email: string;
  lead: string;
  request: Request;
  onInput: (email: string) => void;
  onSent: () => void;
}): JSX.Element {
  const { isBusy, refusal, run } = props.request;
  usePasskeysInAutofill(props.request);
  return (
    <form
      key="email"
      data-sign-in="email"
      onSubmit={(event) => {
        event.preventDefault();
        void run(() => sendCode(props.email.trim())).then((isDone) => isDone && props.onSent());
      }}
    >
      <h1>{t('signIn.title')}</h1>
      <p class="lead">{props.lead}</p>
      <label class="field">
        <span>{t('signIn.email')}</span>
        <input
          name="email"
          type="email"
          autocomplete="username webauthn"
          required
          value={props.email}
          ref={useFocus()}
          aria-describedby="sign-in-refusal"
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      </label>
      <Refusal text={refusal} />
      <button type="submit" class="button primary wide" aria-disabled={isBusy}>
        {t('signIn.sendCode')}
      </button>
    </form>
  );
}

/**
 * Offers passkeys where the address is typed, for as long as that field is there and nothing else is going on. Only
 * in a tab that is seen: fifty in the background would ask the server fifty questions for nobody.
 */
function usePasskeysInAutofill({ isBusy, run }: Request): void {
  const isOn = methods.value.passkey && knowsPasskeys() && !isBusy;
  const isSeen = useIsSeen();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!isOn || !isSeen) return;
    const over = new AbortController();
    const timer = setTimeout(() => setTurn(turn + 1), OFFER_AGAIN_MS);
    void offerPasskeys(over.signal).then((outcome) => {
      if (outcome) void run(async () => outcome).then(arrive);
    });
    return () => {
      clearTimeout(timer);
      over.abort();
    };
  }, [isOn, isSeen, turn]);
}

function useIsSeen(): boolean {
  const [isSeen, setSeen] = useState(document.visibilityState === 'visible');
  useEffect(() => {
    const look = () => setSeen(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return isSeen;
}

function CodeForm({ email, onOtherEmail }: { email: string; onOtherEmail: () => void }): JSX.Element {
  const [code, setCode] = useState('');
  const [isSentAgain, setSentAgain] = useState(false);
  const { isBusy, refusal, run } = useRequest();

  async function submit(): Promise<void> {
    await arrive(await run(() => signIn(email.trim(), code.replace(/\s/g, ''))));
  }

  return (
    <form
      key="code"
      data-sign-in="email"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h1>{t('signIn.codeTitle')}</h1>
      <p class="lead">{t('signIn.codeLead', { email: email.trim() })}</p>
      <label class="field">
        <span>{t('signIn.code')}</span>
        <input
          name="code"
          class="code"
          inputMode="numeric"
          autocomplete="one-time-code"
          required
          maxLength={12}
          spellcheck={false}
          value={code}
          ref={useFocus()}
          aria-describedby="sign-in-refusal"
          onInput={(event) => setCode(event.currentTarget.value)}
        />
      </label>
      <Refusal text={refusal} />
      <button type="submit" class="button primary wide" aria-disabled={isBusy}>
        {t('signIn.submit')}
      </button>
      <div class="sign-in-more">
        <button
          type="button"
          class="link"
          onClick={() => void run(() => sendCode(email.trim())).then((isDone) => setSentAgain(isDone))}
        >
          {t('signIn.again')}
        </button>
        <button type="button" class="link" onClick={onOtherEmail}>
          {t('signIn.otherEmail')}
        </button>
      </div>
      <p class="hint" role="status">
        {isSentAgain && !refusal ? t('signIn.sentAgain') : ''}
      </p>
    </form>
  );
}

function Refusal({ text }: { text: string }): JSX.Element {
  return (
    <p id="sign-in-refusal" class="refusal" role="alert">
      {text}
    </p>
  );
}

/** Focus goes to the field that a step is about, as it appears. */
function useFocus() {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  return field;
}
