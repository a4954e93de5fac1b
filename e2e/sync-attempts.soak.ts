import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';

/** Slow enough to outlast one sync event with its tab open, and another without. */
const BITS_PER_SECOND = 3e6;

test('a long upload has all its wake-ups left when its tab closes, however long it was open', async ({
  journey,
}) => {
  test.setTimeout(10 * 60_000);
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 200 * MIB);
  const tab = await journey.signedInTab();
  const other = await journey.browser.open('about:blank');
  const nextSync = await other.watchSync();
  await tab.bringToFront();
  await proxy.set({ bitsPerSecond: BITS_PER_SECOND, latencyMs: 20 });
  const asked = nextSync('registered');
  await tab.pick([file.path]);
  await asked;
  await rowIs(tab, 'sending');
  // While a tab is open an event succeeds, and what is left is asked for anew: no attempt is used up.
  const renewed = nextSync('registered');
  await renewed;
  const failed = nextSync('failed');
  await other.bringToFront();
  await tab.close();
  const { 'Next Attempt Delay (ms)': delay } = await failed;
  console.log(
    `after the tab closed the first of the attempts ran out; the browser tries again in ${delay} ms`,
  );
  // The first of three: Chromium waits 5 minutes after it, and 15 after the second.
  expect(delay).toBe('300000');
});
