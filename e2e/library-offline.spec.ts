import { expect } from '@playwright/test';
import { test } from './journey.ts';
import { seedLibrary } from './library-seed.ts';
import { poll } from './poll.ts';
import type { Tab } from './tab.ts';

test('without a server the library shows what it knew, searched and sorted, and says so', async ({
  journey,
}) => {
  const { proxy, origin } = journey.stage;
  const tab = await journey.signedInTab();
  await seedLibrary(journey.stage, tab, 40);
  await tab.go(`${origin}/library`);
  await tab.until(() => document.querySelector('[data-count="40"]'));
  expect(await isStale(tab)).toBe(false);
  await proxy.set({ refuse: true });
  proxy.resetAll();

  await tab.reload();
  await tab.until(
    () => document.querySelector('[data-stale]') && document.querySelector('[data-count="40"]'),
  );
  await tab.fill('[data-search]', 'FILE 0003');
  await tab.until(() => document.querySelector('[data-count="10"]'));
  expect(await tab.evaluate(() => location.search)).toBe('?q=FILE+0003');
  await tab.evaluate(() => {
    const order = document.querySelector<HTMLSelectElement>('[data-order]');
    if (order) order.value = 'name-down';
    order?.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await tab.until(() => document.querySelector('[data-file]')?.textContent?.includes('file 00039.bin'));

  // What is deleted now waits, and can be taken back before anybody has heard of it.
  await tab.click('[data-file] [data-do=delete]');
  await tab.click('[data-file] [data-do=delete-now]');
  await tab.until(() => document.querySelector('[data-queued=delete]'));
  await tab.click('[data-queued=delete] [data-do=undo]');
  await tab.until(() => !document.querySelector('[data-queued]'));

  await proxy.set({ refuse: false });
  await tab.click('[data-do=ask-again]');
  await tab.until(
    () => document.querySelector('[data-count="10"]') && !document.querySelector('[data-stale]'),
  );
  expect(await journey.stage.server.files(await tab.cookieHeader(origin))).toHaveLength(40);
});

test('where a network swallows what is asked, the library shows what it knew before long, and is the server’s again after', async ({
  journey,
}) => {
  const { proxy, origin } = journey.stage;
  const tab = await journey.signedInTab();
  await seedLibrary(journey.stage, tab, 3);
  await tab.go(`${origin}/library`);
  await tab.until(() => document.querySelector('[data-count="3"]'));
  await proxy.set({ hang: true });
  await tab.reload();
  // Nobody is given up on for 15 s.
  await tab.untilWithin(45_000, () => document.querySelector('[data-stale]'));
  expect(await tab.evaluate(() => document.querySelectorAll('[data-file]').length)).toBe(3);

  await proxy.set({ hang: false });
  await tab.click('[data-do=ask-again]');
  await tab.untilWithin(
    45_000,
    () => document.querySelector('[data-count="3"]') && !document.querySelector('[data-stale]'),
  );
});

test('a change made without a server is made as soon as there is one, though nobody touches the page', async ({
  journey,
}) => {
  const { proxy, server, origin } = journey.stage;
  const tab = await journey.signedInTab();
  await seedLibrary(journey.stage, tab, 1);
  await tab.go(`${origin}/library`);
  await tab.until(() => document.querySelector('[data-file]'));
  await proxy.set({ refuse: true });
  proxy.resetAll();
  await tab.click('[data-file] [data-do=rename]');
  await tab.enter('[data-file] input', 'result.bin');
  await tab.until(() => document.querySelector('[data-queued=rename]'));

  await proxy.set({ refuse: false });
  const cookie = await tab.cookieHeader(origin);
  await poll('the server to have the new name', 40_000, async () => {
    const [file] = await server.files(cookie);
    return file?.name === 'result.bin' || undefined;
  });
  await tab.until(() => !document.querySelector('[data-queued]'));
});

test('signing out takes what was known of the library from the device', async ({ journey }) => {
  const { origin } = journey.stage;
  const tab = await journey.signedInTab();
  await seedLibrary(journey.stage, tab, 3);
  await tab.go(`${origin}/library`);
  await tab.until(() => document.querySelector('[data-count="3"]'));
  await poll('the worker to write them down', 10_000, async () => (await remembered(tab)) === 3 || undefined);
  await tab.evaluate(() => fetch('/api/session', { method: 'DELETE' }));
  await tab.waitForPath('/signin');
  await poll('the worker to forget them', 10_000, async () => (await remembered(tab)) === 0 || undefined);
});

function isStale(tab: Tab): Promise<boolean> {
  return tab.evaluate(() => document.querySelector('[data-stale]') !== null);
}

/** Files that the worker has written down. */
function remembered(tab: Tab): Promise<number> {
  return tab.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const open = indexedDB.open('holdfast');
      open.onsuccess = () => resolve(open.result);
    });
    const count = await new Promise<number>((resolve) => {
      const asked = db.transaction('library').objectStore('library').count();
      asked.onsuccess = () => resolve(asked.result);
    });
    db.close();
    return count;
  });
}
