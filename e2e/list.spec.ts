import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';
import { poll } from './poll.ts';
import { partPuts, wireOf } from './wire.ts';

test('a paused upload sends nothing, and resumes behind its last byte', async ({ journey }) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 40 * MIB);
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 48e6, latencyMs: 5 });
  proxy.forget();
  await tab.pick([file.path]);
  await poll('some of the file', 30_000, () => proxy.counts.fromClients > 10 * MIB || undefined);
  await tab.click('[data-upload] [data-do=pause]');
  await rowIs(tab, 'paused');
  // What had left before the click still arrives; then the requests are gone, and none follows.
  await poll('requests to end', 10_000, () => proxy.openConnections <= 6 || undefined);
  const begun = partPuts(proxy.requests).length;
  await tab.reload();
  await rowIs(tab, 'paused');
  expect(partPuts(proxy.requests)).toHaveLength(begun);

  await tab.click('[data-upload] [data-do=resume]');
  await rowIs(tab, 'stored');
  const { resentBytes } = wireOf(proxy.requests);
  // Bytes that were on the wire when the pause cut them off may have been lost with their connections.
  expect(resentBytes).toBeLessThanOrEqual(MIB);
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});

test('a cancelled upload can be taken back for a while, then the server frees it, and it can be tried again', async ({
  journey,
}) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 24 * MIB);
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 16e6 });
  await tab.pick([file.path]);
  await rowIs(tab, 'sending');
  await tab.click('[data-upload] [data-do=cancel]');
  await rowIs(tab, 'cancelled');
  await tab.click('[data-upload] [data-do=undo]');
  await rowIs(tab, 'sending');
  expect(proxy.requests.filter(({ method }) => method === 'DELETE')).toEqual([]);

  await tab.click('[data-upload] [data-do=cancel]');
  const freed = () => proxy.requests.find(({ method, status }) => method === 'DELETE' && status === 204);
  await poll('the server to be told', 20_000, freed);
  await tab.click('[data-upload] [data-do=retry]');
  await proxy.set({ bitsPerSecond: null });
  await rowIs(tab, 'stored');
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);

  await tab.click('[data-upload] [data-do=remove]');
  await tab.until(() => !document.querySelector('[data-upload]'));
});

test('many small files take one request each, and an empty file arrives', async ({ journey }) => {
  const { proxy } = journey.stage;
  const files = await Promise.all(
    Array.from({ length: 60 }, (_, n) => journey.file(`note-${n}.txt`, n === 0 ? 0 : 20_000 + n, n + 1)),
  );
  const tab = await journey.signedInTab();
  proxy.forget();
  await tab.pick(files.map(({ path }) => path));
  await tab.untilWithin(
    60_000,
    () => document.querySelectorAll('[data-upload][data-state=stored]').length === 60,
  );

  const puts = proxy.requests.filter(({ method }) => method === 'PUT');
  expect(puts).toHaveLength(61);
  const stored = await journey.library(tab);
  const expected = files.map(({ bytes, sha256 }, n) => ({ name: `note-${n}.txt`, size: bytes, sha256 }));
  expect(stored.toSorted(byName)).toEqual(expected.toSorted(byName));
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
