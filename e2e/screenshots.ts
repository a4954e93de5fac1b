// Takes the pictures that the manifest and the README show of the app: `npx node e2e/screenshots.ts`, after a build.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import sharp from 'sharp';
import { launchUi } from './browser.ts';
import { MIB } from './journey.ts';
import { pageDriver, signIn } from './sign-in.ts';
import { startStage } from './stage.ts';
import { makeFile } from './test-file.ts';

const root = join(import.meta.dirname, '..');
const ofManifest = join(root, 'app', 'public', 'screenshots');
const ofReadme = join(root, 'docs');
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

/** Bytes of no meaning, by name and MiB. */
const papers = { 'Harvest survey.xlsx': 1, 'Field notes.pdf': 3, 'Interview with Omar.m4a': 2 };
/** Pictures of a sky and the land below it, by name. */
const views = {
  'Village school.jpg': ['#f6c177', '#8a4f2b'],
  'River at noon.jpg': ['#9ccfd8', '#2f6f68'],
  'Market square.jpg': ['#eb6f92', '#5a3a52'],
  'Road north.jpg': ['#c4a7e7', '#4c5a3a'],
  'Terraces.jpg': ['#a8d8b9', '#2c5f3f'],
} as const;
const FILM = 'Interview with Amina.mp4';

const folder = await mkdtemp(join(tmpdir(), 'holdfast-pictures-'));
const stage = await startStage();
const context = await launchUi();
const page = context.pages()[0] ?? (await context.newPage());
// An offer is no part of what the app looks like.
await page.addInitScript(() => localStorage.setItem('holdfast.install-refused', String(Date.now())));
await page.setViewportSize(WIDE);
await signIn(pageDriver(page), stage);
await page.setInputFiles('input[data-pick]', [...(await writeViews()), ...(await writePapers())]);
const count = Object.keys(papers).length + Object.keys(views).length;
await page.waitForFunction((n) => document.querySelectorAll('[data-state=stored]').length === n, count);

await page.goto(`${stage.origin}/library?order=name`);
await page.click('[data-view=grid]');
await page.waitForFunction(
  (n) =>
    [...document.querySelectorAll<HTMLImageElement>('.thumb img')].filter(
      ({ naturalWidth }) => naturalWidth > 0,
    ).length >= n,
  Object.keys(views).length,
);
await take(page, join(ofReadme, 'library-wide.png'));
await page.emulateMedia({ colorScheme: 'dark' });
await page.setViewportSize(NARROW);
await take(page, join(ofReadme, 'library-narrow-dark.png'));
await page.emulateMedia({ colorScheme: 'light' });

await page.goto(`${stage.origin}/app`);
await stage.proxy.set({ bitsPerSecond: 24e6 });
const film = await makeFile(join(folder, FILM), 90 * MIB);
await page.setInputFiles('input[data-pick]', film.path);
await page.waitForSelector('[data-state=sending][data-safe=yes]');
for (const [name, size] of Object.entries({ wide: WIDE, narrow: NARROW })) {
  await page.setViewportSize(size);
  await take(page, join(ofManifest, `${name}.png`));
}
await page.setViewportSize(WIDE);
await take(page, join(ofReadme, 'uploads-wide.png'));
await context.close();
await stage.close();
await rm(folder, { recursive: true, force: true });

function writeViews(): Promise<string[]> {
  return Promise.all(
    Object.entries(views).map(async ([name, [sky, land]], n) => {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="900">
        <defs><linearGradient id="s" x2="0" y2="1"><stop stop-color="${sky}"/><stop offset="1" stop-color="#fff6e5"/></linearGradient></defs>
        <rect width="1200" height="900" fill="url(#s)"/>
        <circle cx="${250 + n * 170}" cy="${260 + (n % 3) * 50}" r="70" fill="#fffbe8"/>
        <path d="M0 ${600 - n * 20} Q 350 ${430 + n * 25} 640 ${590 - n * 15} T 1200 ${520 + n * 20} V900 H0Z" fill="${land}"/>
        <path d="M0 ${760 - n * 12} Q 420 ${640 + n * 10} 760 760 T 1200 700 V900 H0Z" fill="${land}" opacity=".55"/></svg>`;
      const path = join(folder, name);
      await writeFile(path, await sharp(Buffer.from(svg)).jpeg({ quality: 85 }).toBuffer());
      return path;
    }),
  );
}

function writePapers(): Promise<string[]> {
  return Promise.all(
    Object.entries(papers).map(
      async ([name, mib], n) => (await makeFile(join(folder, name), mib * MIB, n)).path,
    ),
  );
}

/** A few colours are enough for it: the files stay small. */
async function take(from: Page, file: string): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  const shot = await from.screenshot();
  await sharp(shot).png({ palette: true, colours: 128, effort: 10 }).toFile(file);
}
