import { expect } from '@playwright/test';
import { test } from './journey.ts';

test('the app is installable, and its manifest is without fault', async ({ journey }) => {
  const tab = await journey.browser.open(`${journey.stage.origin}/signin`);
  await tab.until(() => navigator.serviceWorker.controller);
  expect(await tab.installability()).toEqual({ errors: [], manifestErrors: [] });
});
