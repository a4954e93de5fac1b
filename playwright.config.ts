import { defineConfig } from '@playwright/test';

/** They tell how smooth a page is: nothing else is to run beside them. */
const calm = /(library-scroll|lighthouse|many-files)\.spec\.ts$/;

export default defineConfig({
  testDir: 'e2e',
  testMatch: '*.spec.ts',
  outputDir: 'test-results/browser',
  // On two cores: most of a test is waiting for a slow network, for a server to be back, for time to run out.
  workers: 2,
  timeout: 120_000,
  forbidOnly: Boolean(process.env.CI),
  // A promise that holds at the second try is not kept.
  retries: 0,
  reporter: [['list'], ['json', { outputFile: 'test-results/browser.json' }]],
  projects: [
    { name: 'browser', testIgnore: calm },
    { name: 'calm', testMatch: calm, workers: 1, dependencies: ['browser'] },
  ],
});
