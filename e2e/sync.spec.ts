import { expect } from '@playwright/test';
import { MIB, rowIs, rowIsSafe, test } from './journey.ts';
import { poll } from './poll.ts';

test('with no page open, Background Sync wakes the upload and it arrives', async ({ journey }) => {
  const { proxy, origin } = journey.stage;
  const file = await journey.file('film.bin', 32 * MIB);
  const blank = await journey.browser.open('about:blank');
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 24e6 });
  await tab.pick([file.path]);
  await rowIsSafe(tab);
  await proxy.set({ refuse: true });
  proxy.resetAll();
  await rowIs(tab, 'waiting');
  await tab.close();
  await blank.stopWorkers();
  await proxy.set({ refuse: false, bitsPerSecond: null });
  proxy.forget();
  expect(proxy.requests).toEqual([]);

  await blank.dispatchSync(origin, 'workbox-background-sync:holdfast-wake');
  await poll('the last part', 30_000, () => proxy.requests.some(({ status }) => status === 201) || undefined);
  const next = await journey.browser.open(`${origin}/app`);
  await rowIs(next, 'stored');
  expect(await journey.library(next)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});
