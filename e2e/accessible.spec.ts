import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { unmarkedTexts } from './pseudo-locale.ts';
import { LANGUAGE, test } from './screen-walk.ts';
import { screens } from './screens.ts';

/** One look at each screen in every run, each in its turn; with `HOLDFAST_LOOKS=all` all four. */
const looks = [
  { colorScheme: 'light', width: 360 },
  { colorScheme: 'dark', width: 1280 },
  { colorScheme: 'dark', width: 360 },
  { colorScheme: 'light', width: 1280 },
] as const;
const takesAll = process.env.HOLDFAST_LOOKS === 'all';
/** Only the screens whose name holds this: `HOLDFAST_SCREENS=settings`. */
const chosen = screens.filter(({ name }) => name.includes(process.env.HOLDFAST_SCREENS ?? ''));

test('on every screen all that is seen is a text of ours, and axe finds nothing, in light and dark, narrow and wide', async ({
  walk,
}) => {
  test.setTimeout(60_000 + chosen.length * (takesAll ? 40_000 : 20_000));
  for (const [n, { name, show }] of chosen.entries()) {
    const taken = takesAll ? looks : looks.slice(n % looks.length).slice(0, 1);
    await test.step(name, async () => {
      await show(walk);
      if (LANGUAGE === null)
        expect.soft(await unmarkedTexts(walk.page), `${name}: not from locales/`).toEqual([]);
      for (const { colorScheme, width } of taken) {
        await walk.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await walk.page.setViewportSize({ width, height: 800 });
        expect.soft(await faults(walk.page), `${name}: ${colorScheme}, ${width} wide`).toEqual([]);
        await walk.page.screenshot({ path: pictureOf(name, colorScheme, width) });
      }
    });
  }
});

/** Kept with the other results of the run, to be looked at. */
function pictureOf(name: string, colorScheme: string, width: number): string {
  const file = `${name}-${LANGUAGE ?? 'pseudo'}-${colorScheme}-${width}.png`;
  return join(import.meta.dirname, '..', 'test-results', 'screens', file);
}

/** What axe says of the page, one line for each element. */
async function faults(page: Page): Promise<string[]> {
  // Without legacy mode it opens a page of its own to gather what frames said; here are none.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} at ${target.join(' ')}`));
}
