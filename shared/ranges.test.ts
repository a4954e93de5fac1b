import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addToRanges, countRanges, inRanges, type Ranges, toRanges, uniteRanges } from './ranges.ts';

const numbers = fc.array(fc.nat(60), { maxLength: 50 });

function expand(ranges: Ranges): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, n) => from + n));
}

/** Sorted, disjoint, with a gap between any two. */
function isNormal(ranges: Ranges): boolean {
  return ranges.every(([from, to], n) => {
    const before = ranges[n - 1];
    return from <= to && (before === undefined || before[1] + 1 < from);
  });
}

test('neighbours join, in whatever order they come', () => {
  expect(toRanges([7, 0, 2, 1, 4, 3])).toEqual([
    [0, 4],
    [7, 7],
  ]);
  expect(
    addToRanges(
      [
        [0, 1],
        [3, 4],
      ],
      2,
    ),
  ).toEqual([[0, 4]]);
  expect(addToRanges([[0, 4]], 2)).toEqual([[0, 4]]);
  expect(addToRanges([], 5)).toEqual([[5, 5]]);
});

test('one range swallows those inside it', () => {
  expect(
    uniteRanges(
      [[0, 9]],
      [
        [2, 3],
        [5, 12],
      ],
    ),
  ).toEqual([[0, 12]]);
});

test('nothing that goes in is changed', () => {
  const a = Object.freeze([Object.freeze([0, 1] as const), Object.freeze([5, 6] as const)]);
  expect(uniteRanges(a, [[2, 4]])).toEqual([[0, 6]]);
  expect(a).toEqual([
    [0, 1],
    [5, 6],
  ]);
});

test('ranges are sets of numbers', () => {
  fc.assert(
    fc.property(numbers, numbers, fc.nat(60), (a, b, n) => {
      const sorted = (all: Iterable<number>) => [...new Set(all)].sort((x, y) => x - y);
      const ranges = toRanges(a);
      const united = uniteRanges(ranges, toRanges(b));
      expect([ranges, united].every(isNormal)).toBe(true);
      expect(expand(ranges)).toEqual(sorted(a));
      expect(expand(united)).toEqual(sorted([...a, ...b]));
      expect(expand(addToRanges(ranges, n))).toEqual(sorted([...a, n]));
      expect(countRanges(ranges)).toBe(new Set(a).size);
      expect(inRanges(ranges, n)).toBe(a.includes(n));
    }),
    { numRuns: 2000 },
  );
});
