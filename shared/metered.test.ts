import { expect, test } from 'vitest';
import { isHeldBack, isMetered } from './metered.ts';

test.each([
  [{ type: 'cellular' }, true],
  [{ type: 'wifi', saveData: true }, true],
  [{ saveData: true }, true],
  [{ type: 'bluetooth' }, true],
  [{ type: 'wifi', saveData: false }, false],
  [{ type: 'ethernet' }, false],
  [{ type: 'unknown' }, null],
  [{ type: 'none' }, null],
  [{ saveData: false }, null],
  [{}, null],
  [null, null],
  [undefined, null],
] as const)('%j is metered: %s', (connection, metered) => {
  expect(isMetered(connection)).toBe(metered);
});

test('uploads are held back on a metered connection, if a person wants that, and on no other', () => {
  const held = [true, false, null].map((metered) => [isHeldBack(true, metered), isHeldBack(false, metered)]);
  expect(held).toEqual([
    [true, false],
    [false, false],
    [false, false],
  ]);
});
