import { expect } from '@playwright/test';
import { about, MIB, rowIs, test } from './journey.ts';
import { partPuts, wireOf } from './wire.ts';

const MINUTES = 7;
/** Slow enough that the file takes the seven minutes. */
const BITS_PER_SECOND = 4e6;

test(`an upload of ${MINUTES} minutes outlives the five that one event of a worker may take`, async ({
  journey,
}) => {
  const { proxy } = journey.stage;
  const bytes = Math.floor((MINUTES * 60 * BITS_PER_SECOND) / 8 / MIB) * MIB;
  const file = await journey.file('film.bin', bytes);
  const tab = await journey.signedInTab();
  const before = await about(tab);
  await proxy.set({ bitsPerSecond: BITS_PER_SECOND, latencyMs: 30 });
  proxy.forget();
  const startedAt = Date.now();
  await tab.pick([file.path]);
  await rowIs(tab, 'stored', 12 * 60_000);
  const minutes = (Date.now() - startedAt) / 60_000;

  test.info().annotations.push({ type: 'figure', description: `${minutes.toFixed(2)} minutes` });
  console.log(`${minutes.toFixed(2)} minutes, ${partPuts(proxy.requests).length} part requests`);
  expect(minutes).toBeGreaterThan(MINUTES - 0.5);
  expect((await about(tab)).instance).toBe(before.instance);
  expect(wireOf(proxy.requests)).toEqual({ sentBytes: file.bytes, resentBytes: 0 });
  await proxy.set({ bitsPerSecond: null, latencyMs: 0 });
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: bytes, sha256: file.sha256 }]);
});
