import { expect } from '@playwright/test';
import { about, rowIs, test } from './journey.ts';
import { BATCHES, seedList } from './list-seed.ts';
import { expectSmooth, scrollThrough } from './smooth.ts';

const COUNT = 10_000;
/** Rows that are near what is seen of the page at a time, at most. */
const MOST_THERE = 120;

test('ten thousand uploads are soon back after a reload, and scroll smoothly', async ({ journey }) => {
  test.setTimeout(120_000);
  const file = await journey.file('note-00000.txt', 100);
  const tab = await journey.signedInTab();
  await tab.pick([file.path]);
  await rowIs(tab, 'stored');
  await seedList(tab, COUNT);
  await tab.stopWorkers(); // the next one reads all of them
  await tab.reload();
  await tab.until((wanted) => document.querySelector(`[data-upload][aria-setsize="${wanted}"]`), COUNT);

  await about(tab);
  const reloadedAt = Date.now();
  await tab.reload();
  await tab.until((wanted) => document.querySelector(`[data-upload][aria-setsize="${wanted}"]`), COUNT);
  const figure = `${COUNT} uploads are back after ${Date.now() - reloadedAt} ms`;
  console.log(figure);
  test.info().annotations.push({ type: 'figure', description: figure });

  await expectSmooth(journey.browser, `scrolling ${COUNT} uploads`, () => scrollThrough(tab));
  await tab.until((wanted) => document.querySelector(`[aria-posinset="${wanted}"]`), COUNT);
  // The last batch begins well above its last rows.
  const size = COUNT / BATCHES;
  await tab.evaluate((rows) => scrollBy({ top: -84 * rows, behavior: 'instant' }), size);
  await tab.until(
    (text) => [...document.querySelectorAll('.batch .count')].some(({ textContent }) => textContent === text),
    size.toLocaleString('en'),
  );
  const there = await tab.evaluate(() => document.querySelectorAll('[data-upload]').length);
  expect(there).toBeLessThanOrEqual(MOST_THERE);
});
