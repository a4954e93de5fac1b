import { copyFile, open, rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { type Journey, MIB, rowIs, test } from './journey.ts';
import { poll } from './poll.ts';
import { enterCode } from './sign-in.ts';
import type { Tab } from './tab.ts';
import type { TestFile } from './test-file.ts';
import { inFlightBytes, wireOf } from './wire.ts';

/** Begins to upload `files` and kills the browser before any of them is safe; the tab is of the next browser. */
async function interrupted(journey: Journey, files: readonly TestFile[], share: number): Promise<Tab> {
  const { proxy, origin } = journey.stage;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 200e6 });
  proxy.forget();
  await tab.pick(files.map(({ path }) => path));
  await poll(
    'some acknowledged parts',
    30_000,
    () => proxy.counts.fromClients > share * total || undefined,
    5,
  );
  await proxy.set({ refuse: true });
  proxy.resetAll();
  await journey.restartBrowser();
  await proxy.set({ refuse: false, bitsPerSecond: null });
  const next = await journey.browser.open(`${origin}/app`);
  await next.until(() => document.querySelector('[data-sign-in=email], [data-upload]'));
  if (await next.evaluate(() => location.pathname === '/signin')) {
    await enterCode(next, journey.stage);
    await next.waitForPath('/app');
  }
  await rowIs(next, 'needs-file');
  return next;
}

test('the same file, renamed and copied, goes on where it was', async ({ journey }) => {
  const file = await journey.file('film.bin', 64 * MIB);
  const tab = await interrupted(journey, [file], 0.5);
  const lost = inFlightBytes(journey.stage.proxy.requests);
  const copy = join(journey.folder, 'copy of film.bin');
  await copyFile(file.path, copy);
  await tab.pick([copy], '[data-pick-again]');
  await rowIs(tab, 'stored');
  expect(wireOf(journey.stage.proxy.requests).resentBytes).toBeLessThanOrEqual(lost);
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});

test('one changed byte in what was sent, or another size, is refused with the reason, and can go as a new file', async ({
  journey,
}) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 64 * MIB);
  const tab = await interrupted(journey, [file], 0.5);
  const shorter = join(journey.folder, 'shorter.bin');
  await copyFile(file.path, shorter);
  await truncate(shorter, 63 * MIB);
  await rename(file.path, join(journey.folder, 'original.bin'));
  await copyFile(join(journey.folder, 'original.bin'), file.path);
  const handle = await open(file.path, 'r+');
  await handle.write(Buffer.from([0x5a]), 0, 1, 5);
  await handle.close();
  proxy.forget();

  await tab.pick([file.path, shorter], '[data-pick-again]');
  await tab.until(() => document.querySelectorAll('[data-refused]').length === 2);
  const codes = await tab.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-refused]')].map((row) => row.dataset.code).sort(),
  );
  expect(codes).toEqual(['OTHER_CONTENT', 'OTHER_SIZE']);
  expect(wireOf(proxy.requests).sentBytes).toBe(0);
  await rowIs(tab, 'needs-file');

  await tab.click('[data-refused][data-code=OTHER_CONTENT] [data-do=add-as-new]');
  await rowIs(tab, 'stored');
  await tab.pick([join(journey.folder, 'original.bin')], '[data-pick-again]');
  await tab.until(() => document.querySelectorAll('[data-upload][data-state=stored]').length === 2);
  const stored = await journey.library(tab);
  expect(stored.map(({ name }) => name).sort()).toEqual(['film (2).bin', 'film.bin']);
  expect(stored.some(({ sha256 }) => sha256 === file.sha256)).toBe(true);
});

test('one selection serves fifty waiting uploads', async ({ journey }) => {
  // A few with parts that can be compared, and many of which nothing has been acknowledged.
  const bytesOf = (n: number) => (n < 8 ? 9 * MIB : 200_000) + n;
  const files = await Promise.all(
    Array.from({ length: 50 }, (_, n) => journey.file(`scan-${n}.bin`, bytesOf(n), n + 1)),
  );
  const tab = await interrupted(journey, files, 0.5);
  await tab.until(() => document.querySelectorAll('[data-state=needs-file]').length >= 40);
  await tab.pick(
    files.map(({ path }) => path),
    '[data-pick-again]',
  );
  await tab.untilWithin(
    90_000,
    () => document.querySelectorAll('[data-upload][data-state=stored]').length === 50,
  );
  const stored = await journey.library(tab);
  expect(stored.map(({ sha256 }) => sha256).sort()).toEqual(files.map(({ sha256 }) => sha256).sort());
});

test('after the browser has forgotten everything, the same file finishes what the server still has', async ({
  journey,
}) => {
  const { proxy, origin } = journey.stage;
  const file = await journey.file('film.bin', 64 * MIB);
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 64e6 });
  proxy.forget();
  await tab.pick([file.path]);
  await poll('half of the file', 30_000, () => proxy.counts.fromClients > file.bytes / 2 || undefined);
  await proxy.set({ refuse: true });
  proxy.resetAll();
  const lost = inFlightBytes(proxy.requests);
  await tab.forgetStorage(origin);
  await tab.go('about:blank');
  await tab.stopWorkers();
  await proxy.set({ refuse: false, bitsPerSecond: null });
  await tab.go(`${origin}/app`);
  await tab.until(() => document.querySelector('[data-elsewhere]'));
  await tab.pick([file.path], '[data-pick-again]');
  await rowIs(tab, 'stored');
  expect(wireOf(proxy.requests).resentBytes).toBeLessThanOrEqual(lost);
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});
