import { expect } from '@playwright/test';
import { fileChanges } from './file-changes.ts';
import { MIB, rowIs, test } from './journey.ts';
import { poll } from './poll.ts';
import { partPuts } from './wire.ts';

for (const [what, change] of fileChanges) {
  test(`a file that is ${what} in mid-upload is named as changed, and none of it is stored`, async ({
    journey,
  }) => {
    const { proxy } = journey.stage;
    const file = await journey.file('film.bin', 96 * MIB);
    const tab = await journey.signedInTab();
    // Fast enough that nothing is copied aside before the change: what was copied would rightly go on.
    await proxy.set({ bitsPerSecond: 300e6 });
    proxy.forget();
    await tab.pick([file.path]);
    await poll('some parts', 30_000, () => proxy.counts.fromClients > 20 * MIB || undefined, 5);
    await change(file.path);
    await rowIs(tab, 'needs-file');
    const words = await tab.evaluate(() => document.querySelector('[data-upload]')?.textContent ?? '');
    expect(words).toMatch(/changed|not there|moved|deleted|gone/i);
    const completed = partPuts(proxy.requests).filter(({ status }) => status === 201);
    expect(completed).toEqual([]);
    expect(await journey.library(tab)).toEqual([]);
  });
}
