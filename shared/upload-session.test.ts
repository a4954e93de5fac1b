import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isEndNews,
  isRenewedByItself,
  isSessionOver,
  refreshedAfter,
  sessionEndsAt,
} from './upload-session.ts';

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;
const issuedAt = Date.UTC(2026, 7, 4);

test('a session is over once more than its minutes have passed', () => {
  const clock = { issuedAt, ttlMinutes: 30, clockOffsetMs: 0 };
  expect(isSessionOver(clock, issuedAt)).toBe(false);
  expect(isSessionOver(clock, issuedAt + 30 * MINUTE_MS)).toBe(false);
  expect(isSessionOver(clock, issuedAt + 30 * MINUTE_MS + 1)).toBe(true);
});

test('minutes may be fractions', () => {
  const clock = { issuedAt, ttlMinutes: 0.05, clockOffsetMs: 0 };
  expect([isSessionOver(clock, issuedAt + 3000), isSessionOver(clock, issuedAt + 3001)]).toEqual([
    false,
    true,
  ]);
});

test('a device clock that is years off changes nothing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -30 * YEAR_MS, max: 30 * YEAR_MS }),
      fc.integer({ min: 0, max: 3 * 60 * MINUTE_MS }),
      (off, age) => {
        const clock = { issuedAt, ttlMinutes: 60, clockOffsetMs: -off };
        expect(isSessionOver(clock, issuedAt + off + age)).toBe(age > 60 * MINUTE_MS);
      },
    ),
  );
});

test('the end of a session is worth a word in its last quarter of an hour', () => {
  const clock = { issuedAt, ttlMinutes: 30, clockOffsetMs: 0 };
  const end = issuedAt + 30 * MINUTE_MS;
  expect(sessionEndsAt(clock, issuedAt)).toBe(null);
  expect(sessionEndsAt(clock, end - 15 * MINUTE_MS)).toBe(null);
  expect(sessionEndsAt(clock, end - 15 * MINUTE_MS + 1)).toBe(end);
  expect(sessionEndsAt(clock, end + 1)).toBe(end);
});

test('the end of a session is told by the clock of the device', () => {
  const clock = { issuedAt, ttlMinutes: 10, clockOffsetMs: 5 * MINUTE_MS };
  expect(sessionEndsAt(clock, issuedAt)).toBe(issuedAt + 5 * MINUTE_MS);
});

test.each([
  [null, null, false],
  [5, null, true],
  [null, 5, true],
  [5, 5, false],
  [29_999, 0, false],
  [30_000, 0, true],
  [0, 30_000, true],
])('an end at %s after one at %s is news: %s', (endsAt, told, isNews) => {
  expect(isEndNews(endsAt, told)).toBe(isNews);
});

test('a session is over right after the end that was told', () => {
  const minutes = fc.integer({ min: 0, max: 100 });
  fc.assert(
    fc.property(minutes, fc.integer(), fc.nat(20 * MINUTE_MS), (ttlMinutes, clockOffsetMs, age) => {
      const clock = { issuedAt, ttlMinutes, clockOffsetMs };
      const now = issuedAt + age;
      const end = sessionEndsAt(clock, now);
      if (end === null) expect(isSessionOver(clock, now)).toBe(false);
      else expect(isSessionOver(clock, now)).toBe(now > end);
    }),
  );
});

test('a session is renewed by itself once per expiry, and again when its time is up once more', () => {
  const first = { issuedAt, ttlMinutes: 30, clockOffsetMs: 0, refreshed: null };
  expect(isRenewedByItself(first, issuedAt + 5)).toBe(true);
  const renewing = { ...first, refreshed: issuedAt };
  const renewed = { ...renewing, issuedAt: issuedAt + 9, refreshed: refreshedAfter(renewing, issuedAt + 9) };
  expect(isRenewedByItself(renewed, issuedAt + 10)).toBe(false);
  expect(isRenewedByItself(renewed, issuedAt + 31 * MINUTE_MS)).toBe(true);
  // Something has arrived since.
  expect(isRenewedByItself({ ...renewed, issuedAt: issuedAt + 20 }, issuedAt + 21)).toBe(true);
  expect([refreshedAfter(null, 5), refreshedAfter(first, 5)]).toEqual([null, null]);
});
