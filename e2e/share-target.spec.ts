import { expect } from '@playwright/test';
import ar from '../locales/ar.json' with { type: 'json' };
import en from '../locales/en.json' with { type: 'json' };
import { MIB, rowIs, test } from './journey.ts';
import { poll } from './poll.ts';
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

/** Before the page's own scripts: no driver opens a file with an app that is installed, so the tests do it themselves. */
function catchConsumer(): void {
  const setConsumer = (consume: unknown) => Reflect.set(globalThis, 'consume', consume);
  Reflect.defineProperty(globalThis, 'launchQueue', { value: { setConsumer } });
}

/** In the page: a file that the app can be handed. */
async function storeFile(name: string, bytes: number): Promise<void> {
  const folder = await navigator.storage.getDirectory();
  const file = await (await folder.getFileHandle(name, { create: true })).createWritable();
  await file.write(new Uint8Array(bytes).fill(7));
  await file.close();
}

/** In the page: a person opens that file with the app. */
async function openWithApp(name: string): Promise<void> {
  const folder = await navigator.storage.getDirectory();
  const consume: (launch: { files: FileSystemHandle[] }) => void = Reflect.get(globalThis, 'consume');
  consume({ files: [await folder.getFileHandle(name)] });
}

/** The same with one of 16 GB, more than a browser allows; it is one blob a thousand times over. */
function openVastFile(): void {
  const blob = new Blob([new Uint8Array(16e6)]);
  const getFile = async () => new File(Array(1000).fill(blob), 'film.bin');
  const consume: (launch: { files: unknown[] }) => void = Reflect.get(globalThis, 'consume');
  consume({ files: [{ kind: 'file', getFile }] });
}

async function discardAll(tab: Tab, count: number): Promise<void> {
  await tab.click('[data-do=inbox-discard]');
  await tab.until((n) => document.querySelector(`[data-undo="${n}"]`), count);
  await tab.until(() => !document.querySelector('[data-inbox]'));
}

/** How many files the worker has, whatever the page shows. */
function waitingFiles(tab: Tab): Promise<number> {
  return tab.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    active?.postMessage({ type: 'inbox.list' }, [port2]);
    return new Promise<number>((resolve) => {
      port1.onmessage = ({ data }) => resolve(data.value.length);
    });
  });
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

test('what is discarded can be taken back, and is gone with the page at the latest, never sent', async ({
  journey,
}) => {
  const tab = await journey.signedInTab();
  await share(tab, { 'photo.jpg': MIB, 'note.txt': 0 });
  await inboxHolds(tab, 2);
  journey.stage.proxy.forget();
  await discardAll(tab, 2);
  await tab.press('z', { ctrl: true });
  await inboxHolds(tab, 2);
  await discardAll(tab, 2);
  await tab.click('[data-do=undo-discard]');
  await inboxHolds(tab, 2);
  await tab.until(() => document.activeElement?.matches('[data-do=inbox-discard]'));

  await discardAll(tab, 2);
  expect(await waitingFiles(tab)).toBe(2);
  await tab.click('.tabs a[href="/library"]');
  await poll('nothing to wait', 10_000, async () => (await waitingFiles(tab)) === 0 || undefined);

  await share(tab, { 'photo.jpg': MIB });
  await inboxHolds(tab, 1);
  await discardAll(tab, 1);
  await tab.reload();
  await tab.until(() => document.querySelector('[data-pick]'));
  await poll('nothing to wait', 10_000, async () => (await waitingFiles(tab)) === 0 || undefined);
  await tab.until(() => !document.querySelector('[data-inbox], [data-undo], [data-upload]'));
  expect(journey.stage.proxy.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
});

test('a crash throws nothing away that could still be taken back', async ({ journey }) => {
  const tab = await journey.signedInTab();
  await share(tab, { 'photo.jpg': MIB });
  await inboxHolds(tab, 1);
  await discardAll(tab, 1);
  await journey.restartBrowser();
  const next = await journey.browser.open(`${journey.stage.origin}/app`);
  await next.until(() => document.querySelector('[data-inbox], [data-notice=inbox]')); // the cookie may be lost
});

test('files opened with the app by someone signed out outlive the page, and wait for one yes', async ({
  journey,
}) => {
  const { stage, browser } = journey;
  const tab = await browser.open('about:blank');
  await tab.beforeScripts(catchConsumer);
  await tab.go(`${stage.origin}/app`);
  await tab.waitForPath('/signin');
  await tab.waitForWorker();
  await tab.evaluate(storeFile, 'photo.jpg', 20 * MIB);
  await tab.evaluate(openWithApp, 'photo.jpg');
  await tab.until(() => document.querySelector('[data-notice=inbox]'));
  await tab.reload();
  await tab.evaluate(openWithApp, 'photo.jpg'); // as Chromium does then
  await tab.close();

  const next = await browser.open(`${stage.origin}/signin`);
  await enterCode(next, stage);
  await inboxHolds(next, 1);
  expect(await journey.library(next)).toEqual([]);
  await next.click('[data-do=inbox-accept]');
  await rowIs(next, 'stored');
  expect((await journey.library(next)).map(({ name, size }) => [name, size])).toEqual([
    ['photo.jpg', 20 * MIB],
  ]);
});

test('files opened with the app by someone signed out are refused where there is no room for them', async ({
  journey,
}) => {
  const { stage, browser } = journey;
  const tab = await browser.open('about:blank');
  await tab.beforeScripts(catchConsumer);
  await tab.go(`${stage.origin}/signin`);
  await tab.waitForWorker();
  await tab.until(() => document.querySelector('[data-sign-in]'));
  await tab.evaluate(openVastFile);
  await tab.until(
    (words) => document.querySelector('[data-notice=share-refused]')?.textContent?.includes(words),
    en.inbox.full,
  );
  expect(await tab.evaluate(() => document.querySelector('[data-notice=inbox]'))).toBeNull();
});

test('files opened with the app by someone signed in are sent at once', async ({ journey }) => {
  const tab = await journey.signedInTab();
  await tab.beforeScripts(catchConsumer);
  await tab.reload();
  await tab.evaluate(storeFile, 'photo.jpg', MIB);
  await tab.evaluate(openWithApp, 'photo.jpg');
  await rowIs(tab, 'stored');
  expect((await journey.library(tab)).map(({ name, size }) => [name, size])).toEqual([['photo.jpg', MIB]]);
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
