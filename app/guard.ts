import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { safeReturnTo } from '../shared/return-url.ts';
import { nextMove } from './move-limiter.ts';
import { lastAccountId, session } from './state.ts';

export const SIGN_IN = '/signin';

/** Moves between sign-in and a page went round in circles and were stopped. */
export const isLooping = signal(false);

/** The expiry that a notice is shown for, by its epoch; null when there is none to show. */
export const expiryNotice = signal<number | null>(null);

const SEEN = 'holdfast.expiry-seen';
let moves: number[] = [];

/** Puts the notice away: this expiry is not shown in this tab again. */
export function dismissExpiry(): void {
  if (expiryNotice.value !== null) sessionStorage.setItem(SEEN, String(expiryNotice.value));
  expiryNotice.value = null;
}

/** Lets the moves begin anew, after a person asked for it. */
export function breakLoop(): void {
  moves = [];
  isLooping.value = false;
}

/**
 * Takes this page to sign-in when the session is over, and back to where it was when there is one. Within the
 * document, so that the `File`s it holds live on.
 */
export function useSessionGuard(): void {
  const { url, path, query, route } = useLocation();
  const { state, epoch, account } = session.value;
  const stopped = isLooping.value;
  /** Who was here when this page went to sign-in: its return URL is for nobody else. */
  const leftBy = useRef<string | null>(null);

  useLayoutEffect(() => {
    if (state === 'expired') announceExpiry(epoch);
    if (state === 'signed-in') expiryNotice.value = null;
  }, [state, epoch]);

  useLayoutEffect(() => {
    if (stopped) return;
    if ((state === 'expired' || state === 'signed-out') && path !== SIGN_IN) {
      leftBy.current = lastAccountId.peek();
      move(`${SIGN_IN}?returnTo=${encodeURIComponent(url)}`);
    } else if (state === 'signed-in' && path === SIGN_IN) {
      const isSame = leftBy.current === null || leftBy.current === account?.id;
      move(isSame ? returnUrl(query.returnTo ?? null) : '/app');
    }
  }, [state, epoch, path, stopped]);

  function move(to: string): void {
    const next = nextMove(moves, performance.now());
    moves = next.moves;
    if (next.allowed) route(to, true);
    else isLooping.value = true;
  }
}

function announceExpiry(epoch: number): void {
  if (sessionStorage.getItem(SEEN) !== String(epoch)) expiryNotice.value = epoch;
}

function returnUrl(input: string | null): string {
  const { to, refused } = safeReturnTo(input, location.origin);
  // biome-ignore lint/suspicious/noConsole: whoever looks into a strange landing should find why; the value may be hostile
  if (refused) console.warn('The return URL was missing or refused');
  return to;
}
