import { expect } from '@playwright/test';
import { MIB, rowIs, rowIsSafe, test } from './journey.ts';

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
