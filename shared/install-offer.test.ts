import { expect, test } from 'vitest';
import { installWay, mayOfferInstall } from './install-offer.ts';

test.each([
  [{ isInstalled: false, canAsk: true, isAppleMobile: false }, 'ask'],
  [{ isInstalled: false, canAsk: false, isAppleMobile: true }, 'home-screen'],
  [{ isInstalled: false, canAsk: false, isAppleMobile: false }, null],
  [{ isInstalled: true, canAsk: true, isAppleMobile: true }, null],
] as const)('with %j the way is %s', (facts, way) => {
  expect(installWay(facts)).toBe(way);
});

test('it is offered after the first file has arrived, and after a no not for months', () => {
  const day = 24 * 3_600_000;
  expect(mayOfferInstall(false, null, 0)).toBe(false);
  expect(mayOfferInstall(true, null, 0)).toBe(true);
  expect([1, 119, 120].map((days) => mayOfferInstall(true, 7, 7 + days * day))).toEqual([false, false, true]);
});
