import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';
import { enterCode, signIn } from './sign-in.ts';

test('a page that needs a sign-in leads there and back', async ({ journey }) => {
  const { stage, browser } = journey;
  const tab = await browser.open(`${stage.origin}/library?sort=name`);
  await tab.waitForPath('/signin');
  expect(await tab.evaluate(() => new URLSearchParams(location.search).get('returnTo'))).toBe(
    '/library?sort=name',
  );
  await enterCode(tab, stage);
  await tab.waitForPath('/library');
  expect(await tab.evaluate(() => location.search)).toBe('?sort=name');
});

test('an expired sign-in is said once in each tab, holds uploads, and they go on after signing in', async ({
  journey,
}) => {
  const { stage, browser } = journey;
  const file = await journey.file('film.bin', 24 * MIB);
  const tab = await journey.signedInTab();
  const other = await browser.open(`${stage.origin}/library`);
  await other.until(() => document.querySelector('h1'));
  await stage.proxy.set({ bitsPerSecond: 24e6 });
  await tab.bringToFront();
  await tab.pick([file.path]);
  await rowIs(tab, 'sending');
  await stage.server.endSessions();

  for (const one of [tab, other]) {
    await one.waitForPath('/signin');
    await one.until(() => document.querySelectorAll('[data-notice="session-expired"]').length === 1);
    expect(await one.evaluate(() => document.querySelector('[data-upload], [data-file]'))).toBeNull();
  }
  await enterCode(tab, stage);
  await tab.waitForPath('/app');
  await other.waitForPath('/library');
  await rowIs(tab, 'stored');
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});

test('what one account has waiting is not shown to another, and waits for its own', async ({ journey }) => {
  const { stage } = journey;
  const file = await journey.file('film.bin', 24 * MIB);
  const tab = await journey.signedInTab();
  await stage.proxy.set({ bitsPerSecond: 12e6 });
  await tab.pick([file.path]);
  await tab.until(() => document.querySelector('[data-upload][data-safe=yes]'));
  await stage.server.endSessions();
  await tab.waitForPath('/signin');

  await stage.proxy.set({ bitsPerSecond: null });
  await signIn(tab, stage, 'grace@example.org');
  await tab.until(() => document.querySelector('[data-pick]'));
  expect(await tab.evaluate(() => document.querySelector('[data-upload]'))).toBeNull();
  expect(await journey.library(tab)).toEqual([]);

  await tab.click('[data-sign-out]');
  await tab.waitForPath('/signin');
  await enterCode(tab, stage);
  await tab.waitForPath('/app');
  await rowIs(tab, 'stored');
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});
