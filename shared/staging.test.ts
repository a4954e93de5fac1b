import { expect, test } from 'vitest';
import { PART_BYTES } from './parts.ts';
import { isStagingWorthIt, nextToStage, type StagingFacts, stagingBudget } from './staging.ts';
import { type Life, newUpload } from './upload.ts';

const file = {
  account: 'a1',
  session: 's1',
  path: '',
  name: 'film.bin',
  type: '',
  lastModified: 1,
  addedAt: 2,
};
const nothing: ReadonlySet<number> = new Set();

/** Three parts, the last of one byte. */
function facts(id: string, change: Partial<StagingFacts> = {}, life: Life = { at: 'going' }): StagingFacts {
  const upload = { ...newUpload({ ...file, id, size: 2 * PART_BYTES + 1 }), life };
  return { upload, hasFile: true, staged: nothing, busy: nothing, ...change };
}

test('while nothing is sent, staging takes no speed from anybody', () => {
  expect(isStagingWorthIt({ sendingForMs: null, secondsLeft: null, bytesPerSecond: null })).toBe(true);
  expect(isStagingWorthIt({ sendingForMs: null, secondsLeft: 1, bytesPerSecond: null })).toBe(true);
});

test('while something is sent, staging waits until it is known to take long', () => {
  expect(isStagingWorthIt({ sendingForMs: 2499, secondsLeft: 900, bytesPerSecond: null })).toBe(false);
  expect(isStagingWorthIt({ sendingForMs: 2500, secondsLeft: 900, bytesPerSecond: null })).toBe(true);
  expect(isStagingWorthIt({ sendingForMs: 2500, secondsLeft: null, bytesPerSecond: null })).toBe(true);
  expect(isStagingWorthIt({ sendingForMs: 2500, secondsLeft: 5, bytesPerSecond: null })).toBe(false);
  expect(isStagingWorthIt({ sendingForMs: 2500, secondsLeft: 6, bytesPerSecond: null })).toBe(true);
});

test('half of what is free may still be staged', () => {
  expect(stagingBudget(1000, 200)).toBe(400);
  expect(stagingBudget(1000, 301)).toBe(349);
  expect(stagingBudget(1000, 1000)).toBe(0);
  expect(stagingBudget(1000, 1200)).toBe(0);
});

test('parts are staged from the end of the file, the first file first', () => {
  const staged = (...parts: number[]) =>
    nextToStage([facts('a', { staged: new Set(parts) }), facts('b')], 1e9);
  expect(staged()).toEqual({ id: 'a', part: 2 });
  expect(staged(2)).toEqual({ id: 'a', part: 1 });
  expect(staged(1, 2)).toEqual({ id: 'a', part: 0 });
  expect(staged(0, 1, 2)).toEqual({ id: 'b', part: 2 });
});

test('a part that is being sent is staged last', () => {
  expect(nextToStage([facts('a', { busy: new Set([2]) })], 1e9)).toEqual({ id: 'a', part: 1 });
  expect(nextToStage([facts('a', { busy: new Set([2]), staged: new Set([0, 1]) })], 1e9)).toEqual({
    id: 'a',
    part: 2,
  });
});

test('an acknowledged part is not staged', () => {
  const one = facts('a');
  const upload = { ...one.upload, acknowledged: [[1, 2]] as const };
  expect(nextToStage([{ ...one, upload }], 1e9)).toEqual({ id: 'a', part: 0 });
});

test('a part that is over the budget is left out, and another file may still fit', () => {
  const long = facts('a', { staged: new Set([2]) });
  expect(nextToStage([long], PART_BYTES - 1)).toBe(null);
  expect(nextToStage([long], PART_BYTES)).toEqual({ id: 'a', part: 1 });
  expect(nextToStage([long, facts('b')], 10)).toEqual({ id: 'b', part: 2 });
});

test('there is nothing to stage without a file at hand, or of an upload that is over or waits for its file', () => {
  expect(nextToStage([facts('a', { hasFile: false })], 1e9)).toBe(null);
  const lives: Life[] = [
    { at: 'stored' },
    { at: 'removed' },
    { at: 'cancelled', since: 0, told: false },
    { at: 'failed', code: 'FILE_GONE' },
    { at: 'needs-file', why: 'gone' },
    { at: 'needs-permission' },
  ];
  for (const life of lives) expect(nextToStage([facts('a', {}, life)], 1e9)).toBe(null);
});

test('a paused or expired upload is staged as well', () => {
  const lives: Life[] = [{ at: 'paused' }, { at: 'expired' }];
  for (const life of lives) expect(nextToStage([facts('a', {}, life)], 1e9)).toEqual({ id: 'a', part: 2 });
});

test('on a fast link only what takes a minute is copied aside', () => {
  const fast = { sendingForMs: 10_000, bytesPerSecond: 100 * 1024 * 1024 };
  expect(isStagingWorthIt({ ...fast, secondsLeft: 60 })).toBe(false);
  expect(isStagingWorthIt({ ...fast, secondsLeft: 61 })).toBe(true);
});
