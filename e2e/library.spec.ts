import { basename, join } from 'node:path';
import { expect } from '@playwright/test';
import { downloadedMembers, downloadedSha256 } from './downloads.ts';
import { type Journey, MIB, rowIs, test } from './journey.ts';
import { seedLibrary } from './library-seed.ts';
import { poll } from './poll.ts';
import type { Tab } from './tab.ts';

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
  expect(await downloadedSha256(join(journey.folder, 'result.bin'), file.bytes)).toBe(file.sha256);

  await tab.click('[data-file] [data-do=delete]');
  await tab.click('[data-file] [data-do=delete-now]');
  await tab.until(() => !document.querySelector('[data-file]'));
  await serverHas(journey, tab, 0);
});

test('many files are searched, sorted, selected, downloaded at once, deleted and had back', async ({
  journey,
}) => {
  const wanted = [
    ['market list.txt', 3000],
    ['harbour at dawn.bin', 1000],
    ['harbour at noon.bin', 2000],
  ] as const;
  const files = await Promise.all(wanted.map(([name, bytes], n) => journey.file(name, bytes, n)));
  const tab = await journey.signedInTab();
  await tab.pick(files.map(({ path }) => path));
  await tab.until(() => document.querySelectorAll('[data-upload][data-state=stored]').length === 3);
  await tab.go(`${journey.stage.origin}/library`);

  await tab.enter('[data-search]', 'BOUR at DA');
  await listed(tab, ['harbour at dawn.bin']);
  await tab.enter('[data-search]', 'yacht');
  await tab.click('[data-do=show-all]');
  await sortBy(tab, 'name');
  await listed(tab, ['harbour at dawn.bin', 'harbour at noon.bin', 'market list.txt']);
  await sortBy(tab, 'largest');
  await listed(tab, ['market list.txt', 'harbour at noon.bin', 'harbour at dawn.bin']);

  await selectAll(tab, 3);
  const folder = join(journey.folder, 'downloads');
  await tab.downloadTo(folder);
  await tab.click('[data-do-all=download]');
  expect(await downloadedMembers(folder)).toEqual(
    Object.fromEntries(files.map(({ path, sha256 }) => [basename(path), sha256])),
  );

  await tab.click('[data-do-all=delete]');
  await tab.click('[data-do-all=delete-now]');
  await listed(tab, []);
  await serverHas(journey, tab, 0);
  await tab.click('[data-do=undo-delete]');
  await listed(tab, ['market list.txt', 'harbour at noon.bin', 'harbour at dawn.bin']);
  await serverHas(journey, tab, 3);
  expect((await journey.library(tab)).map(({ sha256 }) => sha256).toSorted()).toEqual(
    files.map(({ sha256 }) => sha256).toSorted(),
  );
});

test('all that was deleted at once is deleted, though its page is left at once', async ({ journey }) => {
  const { origin } = journey.stage;
  const tab = await journey.signedInTab();
  await seedLibrary(journey.stage, tab, 200);
  await tab.go(`${origin}/library`);
  await tab.until(() => document.querySelector('[data-file]'));
  await selectAll(tab, 200);
  await tab.click('[data-do-all=delete]');
  await tab.click('[data-do-all=delete-now]');
  await tab.go(`${origin}/settings`);
  await serverHas(journey, tab, 0);
});

/** Deletions are shown before the server has heard of them. */
function serverHas({ stage }: Journey, tab: Tab, count: number): Promise<true> {
  return poll(`the server to have ${count} files`, 10_000, async () => {
    const files = await stage.server.files(await tab.cookieHeader(stage.origin));
    return files.length === count || undefined;
  });
}

function listed(tab: Tab, names: string[]): Promise<void> {
  return tab.until((wanted) => {
    const shown = [...document.querySelectorAll('[data-file] .file-open [title]')].map((name) =>
      name.getAttribute('title'),
    );
    return JSON.stringify(shown) === JSON.stringify(wanted);
  }, names);
}

async function sortBy(tab: Tab, order: string): Promise<void> {
  await tab.until((value) => document.querySelector(`[data-order] option[value="${value}"]`), order);
  await tab.evaluate((value) => {
    const select = document.querySelector<HTMLSelectElement>('[data-order]');
    if (select) select.value = value;
    select?.dispatchEvent(new Event('change', { bubbles: true }));
  }, order);
}

async function selectAll(tab: Tab, count: number): Promise<void> {
  await tab.evaluate(() =>
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', ctrlKey: true, bubbles: true })),
  );
  await tab.until((n) => document.querySelector(`[data-selection="${n}"]`), count);
}
