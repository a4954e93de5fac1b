import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from '@playwright/test';
import { launchUi } from './browser.ts';
import { Middlebox } from './middlebox.ts';
import { buildPseudo } from './pseudo-locale.ts';
import { SCREENS_ENV, type Walk } from './screens/steps.ts';
import { startStage } from './stage.ts';

/** A real language instead of the pseudo-locale, such as `HOLDFAST_LANGUAGE=ar`, which runs from right to left. */
export const LANGUAGE = process.env.HOLDFAST_LANGUAGE ?? null;

/**
 * The test runner with a `walk` over the screens of the app in the pseudo-locale. Building it and starting a server and a
 * browser takes a while, so that all tests of a file share them.
 */
export const test = base.extend<object, { pseudoApp: string; walk: Walk }>({
  pseudoApp: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern what a fixture needs
    async ({}, use) => {
      if (LANGUAGE !== null) return use(join(import.meta.dirname, '..', 'dist'));
      const folder = await mkdtemp(join(tmpdir(), 'holdfast-pseudo-'));
      await use(await buildPseudo(folder));
      await rm(folder, { recursive: true, force: true });
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  walk: [
    async ({ pseudoApp }, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'holdfast-screens-'));
      const stage = await startStage({ env: { ...SCREENS_ENV, APP_DIR: pseudoApp } });
      const box = await Middlebox.start(stage.server.port);
      stage.proxy.targetPort = box.port;
      const context = await launchUi({ profile: join(folder, 'profile'), locale: LANGUAGE ?? 'en' });
      const page = context.pages()[0] ?? (await context.newPage());
      await use({ page, stage, box, folder, hasNewWorker: false });
      await context.close();
      box.close();
      await stage.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
    { scope: 'worker', timeout: 90_000 },
  ],
});
