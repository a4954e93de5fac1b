import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { about, test } from './journey.ts';
import { expectSmooth, scrollThrough } from './smooth.ts';

/** A thousand in every run, ten thousand by `HOLDFAST_MANY=10000 npm run e2e -- many`. */
const COUNT = Number(process.env.HOLDFAST_MANY ?? 1000);
/** Rows that are near what is seen of the page at a time, at most. */
const MOST_THERE = 120;
const HEAP_LIMIT_BYTES = 150 * 1024 * 1024;

test(`${COUNT} small files take one request each, and the page stays smooth`, async ({ journey }) => {
  test.setTimeout(120_000 + COUNT * 60);
  const { proxy } = journey.stage;
  const folder = join(journey.folder, 'many');
  await mkdir(folder);
  const paths = Array.from({ length: COUNT }, (_, n) => join(folder, nameOf(n)));
  for (const [n, path] of paths.entries()) await writeFile(path, `note ${n}\n`.repeat(1 + (n % 40)));
  const tab = await journey.signedInTab();
  proxy.forget();
  let seconds = 0;
  await expectSmooth(journey.browser, `${COUNT} files`, async () => {
    const startedAt = Date.now();
    await tab.pick(paths);
    await tab.untilWithin(
      60_000 + COUNT * 60,
      () => document.querySelector<HTMLElement>('[data-safe-line]')?.dataset.safeLine === 'done',
    );
    seconds = (Date.now() - startedAt) / 1000;
  });

  const puts = proxy.requests.filter(({ method }) => method === 'PUT');
  const registrations = puts.filter(({ path }) => !path.includes('/parts/'));
  expect(puts.length - registrations.length).toBe(COUNT);
  expect(registrations.length).toBeLessThanOrEqual(Math.ceil(COUNT / 250) + 1);
  await about(tab); // it may have gone to sleep
  const heap = (await tab.heapBytes()) + (await journey.browser.workerHeapBytes(journey.stage.origin));
  const figures = `${seconds.toFixed(1)} s, heap of page and worker ${(heap / 2 ** 20).toFixed(1)} MiB`;
  console.log(figures);
  test.info().annotations.push({ type: 'figure', description: figures });
  expect(heap).toBeLessThan(HEAP_LIMIT_BYTES);

  const reloadedAt = Date.now();
  await tab.reload();
  await tab.until(() => document.querySelector('[data-upload]'));
  console.log(`the list is back after ${Date.now() - reloadedAt} ms`);

  const [first = ''] = await tab.evaluate(namesThere);
  await expectSmooth(journey.browser, `scrolling ${COUNT} uploads`, () => scrollThrough(tab));
  await tab.until(
    (name) => ![...document.querySelectorAll('[data-upload]')].some((row) => row.textContent?.includes(name)),
    first,
  );
  const there = await tab.evaluate(namesThere);
  expect(there.length).toBeLessThanOrEqual(MOST_THERE);
  // From one end of the batch to the other.
  expect([first, there.at(-1)].toSorted()).toEqual([nameOf(0), nameOf(COUNT - 1)]);
});

const nameOf = (n: number) => `note-${String(n).padStart(5, '0')}.txt`;

/** In the page: what the rows that are there are called. */
function namesThere(): string[] {
  return [...document.querySelectorAll<HTMLElement>('[data-upload]')].map(
    (row) => /note-\d+\.txt/.exec(row.textContent ?? '')?.[0] ?? '',
  );
}
