import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { PlainBrowser } from './browser.ts';
import { signIn } from './sign-in.ts';
import { type Stage, startStage } from './stage.ts';
import { makeFile } from './test-file.ts';

const MIB = 1024 * 1024;

let stage: Stage;
let browser: PlainBrowser;
let folder: string;

test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-files-'));
  stage = await startStage();
  browser = await PlainBrowser.launch();
});

test.afterEach(async () => {
  await browser.close();
  await stage.close();
  await rm(folder, { recursive: true, force: true });
});

test('a file that is picked arrives whole, once, and is in the library', async () => {
  const file = await makeFile(join(folder, 'holiday.bin'), 200 * MIB);
  const tab = await browser.open('about:blank');
  await signIn(tab, stage);
  stage.proxy.forget();
  await tab.pick([file.path]);
  await tab.untilWithin(60_000, () => document.querySelector('[data-upload][data-state=stored]'));

  expect(stage.proxy.counts.fromClients).toBeLessThanOrEqual(1.01 * file.bytes);
  const cookie = await tab.cookieHeader(stage.origin);
  const [stored] = await stage.server.files(cookie);
  expect(stored).toMatchObject({ name: 'holiday.bin', size: file.bytes });
  expect(await stage.server.storedSha256(stored?.id ?? '', cookie)).toBe(file.sha256);
});
