import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';
import { browserProcesses, peakBytes } from './memory.ts';
import { poll } from './poll.ts';
import { partPuts } from './wire.ts';

const GIB = 1024 * MIB;

test('50 GiB: the first byte leaves at once, a GiB follows in little memory, and it can be cancelled', async ({
  journey,
}) => {
  const { proxy } = journey.stage;
  const path = join(journey.folder, 'vast.bin');
  const handle = await open(path, 'w');
  await handle.truncate(50 * GIB);
  await handle.close();
  const tab = await journey.signedInTab();
  proxy.forget();
  const pickedAt = Date.now();
  await tab.pick([path]);
  const first = await poll('the first part', 20_000, () => partPuts(proxy.requests)[0], 5);
  await poll('a GiB', 300_000, () => proxy.counts.fromClients > GIB || undefined);
  const renderers = browserProcesses(journey.browser.pid).filter(({ type }) => type === 'renderer');
  const peak = Math.max(...renderers.map(({ pid }) => peakBytes(pid)));
  console.log(
    `first byte after ${first.startedAt - pickedAt} ms, renderer at most ${Math.round(peak / MIB)} MiB`,
  );
  await tab.click('[data-upload] [data-do=cancel]');
  await rowIs(tab, 'cancelled');
  await poll('the server to be told', 30_000, () => {
    return proxy.requests.some(({ method, status }) => method === 'DELETE' && status === 204) || undefined;
  });
  expect(peak).toBeLessThan(GIB / 2);
});
