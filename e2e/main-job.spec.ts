import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';
import { signIn } from './sign-in.ts';

test('a file that is picked arrives whole, once, and is in the library', async ({ journey }) => {
  const { stage, browser } = journey;
  const file = await journey.file('holiday.bin', 200 * MIB);
  const tab = await browser.open('about:blank');
  await signIn(tab, stage);
  stage.proxy.forget();
  await tab.pick([file.path]);
  await rowIs(tab, 'stored');

  expect(stage.proxy.counts.fromClients).toBeLessThanOrEqual(1.01 * file.bytes);
  expect(await journey.library(tab)).toEqual([
    { name: 'holiday.bin', size: file.bytes, sha256: file.sha256 },
  ]);
});
