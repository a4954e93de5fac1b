/** How much to send at once, how long to wait for an answer, and when to try again. */

const KIB = 1024;
/** The least a segment carries, in bytes; also what segments shrink to when a proxy refuses larger bodies. */
export const MIN_SEGMENT_BYTES = 256 * KIB;
/** What a segment carries while nothing is known of the network: three of them fit into a stall's time at 51 KiB/s. */
export const FIRST_SEGMENT_BYTES = MIN_SEGMENT_BYTES;
/** What it carries after one got no answer: three of them fit at 13 KiB/s. Smaller bodies say nothing of the speed. */
export const CAREFUL_SEGMENT_BYTES = 64 * KIB;
/** How long one segment should take, in ms: smooth progress, and little lost at a cut. */
export const SEGMENT_TARGET_MS = 2000;
/** Requests of the engine in flight, in all: HTTP/1.1 leaves 6 connections for all tabs and the worker. */
export const MAX_IN_FLIGHT = 3;
/** A request without an answer for this long is stalled, in ms; longer where the network is known to be slow. */
export const STALL_MS = 15_000;

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;
/** Weight of the newest measurement of a request's speed. */
const NEWEST = 0.4;

/** What the engine knows of the network: one for all uploads, since they share it. */
export interface Link {
  /** Bytes per second of one request, smoothed; null before the first answer, and after a body that got none. */
  rate: number | null;
  /** What a segment carries while the rate is not known, in bytes. */
  firstBytes: number;
  /** No segment is larger than this: a proxy has refused larger ones. Null when none has. */
  ceilingBytes: number | null;
  /** Failures in a row without any progress between them; requests that fail together count as one. */
  failures: number;
  /** When the last of them was counted, ms since the epoch. */
  failedAt: number;
  /** Backing off until then, ms since the epoch. */
  notBefore: number;
  /** The server said not to come back before then, ms since the epoch; nothing cuts that short. */
  toldUntil: number;
}

export const freshLink: Link = {
  rate: null,
  firstBytes: FIRST_SEGMENT_BYTES,
  ceilingBytes: null,
  failures: 0,
  failedAt: 0,
  notBefore: 0,
  toldUntil: 0,
};

/** Nothing is sent before this time, ms since the epoch. */
export function sendNotBefore({ notBefore, toldUntil }: Link): number {
  return Math.max(notBefore, toldUntil);
}

/** The link after an answer that moved `bytes` in `ms`. Bodies too small to measure leave the rate alone. */
export function linkAfterAnswer(link: Link, bytes: number, ms: number): Link {
  const calm: Link = { ...link, failures: 0, notBefore: 0 };
  if (bytes < CAREFUL_SEGMENT_BYTES) return calm;
  const measured = (bytes * 1000) / Math.max(1, ms);
  const rate = link.rate === null ? measured : link.rate * (1 - NEWEST) + measured * NEWEST;
  return { ...calm, rate, firstBytes: FIRST_SEGMENT_BYTES };
}

/**
 * The link after a request, begun at `startedAt`, that got no answer of our server.
 *
 * The first failure costs no wait: a cut connection has usually carried something, and a `HEAD` tells at once.
 * From then on full jitter: anywhere between nothing and a limit that doubles from 0.5 s to 30 s, so that many
 * clients do not come back in step. `chance` is in [0, 1).
 */
export function linkAfterFailure(link: Link, startedAt: number, now: number, chance: number): Link {
  // Three requests lost to one cut are one failure.
  if (link.failures > 0 && startedAt <= link.failedAt) return link;
  const limit = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(link.failures - 1, 10));
  const wait = link.failures === 0 ? 0 : Math.round(chance * limit);
  return { ...link, failures: link.failures + 1, failedAt: now, notBefore: now + wait };
}

/**
 * The link after a request with `bytes` of body, begun at `startedAt`, has waited in vain for as long as anyone should.
 * That is no cut that the next try may find mended: it is known at once that nobody answers, though the next try is made
 * at once too.
 *
 * A hole and a link that has become slow look the same. So the rate is forgotten, and the next body is one that even a
 * slow link brings through in time, rather than waited for longer: a hole is noticed as soon as ever.
 */
export function linkAfterSilence(
  link: Link,
  bytes: number,
  startedAt: number,
  now: number,
  chance: number,
): Link {
  const failed = linkAfterFailure(link, startedAt, now, chance);
  const silent = failed.failures === 1 ? { ...failed, failures: 2 } : failed;
  return bytes < CAREFUL_SEGMENT_BYTES
    ? silent
    : { ...silent, rate: null, firstBytes: CAREFUL_SEGMENT_BYTES };
}

/** The link after something asks to try again now: a click, `online`, a page that became visible. */
export function linkAfterKick(link: Link, now: number): Link {
  return link.notBefore > now ? { ...link, notBefore: now } : link;
}

/** The link after an answer that asks to come back later: never sooner than told. */
export function linkAfterLater(link: Link, now: number, afterMs: number): Link {
  return { ...link, toldUntil: Math.max(link.toldUntil, now + afterMs) };
}

/** The link after a proxy refused a body of `bytes` as too large: half of it from now on. */
export function linkAfterTooLarge(link: Link, bytes: number): Link {
  const ceilingBytes = Math.max(MIN_SEGMENT_BYTES, Math.floor(bytes / 2));
  return { ...link, ceilingBytes: Math.min(ceilingBytes, link.ceilingBytes ?? ceilingBytes) };
}

/** The most a segment should carry now, in bytes, whole multiples of 64 KiB. */
export function segmentBytes({ rate, firstBytes, ceilingBytes }: Link): number {
  // No ceiling is lower than that.
  if (rate === null) return firstBytes;
  const capped = Math.min((rate * SEGMENT_TARGET_MS) / 1000, ceilingBytes ?? Number.POSITIVE_INFINITY);
  return Math.max(MIN_SEGMENT_BYTES, Math.floor(capped / (64 * KIB)) * 64 * KIB);
}

/**
 * How many of `missing` bytes of a part the next request carries. A rest smaller than half a segment goes along:
 * a request of its own would cost a round trip for little. Not while the rate is unknown: it might not arrive in time.
 */
export function nextSegment(link: Link, missing: number): number {
  const bytes = segmentBytes(link);
  const most = link.rate === null ? bytes : bytes * 1.5;
  return missing <= most && (link.ceilingBytes === null || missing <= link.ceilingBytes) ? missing : bytes;
}

/** How long to wait for the answer to a request with `bytes` of body, in ms: four times what it should take. */
export function stallMs({ rate }: Link, bytes: number, leastMs: number = STALL_MS): number {
  return rate === null ? leastMs : Math.max(leastMs, ((4 * bytes) / rate) * 1000);
}
