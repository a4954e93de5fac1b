import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { unmarkedTexts } from './pseudo-locale.ts';
import { LANGUAGE, test } from './screen-walk.ts';
import { screens } from './screens/index.ts';

/** One look at each screen in every run, each in its turn; with `HOLDFAST_LOOKS=all` all four. */
const looks = [
  { colorScheme: 'light', width: 360 },
  { colorScheme: 'dark', width: 1280 },
  { colorScheme: 'dark', width: 360 },
  { colorScheme: 'light', width: 1280 },
] as const;
const takesAll = process.env.HOLDFAST_LOOKS === 'all';

for (const [n, { name, show }] of screens.entries()) {
  test(`the screen "${name}" is all in texts of ours, and axe finds nothing`, async ({ walk }) => {
    test.setTimeout(60_000);
    await show(walk);
    if (LANGUAGE === null) expect.soft(await unmarkedTexts(walk.page), 'not from locales/').toEqual([]);
    const taken = takesAll ? looks : looks.slice(n % looks.length).slice(0, 1);
    for (const { colorScheme, width } of taken) {
      await walk.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await walk.page.setViewportSize({ width, height: 800 });
      expect.soft(await faults(walk.page), `${colorScheme}, ${width} wide`).toEqual([]);
      await walk.page.screenshot({ path: pictureOf(name, colorScheme, width) });
      if (width !== 360) continue;
      expect.soft(await overflowing(walk.page), 'wider than the narrowest window').toEqual([]);
    }
  });
}

/** Kept with the other results of the run, to be looked at. */
function pictureOf(name: string, colorScheme: string, width: number): string {
  const file = `${name}-${LANGUAGE ?? 'pseudo'}-${colorScheme}-${width}.png`;
  return join(import.meta.dirname, '..', 'test-results', 'screens', file);
}

/**
 * What sticks out of a window 320 pixels wide, which is also one of 640 at 200 % zoom, with letters, words and lines as
 * far apart as a person may set them (WCAG 2.2, 1.4.4, 1.4.10, 1.4.12).
 */
async function overflowing(page: Page): Promise<string[]> {
  const usual = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  const found = await page.evaluate(() => {
    const spaced = new CSSStyleSheet();
    spaced.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
      p { margin-block-end: 2em !important; }`);
    document.adoptedStyleSheets = [spaced];
    const width = document.documentElement.clientWidth;
    const isWide = document.documentElement.scrollWidth > width;
    const out = [...document.querySelectorAll('body *')].filter((element) => {
      const { left, right } = element.getBoundingClientRect();
      return isWide && (right > width + 1 || left < -1) && element.checkVisibility();
    });
    document.adoptedStyleSheets = [];
    return out.map((element) => `${element.tagName}.${element.getAttribute('class')}`);
  });
  if (usual) await page.setViewportSize(usual);
  return found;
}

/** What axe says of the page, one line for each element. */
async function faults(page: Page): Promise<string[]> {
  // Without legacy mode it opens a page of its own to gather what frames said; here are none.
  // The size of targets (WCAG 2.2, 2.5.8) is no part of its defaults.
  // A page that is still loading has no heading: the focus waits for the one that comes.
  const isLoading = (await page.locator('main .skeleton').count()) > 0;
  const rules = { 'target-size': { enabled: true }, 'page-has-heading-one': { enabled: !isLoading } };
  const { violations } = await new AxeBuilder({ page }).options({ rules }).setLegacyMode().analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} at ${target.join(' ')}`));
}
