import { expect } from '@playwright/test';
import ar from '../locales/ar.json' with { type: 'json' };
import { MIB, rowIs, test } from './journey.ts';
import { postShare } from './share-form.ts';
import { enterCode } from './sign-in.ts';
import type { Tab } from './tab.ts';

/** What another app on the device does. */
function share(tab: Tab, files: Record<string, number>): Promise<void> {
  return tab.evaluate(postShare, files);
}

function inboxHolds(tab: Tab, count: number): Promise<void> {
  return tab.until((n) => document.querySelector(`[data-inbox="${n}"]`), count);
}

test('files from another app wait for a yes, and are safe at once when it comes', async ({ journey }) => {
  const tab = await journey.signedInTab();
  await journey.stage.proxy.set({ bitsPerSecond: 16e6 });
  await share(tab, { 'photo.jpg': 20 * MIB, 'note.txt': 0 });
  await inboxHolds(tab, 2);
  expect(await tab.evaluate(() => location.href)).toBe(`${journey.stage.origin}/app`);
  expect(await journey.library(tab)).toEqual([]);

  await tab.click('[data-do=inbox-accept]');
  await tab.until(() => document.querySelectorAll('[data-upload][data-safe=yes]').length === 2);
  await tab.until(() => !document.querySelector('[data-inbox]'));
  await journey.stage.proxy.set({ bitsPerSecond: null });
  await tab.until(() => document.querySelectorAll('[data-upload][data-state=stored]').length === 2);
  const stored = (await journey.library(tab)).map(({ name, size }) => [name, size]).toSorted();
  expect(stored).toEqual([
    ['note.txt', 0],
    ['photo.jpg', 20 * MIB],
  ]);
});

test('files shared by someone signed out, without a network, arrive once somebody is back and agrees', async ({
  journey,
}) => {
  const { stage, browser } = journey;
  const tab = await browser.open(`${stage.origin}/signin`);
  await tab.until(() => navigator.serviceWorker.controller);
  await stage.proxy.set({ refuse: true });
  stage.proxy.resetAll();
  await share(tab, { 'photo.jpg': MIB });
  await tab.until(() => document.querySelector('[data-notice=inbox]'));

  await stage.proxy.set({ refuse: false });
  await tab.waitForPath('/signin');
  await enterCode(tab, stage);
  await inboxHolds(tab, 1);
  await tab.click('[data-do=inbox-accept]');
  await rowIs(tab, 'stored');
  expect((await journey.library(tab)).map(({ name, size }) => [name, size])).toEqual([['photo.jpg', MIB]]);
});

test('what is discarded is gone, also for the next tab, and was never sent', async ({ journey }) => {
  const tab = await journey.signedInTab();
  await share(tab, { 'photo.jpg': MIB });
  await inboxHolds(tab, 1);
  journey.stage.proxy.forget();
  await tab.click('[data-do=inbox-discard]');
  await tab.until(() => !document.querySelector('[data-inbox]'));
  const next = await journey.browser.open(`${journey.stage.origin}/app`);
  await next.until(() => document.querySelector('[data-pick]'));
  expect(await next.evaluate(() => document.querySelector('[data-inbox], [data-upload]'))).toBeNull();
  expect(journey.stage.proxy.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
});

test('a share without a worker to keep it is said to be lost', async ({ journey }) => {
  const { stage } = journey;
  const answer = await fetch(`${stage.origin}/share-target`, {
    method: 'POST',
    redirect: 'manual',
    body: 'x',
  });
  expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/app?share=lost']);
  const tab = await journey.browser.open(`${stage.origin}/app?share=lost`);
  await tab.until(() => document.querySelector('[data-notice=share-refused]'));
});

test('every page opens without a network, in the language that was chosen', async ({ journey }) => {
  const { stage, browser } = journey;
  const tab = await journey.signedInTab();
  await tab.evaluate(() => localStorage.setItem('holdfast.language', 'ar'));
  await tab.evaluate(async () => void (await navigator.serviceWorker.ready));
  await stage.proxy.set({ refuse: true });
  stage.proxy.resetAll();
  const shows = async (path: string, isThere: (text: string) => unknown, text = '') => {
    const opened = await browser.open(`${stage.origin}${path}`);
    await opened.until(() => document.documentElement.lang === 'ar' && document.dir === 'rtl');
    await opened.until(isThere, text);
    await opened.close();
  };
  const isTitle = (title: string) => document.querySelector('main h1')?.textContent === title;
  await shows('/app', () => document.querySelector('[data-pick]'));
  await shows('/library', isTitle, ar.library.offlineTitle);
  await shows('/settings', () => document.querySelector('[data-settings]'));
  await shows('/diagnostics', () => document.querySelector('[data-do=download-log]'));
  await shows('/nothing-here', isTitle, ar.page.notFoundTitle);
  await shows('/signin', () => document.querySelector('[data-pick]')); // somebody is signed in
});
