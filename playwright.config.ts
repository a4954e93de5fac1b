import { defineConfig } from '@playwright/test';

/** What is about pages, and hardly about time: it runs beside the rest, most of which waits for something. */
const PAGES =
  /(accessible|drop|focus|frame|install|library|library-offline|methods|previews|share-target|sharing|sign-out|touch|uploads-run-nothing)\.spec\.ts$/;

export default defineConfig({
  testDir: 'e2e',
  testMatch: '*.spec.ts',
  outputDir: 'test-results/browser',
  workers: 2,
  projects: [
    { name: 'journeys', testIgnore: PAGES, workers: 1 },
    { name: 'pages', testMatch: PAGES, workers: 1 },
  ],
  timeout: 120_000,
  forbidOnly: Boolean(process.env.CI),
  // A promise that holds at the second try is not kept.
  retries: 0,
  reporter: [['list'], ['json', { outputFile: 'test-results/browser.json' }]],
});
