import { defineConfig } from '@playwright/test';
import base from '../playwright.config.ts';

/** The tests that take too long for every run: `npm run soak`. */
export default defineConfig({
  ...base,
  testDir: '.',
  testMatch: '*.soak.ts',
  outputDir: '../test-results/soak',
  timeout: 15 * 60_000,
  reporter: [['list']],
});
