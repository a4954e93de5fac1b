import { expect } from '@playwright/test';
import { MIB, rowIs, rowIsSafe, test } from './journey.ts';
import { wireOf } from './wire.ts';

test('the app opens without a server, shows its queue, and goes on by itself when there is one', async ({
  journey,
}) => {
  const { proxy, origin } = journey.stage;
  const file = await journey.file('film.bin', 24 * MIB);
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 16e6 });
  await tab.pick([file.path]);
  await rowIsSafe(tab);
  await proxy.set({ refuse: true, bitsPerSecond: null });
  proxy.resetAll();
  await rowIs(tab, 'waiting');

  const second = await journey.browser.open(`${origin}/app`);
  await rowIs(second, 'waiting');
  const row = await second.evaluate(() => document.querySelector('[data-upload]')?.textContent);
  expect(row).toContain('film.bin');

  await proxy.set({ refuse: false });
  await Promise.all([rowIs(tab, 'stored'), rowIs(second, 'stored')]);
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});

test('files that are added without a network are kept over a reload, and leave when there is one', async ({
  journey,
}) => {
  const { proxy } = journey.stage;
  const files = await Promise.all([journey.file('film.bin', 12 * MIB, 1), journey.file('note.txt', 300, 2)]);
  const tab = await journey.signedInTab();
  await proxy.set({ refuse: true });
  proxy.resetAll();
  proxy.forget();
  await tab.pick(files.map(({ path }) => path));
  await rowsAre('waiting');
  await tab.until(
    () => document.querySelectorAll('[data-upload][data-state=waiting][data-safe=yes]').length === 2,
  );
  await tab.reload();
  await rowsAre('waiting');
  expect(proxy.counts.toServer).toBe(0);

  await proxy.set({ refuse: false });
  await rowsAre('stored');
  const stored = await journey.library(tab);
  expect(stored.map(({ sha256 }) => sha256).toSorted()).toEqual(files.map(({ sha256 }) => sha256).toSorted());
  expect(wireOf(proxy.requests)).toEqual({ sentBytes: 12 * MIB + 300, resentBytes: 0 });

  function rowsAre(state: string): Promise<void> {
    return tab.until(
      (at) => document.querySelectorAll(`[data-upload][data-state=${at}]`).length === 2,
      state,
    );
  }
});
