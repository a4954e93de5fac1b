import { useEffect, useState } from 'preact/hooks';
import type { ErrorCode } from '../../shared/errors.ts';
import { breakLoop } from '../guard.ts';
import { errorText, t } from '../i18n.ts';
import type { Outcome } from '../passkey.ts';
import { ping } from '../presence.ts';

/** One thing at a time that a person asked for, and the words for why the last one did not work. */
export interface Request {
  isBusy: boolean;
  /** Empty when nothing was refused. */
  refusal: string;
  /** Whether it worked. While something else is being asked it does not. */
  run: (ask: () => Promise<Outcome>) => Promise<boolean>;
}

/** After a sign-in that worked: the guard takes the page on as soon as the worker says who is signed in. */
export async function arrive(isSignedIn: boolean): Promise<void> {
  if (!isSignedIn) return;
  breakLoop(); // a person signed in; that is no going round
  await ping();
}

/** `first` is what was refused before this page was there. */
export function useRequest(first: ErrorCode | null = null): Request {
  const [isBusy, setBusy] = useState(false);
  const [code, setCode] = useState<ErrorCode | 'NOT_USED' | null>(first);

  // A page that left for a provider can come back out of the back-forward cache.
  useEffect(() => {
    const reset = () => setBusy(false);
    addEventListener('pageshow', reset);
    return () => removeEventListener('pageshow', reset);
  }, []);

  async function run(ask: () => Promise<Outcome>): Promise<boolean> {
    if (isBusy) return false;
    setBusy(true);
    setCode(null); // said again, it is a new alert
    const answer = await ask();
    setBusy(false);
    setCode(answer.ok ? null : answer.code);
    return answer.ok;
  }

  const refusal = code === null ? '' : code === 'NOT_USED' ? t('signIn.passkeyNone') : errorText(code);
  return { isBusy, refusal, run };
}
