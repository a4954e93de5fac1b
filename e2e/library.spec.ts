import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';
import { poll } from './poll.ts';

test('what was uploaded is listed, renamed, downloaded and deleted', async ({ journey }) => {
  const file = await journey.file('Ergebnis größer.bin', 12 * MIB);
  const tab = await journey.signedInTab();
  await tab.pick([file.path]);
  await rowIs(tab, 'stored');
  await tab.go(`${journey.stage.origin}/library`);
  await tab.until(() => document.querySelector('[data-file]')?.textContent?.includes('Ergebnis größer.bin'));

  await tab.click('[data-file] [data-do=rename]');
  await tab.enter('[data-file] input', 'result.bin');
  await tab.until(() => document.querySelector('[data-file]')?.textContent?.includes('result.bin'));

  await tab.downloadTo(journey.folder);
  await tab.click('[data-file] a[download]');
  const copy = join(journey.folder, 'result.bin');
  const downloaded = await poll('the download', 20_000, async () => {
    const bytes = await readFile(copy).catch(() => null);
    return bytes?.length === file.bytes ? bytes : undefined;
  });
  expect(createHash('sha256').update(downloaded).digest('hex')).toBe(file.sha256);

  await tab.click('[data-file] [data-do=delete]');
  await tab.click('[data-file] [data-do=delete-now]');
  await tab.until(() => !document.querySelector('[data-file]'));
  expect(await journey.library(tab)).toEqual([]);
});
