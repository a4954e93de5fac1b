import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';
import { poll } from './poll.ts';
import { inFlightBytes, partPuts, wireOf } from './wire.ts';

const STOPS = 50;

test('a worker stopped fifty times in one upload sends again only what was on its way', async ({
  journey,
}) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 96 * MIB);
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 80e6, latencyMs: 5 });
  proxy.forget();
  await tab.pick([file.path]);
  let onItsWay = 0;
  for (let stop = 0; stop < STOPS; stop++) {
    const sent = proxy.counts.fromClients;
    // What is left is shared among the stops that are left: a slow machine sends more than that until one takes effect.
    const share = Math.max(MIB / 16, (file.bytes - sent) / (STOPS - stop));
    const until = sent + proxy.draw([share / 4, share]);
    await poll(`stop ${stop}`, 60_000, () => proxy.counts.fromClients >= until || undefined, 5);
    await tab.stopWorkers();
    onItsWay += inFlightBytes(proxy.requests);
  }
  await rowIs(tab, 'stored');

  const completing = partPuts(proxy.requests).filter(({ status }) => status === 201);
  expect(wireOf(proxy.requests).resentBytes).toBeLessThanOrEqual(onItsWay);
  // The answer to the last one may have met a stop; that it was carried out once is seen in the library.
  expect(completing.length).toBeLessThanOrEqual(1);
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});
