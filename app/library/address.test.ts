import { expect, test } from 'vitest';
import { addressOf, askOf } from './address.ts';

test('an address says what is looked for, and leaves out what is usual', () => {
  expect(addressOf({ q: '', order: 'newest' })).toBe('/library');
  expect(addressOf({ q: 'a b&c', order: 'name-down' })).toBe('/library?q=a+b%26c&order=name-down');
});

test('an address is read as it was written, and nonsense is the usual', () => {
  const { searchParams } = new URL(addressOf({ q: 'ä/ö?', order: 'largest' }), 'https://app.test');
  expect(askOf(Object.fromEntries(searchParams))).toEqual({ q: 'ä/ö?', order: 'largest' });
  expect(askOf({ order: 'toString', tab: '1' })).toEqual({ q: '', order: 'newest' });
});
