import { setTimeout as pass } from 'node:timers/promises';
import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';
import { poll } from './poll.ts';
import { wireOf } from './wire.ts';

test('an upload goes on while its tab is closed, and a new tab shows it', async ({ journey }) => {
  const { proxy, origin } = journey.stage;
  const file = await journey.file('film.bin', 64 * MIB);
  // The last tab of a browser is never closed here: the browser would go with it.
  await journey.browser.open('about:blank');
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 24e6, latencyMs: 10 });
  proxy.forget();
  await tab.pick([file.path]);
  await poll('a few MiB', 60_000, () => proxy.counts.fromClients > 6 * MIB || undefined);
  await tab.close();
  const atClose = proxy.counts.fromClients;
  // Ten seconds away are the promise itself, not a wait for something to happen.
  await pass(10_000);
  const meanwhile = proxy.counts.fromClients - atClose;
  const next = await journey.browser.open(`${origin}/app`);
  await next.until(() => document.querySelector('[data-upload]'));
  const shown = await next.evaluate(() =>
    Number(document.querySelector<HTMLElement>('[data-upload]')?.dataset.acknowledged),
  );
  await proxy.set({ bitsPerSecond: null });
  await rowIs(next, 'stored');

  expect(meanwhile).toBeGreaterThan(20 * MIB);
  expect(shown).toBeGreaterThanOrEqual(atClose + meanwhile - 3 * 8 * MIB);
  expect(wireOf(proxy.requests)).toEqual({ sentBytes: file.bytes, resentBytes: 0 });
  expect(await journey.library(next)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});
