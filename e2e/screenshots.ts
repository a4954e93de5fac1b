// Takes the pictures that the manifest shows of the app: `npx node e2e/screenshots.ts`, after a build.
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import sharp from 'sharp';
import { launchUi } from './browser.ts';
import { pageDriver, signIn } from './sign-in.ts';
import { startStage } from './stage.ts';
import { makeFile } from './test-file.ts';

const MIB = 1024 * 1024;
const folder = join(import.meta.dirname, '..', 'app', 'public', 'screenshots');
const sizes = {
  wide: { width: 1280, height: 800 },
  narrow: { width: 390, height: 844 },
} as const;
const names = ['Interview with Amina.mp4', 'Harvest survey.xlsx', 'Village school.jpg', 'Field notes.pdf'];

const stage = await startStage();
const context = await launchUi();
const page = context.pages()[0] ?? (await context.newPage());
// An offer is no part of what the app looks like.
await page.addInitScript(() => localStorage.setItem('holdfast.install-refused', String(Date.now())));
await signIn(pageDriver(page), stage);
const files = await Promise.all(
  names.map((name, n) => makeFile(join(tmpdir(), name), (n === 0 ? 90 : n) * MIB, n)),
);
await page.setInputFiles(
  'input[data-pick]',
  files.slice(1).map(({ path }) => path),
);
await page.waitForFunction(
  (n) => document.querySelectorAll('[data-state=stored]').length === n,
  names.length - 1,
);
await stage.proxy.set({ bitsPerSecond: 24e6 });
await page.setInputFiles('input[data-pick]', files[0]?.path ?? '');
await page.waitForSelector('[data-state=sending][data-safe=yes]');
await mkdir(folder, { recursive: true });
for (const [name, size] of Object.entries(sizes)) {
  await page.setViewportSize(size);
  await take(page, join(folder, `${name}.png`));
}
await context.close();
await stage.close();

/** A few colours are enough for it: the files stay small. */
async function take(from: Page, file: string): Promise<void> {
  const shot = await from.screenshot();
  await sharp(shot).png({ palette: true, colours: 64, effort: 10 }).toFile(file);
}
