import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { about, test } from './journey.ts';
import { expectSmooth } from './smooth.ts';

/** A thousand in every run, ten thousand by `HOLDFAST_MANY=10000 npm run e2e -- many`. */
const COUNT = Number(process.env.HOLDFAST_MANY ?? 1000);
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
  // Nothing is collected first: that would have the browser let go of thousands of files while the page is loaded anew.
  const pageHeap = await tab.heapBytes();

  const reloadedAt = Date.now();
  await tab.reload();
  await tab.until(() => document.querySelector('[data-upload]'));
  const backAfter = Date.now() - reloadedAt;
  await about(tab); // a worker that sleeps has no heap to be measured
  const heap = pageHeap + (await journey.browser.workerHeapBytes(journey.stage.origin));
  const mib = (heap / 2 ** 20).toFixed(1);
  const figures = `${seconds.toFixed(1)} s, heap of page and worker ${mib} MiB, the list is back after ${backAfter} ms`;
  console.log(figures);
  test.info().annotations.push({ type: 'figure', description: figures });
  expect(heap).toBeLessThan(HEAP_LIMIT_BYTES);
});

const nameOf = (n: number) => `note-${String(n).padStart(5, '0')}.txt`;
