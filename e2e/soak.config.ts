import { defineConfig } from '@playwright/test';

/** The tests that take too long for every run: `npm run soak`. */
export default defineConfig({
  testDir: '.',
  testMatch: '*.soak.ts',
  outputDir: '../test-results/soak',
  workers: 1,
  timeout: 15 * 60_000,
  reporter: [['list']],
});
