import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@playwright/test';
import { about, test as base, MIB, rowIs } from './journey.ts';
import { poll } from './poll.ts';
import { holdStore, letStoreGo } from './store-hold.ts';
import { wireOf } from './wire.ts';

/** Three in every run, twenty by `HOLDFAST_UPDATES=20 npm run e2e -- update`. */
const UPDATES = Number(process.env.HOLDFAST_UPDATES ?? 3);
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** A journey on a copy of the built app, of which new versions can be released. */
const test = base.extend<{ app: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads the names of fixtures from the pattern
  app: async ({}, use) => {
    const app = await mkdtemp(join(tmpdir(), 'holdfast-app-'));
    await cp(dist, app, { recursive: true });
    await use(app);
    await rm(app, { recursive: true, force: true });
  },
  env: async ({ app }, use) => use({ APP_DIR: app }),
});

/** Pages that are loaded on demand, and what only they show. */
const lazyPages = [
  ['/library', 'main a[href="/app"]'],
  ['/settings', '[data-settings]'],
  ['/diagnostics', '[data-do=download-log]'],
] as const;

/** A release of the same sources under another name: every file with the build in it, and those around it, are other ones. */
async function release(app: string, build: string): Promise<void> {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', '--logLevel', 'error', '--outDir', app];
  await promisify(execFile)(process.execPath, args, {
    cwd: root,
    env: { ...process.env, HOLDFAST_BUILD: build },
  });
}

test('a page of the last release goes on, loads its lazy parts, and its files go when it does', async ({
  journey,
  app,
}) => {
  const tab = await journey.signedInTab();
  const other = await journey.browser.open(`${journey.stage.origin}/app`);
  await release(app, 'next');
  await tab.evaluate(async () => {
    await (await navigator.serviceWorker.getRegistration())?.update();
  });
  await tab.bringToFront();
  await tab.click('[data-do=update]');
  await tab.until(async () => (await caches.keys()).includes('holdfast-shell-next'));
  await other.until(() => document.querySelector('[data-notice=replaced]'));
  // Neither the server nor the browser's own cache has them any more.
  await other.forgetHttpCache();
  for (const [path, sign] of lazyPages) {
    await other.evaluate((to) => history.pushState(null, '', to), path);
    await other.evaluate(() => dispatchEvent(new PopStateEvent('popstate')));
    await other.until((at) => document.querySelector(at), sign);
  }
  expect(
    (await other.evaluate(() => caches.keys())).filter((name) => name.startsWith('holdfast-shell')),
  ).toHaveLength(2);
  await other.close();
  await tab.until(async () => {
    document.dispatchEvent(new Event('visibilitychange')); // as coming back to the tab does: it says that it is here
    return (await caches.keys()).filter((name) => name.startsWith('holdfast-shell')).length === 1;
  });
});

test("a new version waits until the files that are being added are in the worker's hands", async ({
  journey,
  app,
}) => {
  const [note, file] = await Promise.all([journey.file('note.txt', 100), journey.file('film.bin', 1000)]);
  const tab = await journey.signedInTab();
  await tab.pick([note.path]);
  await rowIs(tab, 'stored');
  await appendFile(join(app, 'sw.js'), '\n// the next release');
  await tab.evaluate(async () => {
    await (await navigator.serviceWorker.getRegistration())?.update();
  });
  await tab.until(() => document.querySelector('[data-do=update]'));
  const before = await about(tab);
  await tab.evaluate(holdStore);
  await tab.pick([file.path]);
  await tab.until(() => document.querySelector('[data-safe-line=taking]'));
  await tab.click('[data-do=update]');
  await tab.until(() => document.querySelector('[data-do=update][aria-disabled=true]'));
  // The worker hears what a page says in its order: a drain would have begun.
  expect(await about(tab)).toEqual(before);

  await tab.evaluate(letStoreGo);
  await poll(
    'the new worker',
    30_000,
    async () => (await about(tab)).instance !== before.instance || undefined,
  );
  await tab.until(() => document.querySelectorAll('[data-upload][data-state=stored]').length === 2);
  expect(await journey.library(tab, 'film')).toEqual([
    { name: 'film.bin', size: file.bytes, sha256: file.sha256 },
  ]);
});

test(`${UPDATES} new versions in mid-upload lose nothing, double nothing, and reload only the tab that agreed`, async ({
  journey,
  app,
}) => {
  test.setTimeout(60_000 + UPDATES * 30_000);
  const { proxy, origin } = journey.stage;
  const file = await journey.file('film.bin', (8 + UPDATES * 24) * MIB);
  const tab = await journey.signedInTab();
  const other = await journey.browser.open(`${origin}/app`);
  await other.evaluate(() => Reflect.set(globalThis, 'isSameDocument', true));
  await proxy.set({ bitsPerSecond: 20e6, latencyMs: 5 });
  proxy.forget();
  await tab.bringToFront();
  await tab.pick([file.path]);
  await rowIs(tab, 'sending');

  for (let release = 1; release <= UPDATES; release++) {
    const before = await about(tab);
    await appendFile(join(app, 'sw.js'), `\n// release ${release}\n`);
    await tab.evaluate(async () => {
      await (await navigator.serviceWorker.getRegistration())?.update();
    });
    // The new worker answers a moment before the page that agreed to it is loaded anew.
    await tab.evaluate(() => Reflect.set(globalThis, 'isOldDocument', true));
    await tab.click('[data-do=update]');
    await tab.untilWithin(
      30_000,
      async (instance) => {
        if (Reflect.has(globalThis, 'isOldDocument')) return false;
        const registration = await navigator.serviceWorker.ready;
        const { port1, port2 } = new MessageChannel();
        registration.active?.postMessage({ type: 'about' }, [port2]);
        const answer = await new Promise<{ instance: string } | null>((resolve) => {
          port1.onmessage = ({ data }) => resolve(data);
          setTimeout(() => resolve(null), 2000); // a worker that is just being replaced answers nobody
        });
        return answer && answer.instance !== instance && document.querySelector('[data-upload]');
      },
      before.instance,
    );
  }
  expect(
    await tab.evaluate(() => document.querySelector('[data-upload]')?.getAttribute('data-state')),
  ).not.toBe('stored');
  await proxy.set({ bitsPerSecond: null });
  await Promise.all([rowIs(tab, 'stored'), rowIs(other, 'stored')]);

  expect(await other.evaluate(() => Reflect.has(globalThis, 'isSameDocument'))).toBe(true);
  const { resentBytes } = wireOf(proxy.requests);
  test
    .info()
    .annotations.push({ type: 'figure', description: `${UPDATES} updates, ${resentBytes} bytes sent again` });
  expect(resentBytes).toBe(0);
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});
