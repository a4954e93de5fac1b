import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchesOfOneMinute, Lines } from './lines.ts';

const all = { from: 0, to: 1000 };
const places = (...batches: number[]) => batches.map((batchAt) => ({ batchAt }));

test('batches that began in one minute are told from those that have theirs alone', () => {
  const at = (minute: number, second: number) => (minute * 60 + second) * 1000;
  const of = [at(1, 0), at(1, 0), at(2, 59), at(3, 0), at(3, 59), at(3, 59), at(3, 30)];
  expect(new Lines(places(...of)).batches).toEqual([...new Set(of)]);
  expect([...batchesOfOneMinute(of)].sort((a, b) => a - b)).toEqual([at(3, 0), at(3, 30), at(3, 59)]);
  expect(batchesOfOneMinute([]).size).toBe(0);
});

test('one batch needs no heading', () => {
  const lines = new Lines(places(7, 7));
  expect([lines.count, lines.lineOf(1)]).toEqual([2, 1]);
  expect([...lines.within(all)]).toEqual([
    { at: 0, index: 0 },
    { at: 1, index: 1 },
  ]);
  expect([...new Lines([]).within(all)]).toEqual([]);
});

test('each batch has a line above its rows that counts them', () => {
  const lines = new Lines(places(7, 7, 9));
  expect([lines.count, lines.lineOf(0), lines.lineOf(1), lines.lineOf(2)]).toEqual([5, 1, 2, 4]);
  expect([...lines.within(all)]).toEqual([
    { at: 0, batchAt: 7, count: 2 },
    { at: 1, index: 0 },
    { at: 2, index: 1 },
    { at: 3, batchAt: 9, count: 1 },
    { at: 4, index: 2 },
  ]);
});

test('any stretch of lines is as in the whole, and each row is where it is said to be', () => {
  const batches = fc.array(fc.nat(3), { maxLength: 40 });
  fc.assert(
    fc.property(batches, fc.nat(90), fc.nat(90), (of, from, size) => {
      const lines = new Lines(places(...of));
      const whole = [...lines.within(all)];
      expect(whole.map(({ at }) => at)).toEqual(Array.from({ length: lines.count }, (_, at) => at));
      expect([...lines.within({ from, to: from + size })]).toEqual(whole.slice(from, from + size));
      const rows = whole.filter((line) => 'index' in line);
      expect(rows.map(({ index }) => index)).toEqual(of.map((_, index) => index));
      for (const { at, index } of rows) expect(lines.lineOf(index)).toBe(at);
    }),
  );
});
