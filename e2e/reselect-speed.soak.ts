import { expect } from '@playwright/test';
import { MIB, test } from './journey.ts';
import { poll } from './poll.ts';
import { wireOf } from './wire.ts';

/** Enough for reading and hashing to be all that counts. */
const BYTES = 512 * MIB;
/** Of it, this much has arrived when the browser forgets everything. */
const SENT_BYTES = 384 * MIB;
const PART_BYTES = 8 * MIB;

test('a file that is selected again is compared at the speed of hashing', async ({ journey }) => {
  test.setTimeout(300_000);
  const { proxy, origin } = journey.stage;
  const file = await journey.file('film.bin', BYTES);
  const tab = await journey.signedInTab();
  await tab.pick([file.path]);
  await poll('most of it', 120_000, () => proxy.counts.fromClients > SENT_BYTES || undefined, 5);
  await proxy.set({ refuse: true });
  proxy.resetAll();
  await tab.close();
  const blank = await journey.browser.open('about:blank');
  await blank.stopWorkers();
  await blank.forgetStorage(origin);
  await proxy.set({ refuse: false });
  const next = await journey.browser.open(`${origin}/app`);
  await next.until(() => document.querySelector('[data-elsewhere]'));
  const acknowledged = await next.evaluate(() =>
    Number(document.querySelector<HTMLElement>('[data-elsewhere]')?.dataset.acknowledged),
  );
  const hashMs = await next.evaluate(hashFromMemory, acknowledged, PART_BYTES);
  proxy.forget();
  await next.evaluate(() => {
    const input = document.querySelector('[data-pick-again]');
    input?.addEventListener('change', () => Reflect.set(globalThis, 'pickedAt', performance.now()), true);
    new MutationObserver((_changes, observer) => {
      if (!document.querySelector('[data-upload]')) return;
      Reflect.set(globalThis, 'matchedAt', performance.now());
      observer.disconnect();
    }).observe(document.body, { childList: true, subtree: true });
  });
  await next.pick([file.path], '[data-pick-again]');
  await next.untilWithin(120_000, () => Reflect.has(globalThis, 'matchedAt'));
  const compareMs = await next.evaluate(
    () => Number(Reflect.get(globalThis, 'matchedAt')) - Number(Reflect.get(globalThis, 'pickedAt')),
  );
  await next.untilWithin(120_000, () => document.querySelector('[data-upload][data-state=stored]'));
  const ratio = hashMs / compareMs;
  console.log(
    `${acknowledged / MIB} MiB compared in ${Math.round(compareMs)} ms, hashed from memory in ${Math.round(hashMs)} ms: ${ratio.toFixed(2)}`,
  );
  expect(wireOf(proxy.requests).sentBytes).toBeLessThanOrEqual(BYTES - acknowledged);
});

/** In the page: how long it takes to hash as many bytes, part by part, when they are in memory already. */
async function hashFromMemory(bytes: number, partBytes: number): Promise<number> {
  const part = new Uint8Array(partBytes);
  for (let at = 0; at < partBytes; at += 65_536) crypto.getRandomValues(part.subarray(at, at + 65_536));
  const startedAt = performance.now();
  for (let left = bytes; left > 0; left -= partBytes) await crypto.subtle.digest('SHA-256', part);
  return performance.now() - startedAt;
}
