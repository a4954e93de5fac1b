import { expect, test } from 'vitest';
import {
  type Batch,
  batchAfterRefusal,
  batchAfterSilence,
  batchAfterSuccess,
  batchAfterTooLarge,
  wholeBatch,
} from './batch.ts';

const KIB = 1024;

/** Requests until each of `count` files is registered or has failed, where these are bad; and how many have failed. */
function register(count: number, isBad: (file: number) => boolean): { requests: number; failed: number } {
  const files = Array.from({ length: count }, (_, n) => n);
  let batch: Batch = wholeBatch;
  let failed = 0;
  let requests = 0;
  for (; files.length > 0; requests++) {
    const sent = files.slice(0, batch.files);
    const isRefused = sent.some(isBad);
    batch = isRefused ? batchAfterRefusal(sent.length) : batchAfterSuccess(batch, sent.length);
    if (isRefused && sent.length > 1) continue;
    files.splice(0, sent.length);
    if (isRefused) failed++;
  }
  return { requests, failed };
}

test('1,000 files that are well take one request', () => {
  expect(register(1000, () => false)).toEqual({ requests: 1, failed: 0 });
});

test('1,000 files that all do not fit take one request each, and ten to find out', () => {
  expect(register(1000, () => true)).toEqual({ requests: 1010, failed: 1000 });
});

test.each([1, 300, 511, 999])(
  '1,000 files of which the first %i fit cost one request for each other',
  (fit) => {
    const { requests, failed } = register(1000, (file) => file >= fit);
    expect(failed).toBe(1000 - fit);
    expect(requests).toBeLessThanOrEqual(failed + 22);
  },
);

test('one bad file among 1,000 is found and left in twice log2 of them, wherever it is', () => {
  for (let bad = 0; bad < 1000; bad++) {
    const { requests, failed } = register(1000, (file) => file === bad);
    expect(failed).toBe(1);
    expect(requests).toBeLessThanOrEqual(22);
  }
});

test('every second file bad, which is the worst, takes less than two requests for a file', () => {
  expect(register(1000, (file) => file % 2 === 1)).toEqual({ requests: 1508, failed: 500 });
});

test('a body that is too large for a proxy is halved, down to one file', () => {
  const sizes = [1000];
  for (let batch = wholeBatch; batch.files > 1; sizes.push(batch.files))
    batch = batchAfterTooLarge(batch, batch.files);
  expect(sizes).toEqual([1000, 500, 250, 125, 63, 32, 16, 8, 4, 2, 1]);
});

test('a large body without an answer is halved, and a small one is not to blame', () => {
  expect(batchAfterSilence(wholeBatch, 800, 300 * KIB)).toEqual({ files: 400, suspects: 0 });
  expect(batchAfterSilence(wholeBatch, 80, 64 * KIB - 1)).toEqual(wholeBatch);
});

test('few files that were taken leave the batch for many', () => {
  expect(batchAfterSuccess(wholeBatch, 3)).toEqual(wholeBatch);
  expect(batchAfterSuccess({ files: 500, suspects: 0 }, 3)).toEqual(wholeBatch);
});
