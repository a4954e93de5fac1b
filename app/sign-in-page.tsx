import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ErrorCode } from '../shared/errors.ts';
import { type Answer, readSession, sendCode, signIn } from './api.ts';
import { errorText, t } from './i18n.ts';
import { Mark } from './icons.tsx';
import { ping } from './presence.ts';
import { session, totals } from './state.ts';

/** Sign-in by a code that is mailed. What is typed here is kept nowhere. */
export function SignInPage(): JSX.Element {
  const [email, setEmail] = useState(session.peek().account?.email ?? '');
  const [isSent, setSent] = useState(false);
  const { unfinished } = totals.value;

  // A sign-in in another browser window of the same profile is one the worker may not have seen.
  useEffect(() => {
    void readSession().then(() => ping());
  }, []);

  return (
    <section class="sign-in">
      <div class="card">
        {isSent ? (
          <CodeForm email={email} onOtherEmail={() => setSent(false)} />
        ) : (
          <EmailForm email={email} onInput={setEmail} onSent={() => setSent(true)} />
        )}
      </div>
      <p class="sign-in-foot">
        <Mark />
        {unfinished > 0 ? t('signIn.waiting', { count: unfinished }) : t('signIn.promise')}
      </p>
    </section>
  );
}

function EmailForm(props: {
  email: string;
  onInput: (email: string) => void;
  onSent: () => void;
}): JSX.Element {
  const { isBusy, refusal, run } = useRequest();
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
      <p class="lead">{t('signIn.lead')}</p>
      <label class="field">
        <span>{t('signIn.email')}</span>
        <input
          name="email"
          type="email"
          autocomplete="username"
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

function CodeForm({ email, onOtherEmail }: { email: string; onOtherEmail: () => void }): JSX.Element {
  const [code, setCode] = useState('');
  const [isSentAgain, setSentAgain] = useState(false);
  const { isBusy, refusal, run } = useRequest();

  /** The guard takes the page on as soon as the worker says who is signed in. */
  async function submit(): Promise<void> {
    if (await run(() => signIn(email.trim(), code.replace(/\s/g, '')))) await ping();
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

/** One request at a time, and what it was refused with. */
function useRequest() {
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<{ code: ErrorCode; limit?: number } | null>(null);

  async function run(ask: () => Promise<Answer<unknown>>): Promise<boolean> {
    if (isBusy) return false;
    setBusy(true);
    const answer = await ask();
    setBusy(false);
    setRefused(answer.ok ? null : answer);
    return answer.ok;
  }

  return { isBusy, refusal: refused ? errorText(refused.code) : '', run };
}

/** Focus goes to the field that a step is about, as it appears. */
function useFocus() {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  return field;
}
