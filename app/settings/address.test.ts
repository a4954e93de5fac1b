import { expect, test } from 'vitest';
import { isSameAddress } from './address.ts';

test.each([
  ['ada@example.org', true],
  [' Ada@Example.ORG ', true],
  ['ada@example.or', false],
  ['', false],
  ['grace@example.org', false],
])('%j confirms ada@example.org: %s', (typed, is) => {
  expect(isSameAddress(typed, 'ada@example.org')).toBe(is);
});

test('nothing confirms an address that is not known', () => {
  expect(isSameAddress('', '')).toBe(false);
});
