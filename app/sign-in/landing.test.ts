import fc from 'fast-check';
import { expect, test } from 'vitest';
import { landingFor, signInUrl } from './landing.ts';

const origin = 'https://app.example.test';

test.each([
  ['who left comes back to their page', '/library?x=1', 'a', 'a', { to: '/library?x=1', note: null }],
  ['a page that nobody is known to have left is for anyone', '/x', null, 'a', { to: '/x', note: null }],
  [
    'another account does not get to the page of the first',
    '/library?x=1',
    'a',
    'b',
    { to: '/app', note: null },
  ],
  [
    'another account with a refused address is noted too',
    '//evil.test',
    'a',
    'b',
    { to: '/app', note: 'Warning: the return URL was refused' },
  ],
  [
    'a missing address is noted',
    null,
    null,
    'a',
    { to: '/app', note: 'Warning: the return URL was missing' },
  ],
  [
    'a refused address is noted, and not repeated',
    '//evil.test',
    'a',
    'a',
    { to: '/app', note: 'Warning: the return URL was refused' },
  ],
])('%s', (_rule, wanted, leftBy, account, landing) => {
  expect(landingFor(wanted, leftBy, account, origin)).toEqual(landing);
});

test('whatever is wanted, it lands on our own origin, and a note never holds the address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webPath(), fc.webUrl()), (wanted) => {
      const { to, note } = landingFor(wanted, null, 'a', origin);
      expect(new URL(to, origin).origin).toBe(origin);
      expect([null, 'Warning: the return URL was refused']).toContain(note);
    }),
  );
});

test('the address of sign-in carries any return URL whole', () => {
  const returnTo = '/library?q=a&b=c#?%20ü';
  expect(new URL(signInUrl(returnTo), origin).searchParams.get('returnTo')).toBe(returnTo);
  expect(signInUrl(null)).toBe('/signin');
});
