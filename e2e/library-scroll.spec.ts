import { expect } from '@playwright/test';
import { test } from './journey.ts';
import { seedLibrary } from './library-seed.ts';
import { expectSmooth, scrollThrough } from './smooth.ts';

const COUNT = 10_000;
/** Rows, or tiles in rows, that are near what is seen of the page at a time, at most. */
const MOST_THERE = 120;

test('ten thousand files scroll smoothly, and few of them are there at a time', async ({ journey }) => {
  test.setTimeout(240_000);
  const tab = await journey.signedInTab();
  await seedLibrary(journey.stage, tab, COUNT);
  await tab.go(`${journey.stage.origin}/library`);
  await tab.until(() => document.querySelector('[data-file]'));
  for (const view of ['list', 'grid']) {
    await tab.click(`[data-view=${view}]`);
    await expectSmooth(journey.browser, view, () => scrollThrough(tab));
    expect(await tab.evaluate(() => document.querySelectorAll('.file').length)).toBeLessThanOrEqual(
      MOST_THERE,
    );
    await tab.until(() => document.body.textContent?.includes('file 09999.bin'));
  }
});
