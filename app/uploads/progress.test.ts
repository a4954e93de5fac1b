import { expect, test } from 'vitest';
import type { Totals } from '../../shared/upload-view.ts';
import { announcement, type Overall, overallOf, percentOf, percentOfRow, titleFacts } from './progress.ts';
import { tallyOf, viewOf } from './testing.ts';

const none: Totals = {
  files: 0,
  stored: 0,
  unfinished: 0,
  going: 0,
  needsYou: 0,
  bytes: 0,
  shownBytes: 0,
  bytesPerSecond: null,
  secondsLeft: null,
  safe: 'yes',
};

test('percents are rounded down, and 100 is kept for what is done', () => {
  expect([percentOf(1, 3, false), percentOf(999, 1000, false), percentOf(1000, 1000, false)]).toEqual([
    33, 99, 99,
  ]);
  expect([percentOf(0, 0, false), percentOf(0, 0, true)]).toEqual([0, 100]);
});

test('a row whose bytes are all received is not at 100 before it is stored', () => {
  expect(percentOfRow(viewOf({ shownBytes: 100, state: { at: 'verifying' } }))).toBe(99);
  expect(percentOfRow(viewOf({ shownBytes: 100, state: { at: 'stored' } }))).toBe(100);
});

test('the whole does not fall back when one of its files is done', () => {
  const going = viewOf({ shownBytes: 10, state: { at: 'sending' } });
  const almost = overallOf(tallyOf([going, viewOf({ shownBytes: 99 })]), { ...none, unfinished: 2 });
  const done = overallOf(tallyOf([going, viewOf({ shownBytes: 100, state: { at: 'stored' } })]), {
    ...none,
    stored: 1,
    unfinished: 1,
  });
  expect([almost.percent, done.percent]).toEqual([54, 55]);
});

test('cancelled files are no part of the whole, and a failed one keeps it below 100', () => {
  const stored = viewOf({ shownBytes: 100, state: { at: 'stored' } });
  const cancelled = viewOf({ state: { at: 'cancelled', undoUntil: 0 } });
  const failed = viewOf({ state: { at: 'failed', code: 'TOO_LARGE' } });
  expect(overallOf(tallyOf([stored, cancelled]), { ...none, stored: 1 }).percent).toBe(100);
  expect(overallOf(tallyOf([stored, failed]), { ...none, stored: 1, needsYou: 1 }).percent).toBe(50);
});

test('the title has a percentage only while something is under way', () => {
  expect(titleFacts(at(40))).toEqual({ percent: 40, needsYou: 0 });
  expect(titleFacts({ ...at(100), unfinished: 0 })).toEqual({ percent: null, needsYou: 0 });
});

test('each quarter of the way is said once', () => {
  const said = [0, 24, 25, 26, 49, 80, 99].map((percent, i, all) =>
    announcement(i === 0 ? { ...at(0), unfinished: 0 } : at(all[i - 1] ?? 0), at(percent)),
  );
  expect(said.map((each) => (each?.say === 'percent' ? each.percent : null))).toEqual([
    0,
    null,
    25,
    null,
    null,
    75,
    null,
  ]);
});

test('the end is said once, and a call for help goes before everything else', () => {
  const end = { ...at(100), unfinished: 0, stored: 3 };
  expect(announcement(at(99), end)).toEqual({ say: 'done', files: 3 });
  expect(announcement(end, end)).toBeNull();
  expect(announcement(at(10), { ...at(50), needsYou: 1 })).toEqual({ say: 'needsYou', files: 1 });
});

function at(percent: number): Overall {
  return { files: 3, stored: 0, unfinished: 3, needsYou: 0, bytes: 100, shownBytes: percent, percent };
}
