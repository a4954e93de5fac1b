import { beforeEach, expect, test } from 'vitest';
import { select, selected, toggle } from './selection.ts';

const order = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));
const now = () => [...selected.value].sort().join('');

beforeEach(() => select([]));

test('a click selects, another one no longer', () => {
  toggle('b', false, order);
  toggle('d', false, order);
  expect(now()).toBe('bd');
  toggle('b', false, order);
  expect(now()).toBe('d');
});

test('shift and a click select what lies between, upwards too', () => {
  toggle('b', false, order);
  toggle('d', true, order);
  expect(now()).toBe('bcd');
  toggle('a', true, order);
  expect(now()).toBe('abcd');
});

test('a range without a beginning is one file', () => {
  toggle('c', true, order);
  expect(now()).toBe('c');
  select(['x']);
  toggle('e', true, order);
  expect(now()).toBe('ex');
});
