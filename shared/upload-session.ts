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
