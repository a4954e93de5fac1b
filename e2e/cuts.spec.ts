import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';

/** File size, where each connection is cut, and how many times the file's bytes may be on the wire. */
const schedules = [
  { bytes: 100 * MIB, cut: 7 * MIB, atMost: 1.02 },
  { bytes: 20 * MIB, cut: MIB, atMost: 1.07 },
  { bytes: 20 * MIB, cut: MIB / 4, atMost: Number.POSITIVE_INFINITY },
];

for (const { bytes, cut, atMost } of schedules) {
  test(`${bytes / MIB} MiB arrive though each connection is cut after ${cut / MIB} MiB`, async ({
    journey,
  }) => {
    const { proxy } = journey.stage;
    const file = await journey.file('film.bin', bytes);
    const tab = await journey.signedInTab();
    await proxy.set({ cutAfterBytes: cut });
    proxy.forget();
    await tab.pick([file.path]);
    await rowIs(tab, 'stored', 100_000);

    const { fromClients, connections } = proxy.counts;
    const times = fromClients / bytes;
    test.info().annotations.push({
      type: 'figure',
      description: `${times.toFixed(4)} × on ${connections} connections`,
    });
    expect(times).toBeLessThanOrEqual(atMost);
    await proxy.set({ cutAfterBytes: null });
    expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: bytes, sha256: file.sha256 }]);
  });
}
