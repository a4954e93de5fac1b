import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';
import { seedLibrary } from './library-seed.ts';
import type { Tab } from './tab.ts';

/** What counts as good is 0.1 (web.dev, Cumulative Layout Shift); what stands still is 0. */
const MOST = 0.01;

for (const [width, height] of [
  [360, 800],
  [1280, 800],
] as const) {
  test(`nothing moves under the hand as a page comes, ${width} wide`, async ({ journey }) => {
    const { proxy, origin } = journey.stage;
    const file = await journey.file('film.bin', 12 * MIB);
    const tab = await journey.signedInTab();
    await tab.resize(width, height);
    await seedLibrary(journey.stage, tab, 30);
    await proxy.set({ bitsPerSecond: 8e6 }); // it must not have arrived before it can be paused
    await tab.pick([file.path]);
    await rowIs(tab, 'sending');
    await tab.click('[data-upload] [data-do=pause]');
    await rowIs(tab, 'paused');
    await proxy.set({ bitsPerSecond: null, latencyMs: 20 });
    const shifts: Record<string, number> = {};
    for (const [path, sign] of [
      ['/app', '[data-upload]'],
      ['/library', '[data-file]'],
      ['/settings', '[data-session]'],
      ['/diagnostics', '[data-log]'],
    ] as const) {
      await tab.go(origin + path);
      await tab.until((at) => document.querySelector(at), sign);
      shifts[path] = await shiftOf(tab);
    }
    test.info().annotations.push({ type: 'figure', description: JSON.stringify(shifts) });
    for (const [path, shift] of Object.entries(shifts)) expect.soft(shift, path).toBeLessThanOrEqual(MOST);
  });
}

/** How much has moved on the page since it was opened, and where from: a sum of shares of the window. */
function shiftOf(tab: Tab): Promise<number> {
  return tab.evaluate(async () => {
    let sum = 0;
    const seen = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        sum += (entry as PerformanceEntry & { value: number }).value;
      }
    });
    seen.observe({ type: 'layout-shift', buffered: true });
    for (let frames = 0; frames < 10; frames++)
      await new Promise((resolve) => requestAnimationFrame(resolve));
    seen.disconnect();
    return sum;
  });
}
