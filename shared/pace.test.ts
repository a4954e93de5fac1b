import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CAREFUL_SEGMENT_BYTES,
  FIRST_SEGMENT_BYTES,
  freshLink,
  type Link,
  linkAfterAnswer,
  linkAfterFailure,
  linkAfterKick,
  linkAfterLater,
  linkAfterSilence,
  linkAfterTooLarge,
  MAX_IN_FLIGHT,
  MIN_SEGMENT_BYTES,
  nextSegment,
  STALL_MS,
  segmentBytes,
  sendNotBefore,
  stallMs,
} from './pace.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The link after failures one after the other, each of a request that began after the last one was counted. */
function afterFailures(times: number, chance: number): Link {
  let link = freshLink;
  for (let n = 1; n <= times; n++) link = linkAfterFailure(link, n * 10_000, n * 10_000 + 1, chance);
  return link;
}

function afterOneFailureAt(now: number) {
  return { failures: 1, failedAt: now, notBefore: now };
}

test('the first failure costs no wait', () => {
  expect(linkAfterFailure(freshLink, 900, 1000, 0.999)).toEqual({ ...freshLink, ...afterOneFailureAt(1000) });
});

test('from the second failure on the longest wait doubles from 0.5 s to 30 s', () => {
  const waits = [2, 3, 4, 5, 6, 7, 8, 9, 40].map((times) => {
    const { notBefore, failedAt } = afterFailures(times, 0.999999);
    return notBefore - failedAt;
  });
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('jitter is full: the wait may be anything down to none', () => {
  expect(afterFailures(6, 0)).toMatchObject({ notBefore: afterFailures(6, 0).failedAt });
  expect(afterFailures(6, 0.5)).toMatchObject({ notBefore: afterFailures(6, 0.5).failedAt + 4000 });
});

test('requests that are lost to one cut count as one failure', () => {
  const once = linkAfterFailure(freshLink, 900, 1000, 0.5);
  expect(linkAfterFailure(once, 950, 1001, 0.5)).toBe(once);
  expect(linkAfterFailure(once, 1000, 1002, 0.5)).toBe(once);
  expect(linkAfterFailure(once, 1001, 1003, 0.5)).toMatchObject({ failures: 2, failedAt: 1003 });
});

test('an answer starts the backoff over', () => {
  expect(linkAfterAnswer(afterFailures(5, 0.9), 0, 30)).toEqual({
    ...afterFailures(5, 0.9),
    failures: 0,
    notBefore: 0,
  });
});

test('silence is known as such the first time, counted once for all that waited, and tried again at once', () => {
  const silent = linkAfterSilence(freshLink, 0, 900, 16_000, 0.9);
  expect(silent).toEqual({ ...freshLink, failures: 2, failedAt: 16_000, notBefore: 16_000 });
  expect(linkAfterSilence(silent, 0, 950, 16_050, 0.9)).toBe(silent);
  expect(linkAfterFailure(silent, 950, 16_060, 0.9)).toBe(silent);
  expect(linkAfterSilence(afterFailures(3, 0.9), 0, 90_000, 90_001, 0.9)).toEqual(
    linkAfterFailure(afterFailures(3, 0.9), 90_000, 90_001, 0.9),
  );
});

test('a body that got no answer leaves the rate unknown and the next one small, until one is measured', () => {
  const known: Link = { ...freshLink, rate: 4 * MIB };
  const silent = linkAfterSilence(known, 8 * MIB, 900, 16_000, 0.9);
  expect(silent).toMatchObject({ rate: null, firstBytes: CAREFUL_SEGMENT_BYTES, failures: 2 });
  expect([nextSegment(silent, 8 * MIB), stallMs(silent, 64 * KIB)]).toEqual([64 * KIB, STALL_MS]);
  expect(linkAfterSilence(known, 64 * KIB - 1, 900, 16_000, 0.9)).toMatchObject({ rate: 4 * MIB });
  expect(linkAfterAnswer(silent, 0, 10)).toMatchObject({ rate: null, firstBytes: CAREFUL_SEGMENT_BYTES });
  const measured = linkAfterAnswer(silent, 64 * KIB, 1000);
  expect(measured).toEqual({ ...freshLink, rate: 64 * KIB, failedAt: 16_000 });
});

test('the rate is smoothed over answers, and answers with small bodies say nothing of it', () => {
  const first = linkAfterAnswer(freshLink, MIB, 1000);
  expect(first.rate).toBe(MIB);
  expect(linkAfterAnswer(first, 2 * MIB, 1000).rate).toBeCloseTo(1.4 * MIB);
  expect(linkAfterAnswer(first, CAREFUL_SEGMENT_BYTES - 1, 1).rate).toBe(MIB);
  expect(linkAfterAnswer(freshLink, MIB, 0).rate).toBe(MIB * 1000);
});

test('a kick ends a backoff at once and never lengthens one', () => {
  const waiting = afterFailures(8, 0.9);
  expect(linkAfterKick(waiting, 90_000)).toEqual({ ...waiting, notBefore: 90_000 });
  expect(linkAfterKick(waiting, 900_000)).toBe(waiting);
});

test('an answer that says when is no failure, and the longest wait that was told counts', () => {
  const told = linkAfterLater(freshLink, 1000, 60_000);
  expect(told).toEqual({ ...freshLink, toldUntil: 61_000 });
  expect(linkAfterLater(told, 2000, 3000)).toEqual(told);
  expect(linkAfterLater(told, 2000, 60_000)).toEqual({ ...freshLink, toldUntil: 62_000 });
});

test('an answer, a failure or a kick that comes later does not cut short what was told', () => {
  const told = linkAfterLater(freshLink, 1000, 60_000);
  expect(linkAfterAnswer(told, 0, 30)).toEqual(told);
  expect(linkAfterFailure(told, 2000, 2500, 0.5)).toEqual({ ...told, ...afterOneFailureAt(2500) });
  expect(linkAfterKick({ ...told, notBefore: 9000 }, 2000)).toEqual({ ...told, notBefore: 2000 });
  expect(linkAfterTooLarge(told, 8 * MIB).toldUntil).toBe(61_000);
});

test('nothing is sent before both the backoff and what was told are over', () => {
  expect(sendNotBefore({ ...freshLink, notBefore: 7, toldUntil: 5 })).toBe(7);
  expect(sendNotBefore({ ...freshLink, notBefore: 5, toldUntil: 7 })).toBe(7);
});

test('a body that is refused as too large halves segments, down to 256 KiB, and they do not grow again', () => {
  let link: Link = { ...freshLink, rate: 100 * MIB };
  link = linkAfterTooLarge(link, 8 * MIB);
  expect(segmentBytes(link)).toBe(4 * MIB);
  link = linkAfterTooLarge(link, 4 * MIB);
  expect(segmentBytes(link)).toBe(2 * MIB);
  // One that had left before, and was as large as they were then.
  expect(linkAfterTooLarge(link, 8 * MIB)).toEqual(link);
  expect(linkAfterAnswer(link, 2 * MIB, 1).ceilingBytes).toBe(2 * MIB);
  for (let n = 0; n < 9; n++) link = linkAfterTooLarge(link, segmentBytes(link));
  expect(segmentBytes(link)).toBe(MIN_SEGMENT_BYTES);
});

test('before anything is known a segment is 256 KiB; then it aims at two seconds', () => {
  expect(segmentBytes(freshLink)).toBe(FIRST_SEGMENT_BYTES);
  const at = (rate: number) => segmentBytes({ ...freshLink, rate });
  expect([at(1), at(64 * KIB), at(MIB), at(MIB + 1), at(4 * MIB)]).toEqual([
    256 * KIB,
    256 * KIB,
    2 * MIB,
    2 * MIB,
    8 * MIB,
  ]);
});

test('a small rest of a part goes along', () => {
  const link = { ...freshLink, rate: MIB };
  expect(nextSegment(link, 3 * MIB)).toBe(3 * MIB);
  expect(nextSegment(link, 3 * MIB + 1)).toBe(2 * MIB);
  expect(nextSegment(link, 5)).toBe(5);
  expect(nextSegment(link, 0)).toBe(0);
});

test('a rest does not go along while nothing is known of the network', () => {
  expect(nextSegment(freshLink, FIRST_SEGMENT_BYTES + 1)).toBe(FIRST_SEGMENT_BYTES);
  expect(nextSegment(freshLink, FIRST_SEGMENT_BYTES)).toBe(FIRST_SEGMENT_BYTES);
});

test('a rest does not go along where a proxy refused bodies of that size', () => {
  const link = { ...freshLink, rate: MIB, ceilingBytes: 2 * MIB };
  expect(nextSegment(link, 3 * MIB)).toBe(2 * MIB);
  expect(nextSegment(link, 2 * MIB)).toBe(2 * MIB);
});

const anyLink = fc.record({
  rate: fc.option(fc.double({ min: 0.001, max: 1e12, noNaN: true })),
  firstBytes: fc.constantFrom(FIRST_SEGMENT_BYTES, CAREFUL_SEGMENT_BYTES),
  ceilingBytes: fc.option(fc.integer({ min: MIN_SEGMENT_BYTES, max: 8 * MIB })),
  failures: fc.nat(20),
  failedAt: fc.nat(),
  notBefore: fc.nat(),
  toldUntil: fc.nat(),
});

test('segments cover any part in the end, none is empty or above what a proxy takes', () => {
  fc.assert(
    fc.property(anyLink, fc.integer({ min: 1, max: 16 * MIB }), (link, length) => {
      let left = length;
      for (let n = 0; left > 0 && n < 300; n++) {
        const bytes = nextSegment(link, left);
        expect(bytes).toBeGreaterThan(0);
        expect(bytes).toBeLessThanOrEqual(Math.min(left, link.ceilingBytes ?? left));
        left -= bytes;
      }
      expect(left).toBe(0);
    }),
    { numRuns: 1000 },
  );
});

test('a wait is never negative and never above 30 s', () => {
  fc.assert(
    fc.property(anyLink, fc.nat(), fc.double({ min: 0, max: 0.999999, noNaN: true }), (link, now, chance) => {
      const after = linkAfterFailure(link, link.failedAt + 1, now, chance);
      expect(after.notBefore).toBeGreaterThanOrEqual(now);
      expect(after.notBefore).toBeLessThanOrEqual(now + 30_000);
    }),
  );
});

test('whatever happens to a link, what it was told is never shortened', () => {
  const step = fc.record({
    what: fc.constantFrom('answer', 'failure', 'kick', 'later', 'too-large'),
    ms: fc.nat(100_000),
  });
  fc.assert(
    fc.property(anyLink, fc.array(step, { maxLength: 20 }), (first, steps) => {
      let link = first;
      let now = 0;
      for (const { what, ms } of steps) {
        const before = link;
        now += ms;
        if (what === 'answer') link = linkAfterAnswer(link, ms, ms);
        else if (what === 'failure') link = linkAfterFailure(link, now - 1, now, 0.5);
        else if (what === 'kick') link = linkAfterKick(link, now);
        else if (what === 'later') link = linkAfterLater(link, now, ms);
        else link = linkAfterTooLarge(link, ms);
        expect(link.toldUntil).toBe(
          what === 'later' ? Math.max(before.toldUntil, now + ms) : before.toldUntil,
        );
        expect(sendNotBefore(link)).toBeGreaterThanOrEqual(link.toldUntil);
      }
    }),
  );
});

test('a stall is four times the expected time, and 15 s at least, and while none is expected', () => {
  expect(stallMs({ ...freshLink, rate: MIB }, 2 * MIB)).toBe(STALL_MS);
  expect(stallMs({ ...freshLink, rate: 64 * KIB }, MIB)).toBe(64_000);
  expect(stallMs({ ...freshLink, rate: MIB }, 0)).toBe(STALL_MS);
  expect(stallMs(freshLink, 0)).toBe(STALL_MS);
  expect(stallMs(freshLink, 8 * MIB)).toBe(STALL_MS);
  expect(stallMs({ ...freshLink, rate: MIB }, 0, 500)).toBe(500);
});

test('a link of 16 KiB/s brings a part through, whatever was thought of it and though nothing is kept of a stall', () => {
  fc.assert(
    fc.property(anyLink, fc.integer({ min: 16 * KIB, max: 4 * MIB }), (first, bytesPerSecond) => {
      let link: Link = first;
      let now = first.failedAt;
      let left = 8 * MIB;
      let stalls = 0;
      // Each request has its share of the link for as long as it lasts; nothing is heard before it is whole.
      for (let requests = 0; left > 0 && requests < 200; requests++) {
        const bytes = nextSegment(link, left);
        const ms = (bytes * MAX_IN_FLIGHT * 1000) / bytesPerSecond;
        const patience = stallMs(link, bytes);
        now += Math.min(ms, patience) + 1;
        if (ms > patience) {
          stalls++;
          link = linkAfterSilence(link, bytes, now - 1, now, 0.5);
        } else {
          link = linkAfterAnswer(link, bytes, ms);
          left -= bytes;
        }
      }
      expect(left).toBe(0);
      expect(stalls).toBeLessThanOrEqual(1);
    }),
    { numRuns: 1000 },
  );
});
