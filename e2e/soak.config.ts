import { defineConfig } from '@playwright/test';
import base from '../playwright.config.ts';

const { projects: _, ...rest } = base;

/** The tests that take too long for every run, one after the other: `npm run soak`. */
export default defineConfig({
  ...rest,
  workers: 1,
  testDir: '.',
  testMatch: '*.soak.ts',
  outputDir: '../test-results/soak',
  timeout: 15 * 60_000,
  reporter: [['list']],
});
