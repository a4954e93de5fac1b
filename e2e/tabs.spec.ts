import { setTimeout as pass } from 'node:timers/promises';
import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';
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
  await one.pick([file.path]);
  await Promise.all([rowIs(one, 'sending'), rowIs(other, 'sending')]);
  await Promise.all([one, other].map((tab) => tab.evaluate(noteChanges)));
  // By turns, and not by one: a machine may be busy with something else for longer than that.
  for (let times = 0; times < 4; times++) {
    await one.click('[data-upload] [data-do=pause]');
    await Promise.all([rowIs(one, 'paused'), rowIs(other, 'paused')]);
    await other.click('[data-upload] [data-do=resume]');
    await Promise.all([rowIs(one, 'sending'), rowIs(other, 'sending')]);
  }
  const [here = [], there = []] = await Promise.all([one, other].map((tab) => tab.evaluate(changes)));
  const apartMs = here
    .map((at, n) => Math.abs(at - (there[n] ?? Number.POSITIVE_INFINITY)))
    .toSorted(byValue);
  test.info().annotations.push({ type: 'figure', description: `ms apart: ${apartMs.map(Math.round)}` });
  expect([here.length, there.length]).toEqual([4, 4]);
  expect(apartMs[1]).toBeLessThan(500);

  await proxy.set({ bitsPerSecond: null });
  await Promise.all([rowIs(one, 'stored'), rowIs(other, 'stored')]);
});

/** In the page: notes when the row becomes paused. */
function noteChanges(): void {
  const times: number[] = [];
  Reflect.set(globalThis, 'pausedAt', times);
  let before: string | undefined;
  new MutationObserver(() => {
    const state = document.querySelector<HTMLElement>('[data-upload]')?.dataset.state;
    if (state === 'paused' && before !== 'paused') times.push(Date.now());
    before = state;
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
}

/** In the page. */
function changes(): number[] {
  return Reflect.get(globalThis, 'pausedAt') as number[];
}

function byValue(a: number, b: number): number {
  return a - b;
}
