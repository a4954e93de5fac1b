import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { SessionView } from '../shared/protocol.ts';
import { nextMove } from './move-limiter.ts';
import { dropReturn, recallReturn } from './sign-in/kept-return.ts';
import { landingFor, signInUrl } from './sign-in/landing.ts';
import { lastAccountId, session } from './state.ts';
import { call } from './worker.ts';

export const SIGN_IN = '/signin';
/** Where the browser comes back to from a provider of single sign-on. */
export const COMPLETE = '/signin/complete';

/** Moves between sign-in and a page went round in circles and were stopped. */
export const isLooping = signal(false);

/** The expiry that a notice is shown for, by its epoch; null when there is none to show. */
export const expiryNotice = signal<number | null>(null);

/** At `COMPLETE`: the worker was asked after the browser came back, so what it says of the session is true. */
export const isComplete = signal(false);

const SEEN = 'holdfast.expiry-seen';
const LEFT_BY = 'holdfast.left-by';
let moves: number[] = [];
/** The epoch that a sign-in once more began in. */
let renewedFrom: number | null = null;

type Query = Record<string, string>;

/** Puts the notice away: this expiry is not shown in this tab again. */
export function dismissExpiry(): void {
  if (expiryNotice.value !== null) sessionStorage.setItem(SEEN, String(expiryNotice.value));
  expiryNotice.value = null;
}

/** Lets the moves begin anew, after a person did something: signed in or out, or asked to go on. */
export function breakLoop(): void {
  moves = [];
  isLooping.value = false;
}

/** The address to sign in once more at, for what only a recent sign-in may do. */
export function renewalUrl(returnTo: string): string {
  return `${signInUrl(returnTo)}&again`;
}

/** Whether someone who is signed in is at sign-in to do it once more, and has not yet. */
export function isRenewing(path: string, query: Query, { state, epoch }: SessionView): boolean {
  if (path !== SIGN_IN || query.again === undefined) renewedFrom = null;
  else if (state === 'signed-in') renewedFrom ??= epoch;
  // Whoever signs in from here on has done what this page was opened for.
  else if (state !== 'unknown') renewedFrom = -1;
  return state === 'signed-in' && renewedFrom === epoch;
}

/** Who was here when this tab went to sign-in: its return URL is for nobody else. Outlives a reload and SSO. */
export function leftBy(): string | null {
  return sessionStorage.getItem(LEFT_BY);
}

/**
 * Takes this page to sign-in when the session is over, and back to where it was when there is one. Within the
 * document, so that the `File`s it holds live on.
 */
export function useSessionGuard(): void {
  const { url, path, query, route } = useLocation();
  const { state, epoch, account } = session.value;
  const stopped = isLooping.value;
  const renewing = isRenewing(path, query, session.value);
  const isBack = isComplete.value;

  useLayoutEffect(() => {
    if (state === 'expired') announceExpiry(epoch);
    if (state === 'signed-in') expiryNotice.value = null;
  }, [state, epoch]);

  useLayoutEffect(() => {
    if (stopped) return;
    const isThere = path === SIGN_IN || path === COMPLETE;
    if (state === 'expired' || state === 'signed-out') {
      if (!isThere) leave(lastAccountId.peek() ?? account?.id ?? null);
      else if (leftBy() === null && account) rememberLeaver(account.id);
    } else if (state === 'signed-in') {
      if (renewing && account) rememberLeaver(account.id);
      else if (path === SIGN_IN || (path === COMPLETE && isBack)) land(account?.id ?? null);
    }
  }, [state, epoch, path, stopped, renewing, isBack]);

  function leave(who: string | null): void {
    rememberLeaver(who);
    move(signInUrl(url));
  }

  function land(who: string | null): void {
    const kept = recallReturn(sessionStorage, query.state ?? null);
    const by = kept ? kept.leftBy : leftBy();
    const landing = landingFor(query.returnTo ?? kept?.returnTo ?? null, by, who, location.origin);
    if (landing.note) void call('log.note', { text: landing.note });
    dropReturn(sessionStorage);
    rememberLeaver(null);
    isComplete.value = false;
    move(landing.to);
    // What had the focus is gone; the next Tab should begin at the page, not at the top of the window.
    document.getElementById('main')?.focus({ preventScroll: true });
  }

  function move(to: string): void {
    const next = nextMove(moves, performance.now());
    moves = next.moves;
    if (next.allowed) route(to, true);
    else isLooping.value = true;
  }
}

function rememberLeaver(who: string | null): void {
  if (who === null) sessionStorage.removeItem(LEFT_BY);
  else sessionStorage.setItem(LEFT_BY, who);
}

function announceExpiry(epoch: number): void {
  if (sessionStorage.getItem(SEEN) !== String(epoch)) expiryNotice.value = epoch;
}
