import { test as base, expect, type Page } from '@playwright/test';
import { languages } from '../shared/language.ts';
import { launchUi } from './browser.ts';
import { pageDriver, signIn } from './sign-in.ts';
import { type Stage, startStage } from './stage.ts';
import { makeFile } from './test-file.ts';

const MIB = 1024 * 1024;

/** A server, and a page in a browser of its own. */
const test = base.extend<{ stage: Stage; page: Page }>({
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads the names of fixtures from the pattern
  stage: async ({}, use) => {
    const stage = await startStage();
    await use(stage);
    await stage.close();
  },
  page: async ({ stage }, use) => {
    const context = await launchUi();
    await use(context.pages()[0] ?? (await context.newPage()));
    await context.close();
    expect(stage.server.log).not.toContain('a request failed');
  },
});

const row = (state: string) => `[data-upload][data-state=${state}]`;

test('each language is shown whole, in its direction, by a manifest without fault, and stays', async ({
  stage,
  page,
}) => {
  test.setTimeout(180_000);
  await page.goto(`${stage.origin}/signin`);
  const client = await page.context().newCDPSession(page);
  for (const language of Object.keys(languages)) {
    await page.locator('.avatar').click();
    await page.locator('.menu [data-language]').selectOption(language);
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    await page.reload();
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    await expect(page.locator('html')).toHaveAttribute('dir', language === 'ar' ? 'rtl' : 'ltr');
    await expect(page.locator('h1, h2').first()).toBeVisible();
    // A text that is missing shows as its key.
    expect(await page.locator('body').textContent()).not.toMatch(/\b(app|signIn|account|common)\.[a-zA-Z]/);
    const manifest = async () => {
      const { url, errors } = await client.send('Page.getAppManifest');
      return [url, errors];
    };
    // The browser takes in another address by and by.
    await expect
      .poll(manifest, { timeout: 20_000 })
      .toEqual([`${stage.origin}/manifest.${language}.webmanifest`, []]);
    expect((await client.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([]);
  }
});

test('the theme is chosen once for all tabs, and is there before anything is painted', async ({
  stage,
  page,
}) => {
  await signIn(pageDriver(page), stage);
  const other = await page.context().newPage();
  await other.goto(`${stage.origin}/settings`);
  await other.locator('[data-theme-choice]').selectOption('dark');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.locator('html')).toHaveCSS('background-color', 'rgb(15, 21, 19)');
  const colors = (one: Page) =>
    one
      .locator('meta[name=theme-color]')
      .evaluateAll((all) => all.map((meta) => meta.getAttribute('content')));
  expect(await colors(page)).toEqual(['#0f1513', '#0f1513']);

  // Without a byte of the app's own script.
  await page.context().route('**/assets/*.js', (route) => route.abort());
  await page.reload({ waitUntil: 'commit' });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');

  await other.locator('[data-theme-choice]').selectOption('system');
  await expect(other.locator('html')).not.toHaveAttribute('data-theme');
  expect(await colors(other)).toEqual(['#f4f2ec', '#0f1513']);
});

test('on a metered connection uploads wait where a person wants that, and go on when they do not', async ({
  stage,
  page,
}, info) => {
  const file = await makeFile(info.outputPath('film.bin'), 4 * MIB);
  await page.addInitScript(() => {
    const connection = Object.assign(new EventTarget(), { saveData: true });
    Object.defineProperty(navigator, 'connection', { value: connection });
  });
  await signIn(pageDriver(page), stage);
  await page.goto(`${stage.origin}/settings`);
  await page.locator('[data-do="only-unmetered"]').click();
  await page.setInputFiles('input[data-pick]', file.path);
  await expect(page.locator(row('waiting'))).toBeVisible();

  await page.goto(`${stage.origin}/settings`);
  await page.locator('[data-do="only-unmetered"]').click();
  await page.locator('.tabs a[href="/app"]').click();
  await expect(page.locator(row('stored'))).toBeVisible({ timeout: 30_000 });
});

test('the main job can be done by the keyboard alone', async ({ stage, page }, info) => {
  const file = await makeFile(info.outputPath('film.bin'), 24 * MIB);
  const { keyboard } = page;
  // From the start: the browser hands choosers over only some time after it was asked to.
  const chooser = page.waitForEvent('filechooser');
  await page.goto(`${stage.origin}/signin`);
  await focus(page, 'input[name=email]');
  const askedAt = Date.now();
  await keyboard.type('ada@example.org');
  await keyboard.press('Enter');
  await expect(page.locator('input[name=code]')).toBeFocused();
  await keyboard.type(await stage.server.codeFor('ada@example.org', askedAt));
  await keyboard.press('Enter');
  await page.waitForURL('**/app');
  await expect(page.locator('.drop-area')).toBeVisible();

  await keyboard.press('?');
  await expect(page.locator('[data-dialog=shortcuts]')).toBeVisible();
  await keyboard.press('Escape');
  await expect(page.locator('[data-dialog=shortcuts]')).toHaveCount(0);

  await stage.proxy.set({ bitsPerSecond: 16e6 });
  await keyboard.press('u');
  await (await chooser).setFiles(file.path);
  await expect(page.locator(row('sending'))).toBeVisible();
  await focus(page, '[data-upload] [data-do=pause]');
  await keyboard.press('Enter');
  await expect(page.locator(row('paused'))).toBeVisible();
  await focus(page, '[data-upload] [data-do=resume]');
  await keyboard.press('Enter');
  await stage.proxy.set({ bitsPerSecond: null });
  await expect(page.locator(row('stored'))).toBeVisible({ timeout: 60_000 });

  await keyboard.press('g');
  await keyboard.press('l');
  await page.waitForURL('**/library');
  await expect(page.locator('[data-file]')).toBeVisible();
  await keyboard.press('g');
  await keyboard.press('u');
  await page.waitForURL('**/app');
  await focus(page, '.avatar');
  await keyboard.press('Enter');
  await focus(page, '[data-sign-out]');
  await keyboard.press('Enter');
  await page.waitForURL('**/signin*');
});

test('settings say what this browser can and cannot do, and look for a new version', async ({
  stage,
  page,
}) => {
  await signIn(pageDriver(page), stage);
  await page.goto(`${stage.origin}/settings`);
  await expect(page.locator('[data-limit=privateWindow]')).toBeVisible();
  await page.locator('[data-do=check-update]').click();
  await expect(page.locator('[data-update=current]')).toBeVisible();
  await page.locator('[data-do=persist]').click();
  await expect(page.locator('[data-persistent=refused], [data-persistent=granted]')).toBeVisible();
});

/** Presses Tab until the first of what `selector` names has the focus, as somebody without a mouse does. */
async function focus(page: Page, selector: string): Promise<void> {
  const wanted = page.locator(selector).first();
  await expect(wanted).toBeVisible();
  for (let presses = 0; presses < 40; presses++) {
    if (await wanted.evaluate((one) => one === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${selector} is not reached within 40 presses of Tab`);
}
