import { expect } from '@playwright/test';
import { test } from './boxed.ts';
import { MIB, rowIs } from './journey.ts';
import type { Verdict } from './middlebox.ts';
import { inFlightBytes, partPuts, wireOf } from './wire.ts';

const EXPIRED: Verdict = {
  status: 410,
  headers: { 'Content-Type': 'application/problem+json' },
  body: JSON.stringify({ code: 'EXPIRED_SESSION' }),
};

test('a session that is over again at once waits for a person, who refreshes one file, or all', async ({
  journey,
  box,
}) => {
  const { proxy } = journey.stage;
  const tab = await journey.signedInTab();
  const done = await journey.file('done.txt', 1000, 1);
  await tab.pick([done.path]);
  await rowIs(tab, 'stored');
  const films = await Promise.all(
    ['first.bin', 'second.bin', 'third.bin'].map((name, n) => journey.file(name, 9 * MIB, n + 2)),
  );
  box.rule = ({ method, url }) => (method === 'PUT' && url?.includes('/parts/') ? EXPIRED : null);
  await tab.pick(films.map(({ path }) => path));
  await rowsAre('expired', 3);

  box.rule = () => null;
  await tab.click('[data-upload][data-state=expired] [data-do=refresh]');
  await rowsAre('stored', 2);
  await rowsAre('expired', 2);
  await tab.click('[data-do-all=refresh]');
  await rowsAre('stored', 4);

  // Every byte once, besides what had left before the answer was there.
  expect(wireOf(proxy.requests).resentBytes).toBeLessThanOrEqual(inFlightBytes(proxy.requests, 410));
  expect(partPuts(proxy.requests).filter(({ bodyBytes }) => bodyBytes === done.bytes)).toHaveLength(1);
  const stored = await journey.library(tab);
  expect(new Map(stored.map(({ name, sha256 }) => [name, sha256]))).toEqual(
    new Map([...films.map(({ path, sha256 }) => [nameOf(path), sha256] as const), ['done.txt', done.sha256]]),
  );

  function rowsAre(state: string, count: number): Promise<void> {
    return tab.until(
      (at, n) => document.querySelectorAll(`[data-upload][data-state=${at}]`).length === n,
      state,
      count,
    );
  }
});

test.describe('with short sessions', () => {
  test.use({ env: { SESSION_TTL_MINUTES: '10' } });

  test('a session that ends soon says so, and can be refreshed before it has', async ({ journey }) => {
    const { proxy, server } = journey.stage;
    const file = await journey.file('film.bin', 12 * MIB);
    const tab = await journey.signedInTab();
    await proxy.set({ bitsPerSecond: 16e6 });
    await tab.pick([file.path]);
    await rowIs(tab, 'sending');
    await tab.click('[data-upload] [data-do=pause]');
    await rowIs(tab, 'paused');
    const minutes = () => Number(document.querySelector('.row-ends')?.textContent?.match(/\d+/)?.[0]);
    await tab.until(() => document.querySelector('.row-ends'));
    expect(await tab.evaluate(minutes)).toBeGreaterThanOrEqual(8);

    server.ageUploadSessions(7 * 60_000);
    await tab.click('[data-upload] [data-do=refresh]');
    await tab.until(() => Number(document.querySelector('.row-ends')?.textContent?.match(/\d+/)?.[0]) >= 8);
    await rowIs(tab, 'paused');
    await proxy.set({ bitsPerSecond: null });
    await tab.click('[data-upload] [data-do=resume]');
    await rowIs(tab, 'stored');
    expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
  });
});

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
