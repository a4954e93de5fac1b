import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'e2e',
  testMatch: '*.spec.ts',
  outputDir: 'test-results/browser',
  // Two at once would fit two cores in time, but what is on a wire as it is cut then depends on how busy they are.
  workers: 1,
  timeout: 120_000,
  forbidOnly: Boolean(process.env.CI),
  // A promise that holds at the second try is not kept.
  retries: 0,
  reporter: [['list'], ['json', { outputFile: 'test-results/browser.json' }]],
});
