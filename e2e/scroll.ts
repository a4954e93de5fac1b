import { availableParallelism, loadavg } from 'node:os';
import { expect, test } from '@playwright/test';
import type { Tab } from './tab.ts';

/**
 * Scrolls the page to its end, and expects that no task of it was over 100 ms, and 5 at most over 50 ms. `what` names
 * the list among the figures of the test.
 */
export async function expectSmoothScroll(tab: Tab, what: string): Promise<void> {
  // What another process takes of the machine makes tasks longer, never shorter: the calmest pass is the page's own.
  const passes: number[][] = [];
  while (passes.length < 3 && !passes.some(isSmooth)) passes.push(await scrollThrough(tab));
  const [tasks = []] = passes.toSorted((a, b) => a.length - b.length || Math.max(...a) - Math.max(...b));
  const figures = `${what}: long tasks ${tasks.toSorted((a, b) => b - a)} ms, of ${passes.map(({ length }) => length)}`;
  console.log(figures);
  test.info().annotations.push({ type: 'figure', description: figures });
  // Where more processes want to run than there are processors, how long a task took says little of the page.
  if (Number(loadavg()[0]) >= availableParallelism()) return;
  expect(isSmooth(tasks), figures).toBe(true);
}

function isSmooth(longTasks: readonly number[]): boolean {
  return Math.max(0, ...longTasks) <= 100 && longTasks.length <= 5;
}

/** In the page: scrolls to the end, a few screens at a time; the long tasks meanwhile, in ms. */
function scrollThrough(tab: Tab): Promise<number[]> {
  return tab.evaluate(async () => {
    scrollTo({ top: 0, behavior: 'instant' });
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const tasks: number[] = [];
    const observer = new PerformanceObserver((list) => {
      tasks.push(...list.getEntries().map(({ duration }) => Math.round(duration)));
    });
    observer.observe({ type: 'longtask' });
    const end = () => document.documentElement.scrollHeight - innerHeight;
    const steps = 160;
    for (let step = 1; step <= steps; step++) {
      scrollTo({ top: (end() * step) / steps, behavior: 'instant' });
      await new Promise((resolve) => requestAnimationFrame(resolve));
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    tasks.push(...observer.takeRecords().map(({ duration }) => Math.round(duration)));
    observer.disconnect();
    return tasks;
  });
}
