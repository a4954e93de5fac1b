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

/** An upload session as far as its renewals go. */
export interface Renewal extends SessionClock {
  /** The `issuedAt` that was last renewed by itself, or came of that; null before. */
  refreshed: number | null;
}

/**
 * Whether a session that is said to be over is renewed by itself: once per expiry. If the server says the same again before
 * anything has arrived or its time is up, a person decides.
 */
export function isRenewedByItself(session: Renewal, now: number): boolean {
  return session.refreshed !== session.issuedAt || isSessionOver(session, now);
}

/** `refreshed` of a session that was just answered with `issuedAt`, where it was `before`. */
export function refreshedAfter(before: Renewal | null, issuedAt: number): number | null {
  if (before === null) return null;
  return before.refreshed === before.issuedAt ? issuedAt : before.refreshed;
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

/** Less than this is not seen in minutes, in ms. */
const SEEN_MS = 30_000;

/** Whether an end that a person was told of as `told` is to be told anew: it has come into sight, moved, or is far again. */
export function isEndNews(endsAt: number | null, told: number | null): boolean {
  if (endsAt === null || told === null) return endsAt !== told;
  return Math.abs(endsAt - told) >= SEEN_MS;
}
