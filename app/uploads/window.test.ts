import { expect, test } from 'vitest';
import { MOST_ROWS, windowOf } from './window.ts';

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
