import { expect } from '@playwright/test';
import { MIB, rowIs, rowIsSafe, test } from './journey.ts';
import { poll } from './poll.ts';
import { enterCode } from './sign-in.ts';
import { inFlightBytes, wireOf } from './wire.ts';

test('a browser killed in mid-upload goes on from its own storage when it is back', async ({ journey }) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 64 * MIB);
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 32e6, latencyMs: 10 });
  proxy.forget();
  await tab.pick([file.path]);
  await rowIsSafe(tab);
  await poll('half of the file', 60_000, () => proxy.counts.fromClients > file.bytes / 2 || undefined);
  const lost = inFlightBytes(proxy.requests);
  await journey.restartBrowser();

  await proxy.set({ bitsPerSecond: null, latencyMs: 0 });
  const next = await journey.browser.open(`${journey.stage.origin}/app`);
  // A cookie younger than some 30 s may not have been written when the browser was killed; then a person signs in.
  await next.until(() => document.querySelector('[data-sign-in=email], [data-upload]'));
  if (await next.evaluate(() => location.pathname === '/signin')) {
    await enterCode(next, journey.stage);
    await next.waitForPath('/app');
  }
  await rowIs(next, 'stored');

  expect(wireOf(proxy.requests).resentBytes).toBeLessThanOrEqual(lost);
  expect(await journey.library(next)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});

test('a server killed in mid-upload loses nothing it has acknowledged', async ({ journey }) => {
  const { proxy, server } = journey.stage;
  const file = await journey.file('film.bin', 64 * MIB);
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 80e6, latencyMs: 5 });
  await tab.pick([file.path]);
  for (const share of [0.2, 0.5, 0.8]) {
    await tab.untilWithin(
      60_000,
      (bytes) => Number(document.querySelector<HTMLElement>('[data-upload]')?.dataset.acknowledged) >= bytes,
      share * file.bytes - 8 * MIB,
    );
    await server.kill();
    await server.start();
  }
  await rowIs(tab, 'stored');

  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});

for (const endsToo of [false, true]) {
  const worker = endsToo ? 'a worker that ends with it' : 'a running worker';
  test(`storage that is emptied under ${worker} takes what was listed, and nothing that comes after`, async ({
    journey,
  }) => {
    const [before, after] = await Promise.all([
      journey.file('before.txt', 100),
      journey.file('after.bin', MIB),
    ]);
    const tab = await journey.signedInTab();
    await tab.pick([before.path]);
    await rowIs(tab, 'stored');
    await tab.forgetStorage(journey.stage.origin, { keepsWorker: true });
    if (endsToo) await tab.stopWorkers();
    await tab.pick([after.path]);
    await tab.until(() => document.querySelector('[data-upload] .file-name')?.textContent === 'after.bin');
    await rowIs(tab, 'stored');
    expect(await journey.library(tab)).toEqual([
      { name: 'after.bin', size: after.bytes, sha256: after.sha256 },
      { name: 'before.txt', size: before.bytes, sha256: before.sha256 },
    ]);
  });
}
