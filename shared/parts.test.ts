import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOfParts, MAX_PARTS, PART_BYTES, partBytesFor, partCount, partSpan } from './parts.ts';
import { toRanges } from './ranges.ts';

const MIB = 1024 * 1024;
const anySize = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(100 * MIB),
  fc.nat(40).map((n) => n * PART_BYTES),
  fc.constantFrom(0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, MAX_PARTS * PART_BYTES, 2 ** 53 - 1),
);

test('parts are 8 MiB until there would be more than 10,000', () => {
  expect(partBytesFor(0)).toBe(8 * MIB);
  expect(partBytesFor(MAX_PARTS * PART_BYTES)).toBe(8 * MIB);
  expect(partBytesFor(MAX_PARTS * PART_BYTES + 1)).toBe(9 * MIB);
});

test('no file has more than 10,000 parts, nor parts larger than that takes', () => {
  fc.assert(
    fc.property(anySize, (size) => {
      const partBytes = partBytesFor(size);
      expect(partBytes % MIB).toBe(0);
      expect(partCount(size, partBytes)).toBeLessThanOrEqual(MAX_PARTS);
      if (partBytes > PART_BYTES) expect(size / (partBytes - MIB)).toBeGreaterThan(MAX_PARTS);
    }),
    { numRuns: 2000 },
  );
});

test('parts tile their file: each begins where the last one ends, and the last ends with it', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.integer({ min: 1, max: 700 }), (size, partBytes) => {
      const count = partCount(size, partBytes);
      let end = 0;
      for (let n = 0; n < count; n++) {
        const { start, length } = partSpan(size, partBytes, n);
        expect(start).toBe(end);
        if (n < count - 1) expect(length).toBe(partBytes);
        end += length;
      }
      expect(end).toBe(size);
      expect(partSpan(size, partBytes, count).length).toBe(0);
    }),
    { numRuns: 1000 },
  );
});

test('the last part of the largest file ends with it', () => {
  fc.assert(
    fc.property(anySize, (size) => {
      const partBytes = partBytesFor(size);
      const { start, length } = partSpan(size, partBytes, partCount(size, partBytes) - 1);
      expect(start + length).toBe(size);
      if (size > 0) expect(length).toBeGreaterThan(0);
    }),
  );
});

test('an empty file is one empty part', () => {
  expect(partCount(0, PART_BYTES)).toBe(1);
  expect(partSpan(0, PART_BYTES, 0)).toEqual({ start: 0, length: 0 });
  expect(bytesOfParts(0, PART_BYTES, [[0, 0]])).toBe(0);
});

test('bytes of parts are the sum of their lengths', () => {
  fc.assert(
    fc.property(
      fc.nat(5000),
      fc.integer({ min: 50, max: 700 }),
      fc.uniqueArray(fc.nat(99)),
      (size, partBytes, drawn) => {
        const numbers = drawn.filter((n) => n < partCount(size, partBytes));
        const sum = numbers.reduce((bytes, n) => bytes + partSpan(size, partBytes, n).length, 0);
        expect(bytesOfParts(size, partBytes, toRanges(numbers))).toBe(sum);
      },
    ),
  );
});
