/** What tells whether an upload session is over. */
export interface SessionClock {
  /** Ms since the epoch, by the server's clock. */
  issuedAt: number;
  ttlMinutes: number;
  /** Server's clock minus the device's, in ms, as last learned. */
  clockOffsetMs: number;
}

/**
 * Whether the session is over its TTL, on the server's clock: a device clock that is hours off changes nothing,
 * since only its difference to the server's counts. `now` is the device's, in ms since the epoch.
 */
export function isSessionOver({ issuedAt, ttlMinutes, clockOffsetMs }: SessionClock, now: number): boolean {
  return now + clockOffsetMs - issuedAt > ttlMinutes * 60_000;
}

/** A session with less than this left is worth a word, in ms. */
const SHORT_MS = 15 * 60_000;

/** When the session ends if nothing moves until then, in ms of the device's clock; null while that is far. */
export function sessionEndsAt(
  { issuedAt, ttlMinutes, clockOffsetMs }: SessionClock,
  now: number,
): number | null {
  const endsAt = issuedAt + ttlMinutes * 60_000 - clockOffsetMs;
  return endsAt - now < SHORT_MS ? endsAt : null;
}
