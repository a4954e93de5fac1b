import { expect } from '@playwright/test';
import { about, MIB, rowIs, test } from './journey.ts';
import { poll } from './poll.ts';
import { partPuts, wireOf } from './wire.ts';

test('a reload in mid-upload neither stops nor repeats anything', async ({ journey }) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 48 * MIB);
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 64e6, latencyMs: 10 });
  proxy.forget();
  await tab.pick([file.path]);
  await poll('a third of the file', 60_000, () => proxy.counts.fromClients > file.bytes / 3 || undefined);
  const before = await about(tab);
  await tab.reload();
  const after = await about(tab);
  await rowIs(tab, 'stored');

  expect(after.instance).toBe(before.instance);
  expect(partPuts(proxy.requests).filter(({ status }) => status !== 204 && status !== 201)).toEqual([]);
  expect(wireOf(proxy.requests)).toEqual({ sentBytes: file.bytes, resentBytes: 0 });
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});
