import { expect } from '@playwright/test';
import { test } from './journey.ts';

test('the app is installable, and its manifest is without fault', async ({ journey }) => {
  const tab = await journey.browser.open(`${journey.stage.origin}/signin`);
  await tab.until(() => navigator.serviceWorker.controller);
  // The page names the manifest of its language, which the browser takes in by and by.
  await expect
    .poll(() => tab.installability(), { timeout: 20_000 })
    .toEqual({ errors: [], manifestErrors: [] });
});
