import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MOST_ROWS, nextWindow, type Rows, windowOf } from './window.ts';

const view = { height: 800, rowHeight: 80 };

test('rows in sight and a few beyond are made', () => {
  expect(windowOf({ ...view, top: 0, rows: 10_000 })).toEqual({ from: 0, to: 18 });
  expect(windowOf({ ...view, top: -80_000, rows: 10_000 })).toEqual({ from: 994, to: 1018 });
});

test('a group out of sight has no rows made', () => {
  expect(windowOf({ ...view, top: 5000, rows: 100 })).toEqual({ from: 0, to: 0 });
  expect(windowOf({ ...view, top: -50_000, rows: 100 })).toEqual({ from: 100, to: 100 });
});

test('no more rows are made than there are, and never more than are worth it', () => {
  expect(windowOf({ ...view, top: 0, rows: 3 })).toEqual({ from: 0, to: 3 });
  const huge = windowOf({ height: 100_000, rowHeight: 80, top: 0, rows: 10_000 });
  expect(huge.to - huge.from).toBe(MOST_ROWS);
});

test('scrolling by less than a few rows changes nothing', () => {
  const at = (top: number) => windowOf({ ...view, top, rows: 10_000 });
  expect(at(-80_010)).toEqual(at(-80_150));
});

test('after a jump the rows that are seen are made first, and the others with the next frames', () => {
  const seen = { ...view, top: -80_000, rows: 10_000 };
  const first = nextWindow({ from: 0, to: 18 }, seen);
  expect(first).toEqual({ from: 1000, to: 1010 });
  const second = nextWindow(first, seen);
  expect(second).toEqual({ from: 1000, to: 1018 });
  expect(nextWindow(second, seen)).toEqual({ from: 994, to: 1018 });
});

test('wherever a person scrolls, what is seen is there at once, few rows are made in one go, and all in the end', () => {
  const place = fc.record({
    top: fc.integer({ min: -60_000, max: 2000 }),
    height: fc.integer({ min: 200, max: 3000 }),
    rows: fc.integer({ min: 0, max: 700 }),
  });
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 20 }), (places) => {
      let there: Rows = { from: 0, to: 0 };
      for (const { top, height, rows } of places) {
        const seen = { top, height, rowHeight: 80, rows };
        const end = windowOf(seen);
        for (let frame = 0; frame < 8; frame++) {
          const next = nextWindow(there, seen);
          const isSeen = (row: number) => top + row * 80 < height && top + (row + 1) * 80 > 0;
          const ofEnd = rowsOf(end);
          expect(rowsOf(next)).toEqual(expect.arrayContaining(ofEnd.filter(isSeen)));
          expect(ofEnd).toEqual(expect.arrayContaining(rowsOf(next)));
          const unseen = rowsOf(next).filter((row) => !isSeen(row) && !rowsOf(there).includes(row));
          expect(unseen.length).toBeLessThanOrEqual(8);
          there = next;
        }
        expect(rowsOf(there)).toEqual(rowsOf(end));
      }
    }),
  );
});

function rowsOf({ from, to }: Rows): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}
