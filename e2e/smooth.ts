import { expect, test } from '@playwright/test';
import type { PlainBrowser } from './browser.ts';
import type { Tab } from './tab.ts';

/** What a page may take at a time, in ms of a processor, and how often more than the lesser of it. */
const LONGEST_MS = 100;
const LONG_MS = 50;
const MOST_LONG = 5;

/**
 * Expects that no task of a page is over 100 ms while `work` runs, and 5 at most over 50 ms. `what` names it among the
 * figures of the test.
 */
export async function expectSmooth(
  browser: PlainBrowser,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  const tasks = await browser.tasksDuring(work);
  const byWall = tasks.map(({ wallMs }) => wallMs).toSorted((a, b) => b - a);
  const long = tasks.map(({ cpuMs }) => cpuMs).filter((ms) => ms > LONG_MS);
  const longest = tasks.slice(0, 5).map(({ cpuMs }) => cpuMs);
  const figures = `${what}: longest tasks ${longest} ms of a processor, ${byWall.slice(0, 5)} ms by the clock`;
  console.log(figures);
  test.info().annotations.push({ type: 'figure', description: figures });
  expect(Math.max(0, ...long), figures).toBeLessThanOrEqual(LONGEST_MS);
  expect(long.length, figures).toBeLessThanOrEqual(MOST_LONG);
}

/** Scrolls the page as a wheel does, so that each row is made as it comes, and then to its end a few screens at a time. */
export async function scrollThrough(tab: Tab): Promise<void> {
  await tab.evaluate(async () => {
    const seen = async (top: number) => {
      scrollTo({ top, behavior: 'instant' });
      await new Promise((resolve) => requestAnimationFrame(resolve));
      await new Promise((resolve) => requestAnimationFrame(resolve));
    };
    const end = () => document.documentElement.scrollHeight - innerHeight;
    for (let notch = 0; notch <= 80; notch++) await seen(notch * 150);
    for (let step = 1; step <= 100; step++) await seen((end() * step) / 100);
  });
}
