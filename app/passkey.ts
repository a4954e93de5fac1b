import type { RegisterPasskey, UsePasskey } from '../shared/api.ts';
import {
  type Answer,
  askForNewPasskey,
  askForPasskey,
  type Question,
  registerPasskey,
  verifyPasskey,
} from './api.ts';

/**
 * Passkeys, as far as a page has to do with them: it carries the server's question to the authenticator, and the
 * answer back. The library for that is loaded when it is needed.
 */

/** `NOT_USED`: nobody chose a passkey, in time or at all, or the browser would not ask. */
export type Outcome = Answer<unknown> | { ok: false; code: 'NOT_USED' };

/** The server forgets a question after 5 minutes; one this old, in ms, may still be answered in time. */
const FRESH_MS = 3 * 60_000;
const notUsed: Outcome = { ok: false, code: 'NOT_USED' };

/** A question that nobody has answered yet. Asking the authenticator twice is fine; answering twice is not. */
let open: { question: Question; at: number } | null = null;
/** A browser runs one ceremony at a time; whoever began the last one may end it. */
let ceremonies = 0;

/** Whether this browser knows passkeys at all. */
export function knowsPasskeys(): boolean {
  return 'PublicKeyCredential' in window;
}

/** Has a person choose a passkey, and signs in with it. */
export async function signInWithPasskey(): Promise<Outcome> {
  ceremonies += 1;
  const question = await ask();
  if (!question.ok) return question;
  return answer(question.value, false);
}

/**
 * Offers this site's passkeys in the autofill of the email field, and signs in with the one that is chosen there.
 * Null when none was: the browser does not do that, `over` was aborted, or another ceremony came in between.
 */
export async function offerPasskeys(over: AbortSignal): Promise<Outcome | null> {
  const mine = ++ceremonies;
  const library = await load();
  if (!(await library?.browserSupportsWebAuthnAutofill())) return null;
  const question = await ask();
  if (!library || !question.ok || over.aborted || mine !== ceremonies) return null;
  // A pending one would outlive its field, and collide with the next.
  const cancel = () => mine === ceremonies && library.WebAuthnAbortService.cancelCeremony();
  over.addEventListener('abort', cancel, { once: true });
  const outcome = await answer(question.value, true);
  over.removeEventListener('abort', cancel);
  return !outcome.ok && outcome.code === 'NOT_USED' ? null : outcome;
}

/** Has a person make a passkey for this account. */
export async function addPasskey(): Promise<Outcome> {
  ceremonies += 1;
  const library = await load();
  const question = await askForNewPasskey();
  if (!question.ok) return question;
  try {
    const made = await library?.startRegistration({ optionsJSON: question.value as never });
    return made ? await registerPasskey({ response: made as RegisterPasskey['response'] }) : notUsed;
  } catch (error) {
    const isKnown = codeOf(error) === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED';
    return isKnown ? { ok: false, code: 'PASSKEY_EXISTS' } : notUsed;
  }
}

async function answer(question: Question, useBrowserAutofill: boolean): Promise<Outcome> {
  const library = await load();
  const given = await library
    // The shape is the library's own, on both sides of the wire; the server checks all of it.
    ?.startAuthentication({ optionsJSON: question as never, useBrowserAutofill })
    .catch(() => null); // cancelled, timed out, aborted, not allowed: a browser tells them hardly apart
  if (!given) return notUsed;
  open = null;
  return verifyPasskey({ response: given as UsePasskey['response'] });
}

/** The question at hand, or a new one. Safari wants little between a click and its dialog. */
async function ask(): Promise<Answer<Question>> {
  if (open && performance.now() - open.at < FRESH_MS) return { ok: true, value: open.question };
  const asked = await askForPasskey();
  if (asked.ok) open = { question: asked.value, at: performance.now() };
  return asked;
}

/** Null when it can't be loaded: offline before it was ever cached, or gone with an update. */
function load() {
  return import('@simplewebauthn/browser').catch(() => null);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}
