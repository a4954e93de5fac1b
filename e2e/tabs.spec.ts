import { setTimeout as pass } from 'node:timers/promises';
import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';
import { poll } from './poll.ts';
import type { Tab } from './tab.ts';
import { wireOf } from './wire.ts';

test('eight tabs that come, go and freeze show one list and send nothing twice', async ({ journey }) => {
  const { proxy, origin } = journey.stage;
  const file = await journey.file('film.bin', 96 * MIB);
  const first = await journey.signedInTab();
  const tabs: Tab[] = [first];
  while (tabs.length < 8) tabs.push(await journey.browser.open(`${origin}/app`));
  await proxy.set({ bitsPerSecond: 48e6, latencyMs: 5 });
  proxy.forget();
  await first.pick([file.path]);
  await Promise.all(tabs.map((tab) => rowIs(tab, 'sending')));

  const frozen = new Set<Tab>();
  while (proxy.counts.fromClients < 0.9 * file.bytes) {
    const index = proxy.draw([0, tabs.length - 1]);
    const tab = tabs[index];
    if (!tab) break;
    const chance = proxy.draw([0, 3]);
    if (chance === 0 && tabs.length > 2) {
      tabs.splice(index, 1);
      frozen.delete(tab);
      await tab.close();
    } else if (chance === 1) {
      tabs.push(await journey.browser.open(`${origin}/app`));
    } else {
      const isFrozen = !frozen.has(tab);
      await tab.setFrozen(isFrozen);
      if (isFrozen) frozen.add(tab);
      else frozen.delete(tab);
    }
    // People do not do this faster.
    await pass(proxy.draw([100, 600]));
  }
  for (const tab of frozen) await tab.setFrozen(false);
  await Promise.all(tabs.map((tab) => rowIs(tab, 'stored')));

  const { sentBytes, resentBytes } = wireOf(proxy.requests);
  expect(resentBytes / sentBytes).toBeLessThan(0.001);
  const [some] = tabs;
  if (!some) throw new Error('At least two tabs stay');
  expect(await journey.library(some)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});

test('all tabs show the same within half a second', async ({ journey }) => {
  const { proxy, origin } = journey.stage;
  const file = await journey.file('film.bin', 32 * MIB);
  const one = await journey.signedInTab();
  const other = await journey.browser.open(`${origin}/app`);
  await proxy.set({ bitsPerSecond: 16e6 });
  await one.bringToFront();
  await one.pick([file.path]);
  await Promise.all([rowIs(one, 'sending'), rowIs(other, 'sending')]);
  await one.click('[data-upload] [data-do=pause]');
  await rowIs(one, 'paused');
  const seenAt = Date.now();
  await rowIs(other, 'paused');
  const laterMs = Date.now() - seenAt;
  test.info().annotations.push({ type: 'figure', description: `${laterMs} ms later` });
  await other.click('[data-upload] [data-do=resume]');
  await proxy.set({ bitsPerSecond: null });
  await Promise.all([rowIs(one, 'stored'), rowIs(other, 'stored')]);
  expect(await poll('the shared list', 1000, () => laterMs < 2000 || undefined)).toBe(true);
});
