import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { PlainBrowser } from './browser.ts';
import { downloadedMembers, downloadedSha256 } from './downloads.ts';
import { test } from './journey.ts';
import type { Tab } from './tab.ts';

test('a shared link shows a stranger what was shared and nothing else, until it is taken back', async ({
  journey,
}) => {
  const { origin } = journey.stage;
  const shared = await journey.file('shared.bin', 300_000);
  const secret = await journey.file('secret.bin', 200_000, 2);
  const tab = await journey.signedInTab();
  await tab.pick([shared.path, secret.path]);
  await tab.until(() => document.querySelectorAll('[data-upload][data-state=stored]').length === 2);
  await tab.go(`${origin}/library`);
  await tab.until(() => document.querySelectorAll('[data-file]').length === 2);
  const link = await share(tab, 'shared.bin', null);

  const other = await PlainBrowser.launch({ profile: join(journey.folder, 'stranger') });
  try {
    const stranger = await other.open(link);
    await stranger.until(() => document.querySelector('[data-shared=open] [data-shared-file]'));
    const seen = await stranger.evaluate(() => document.body.textContent ?? '');
    expect(seen).toContain('shared.bin'.slice(-8));
    expect(seen).not.toContain('secret');
    expect(seen).not.toContain(journey.stage.person);
    expect(
      await stranger.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length),
    ).toBe(0);
    await stranger.downloadTo(join(journey.folder, 'downloads'));
    await stranger.click('[data-shared-file] [data-do=download]');
    const copy = join(journey.folder, 'downloads', 'shared.bin');
    expect(await downloadedSha256(copy, shared.bytes)).toBe(shared.sha256);

    const locked = await share(tab, 'secret.bin', 'open sesame');
    await stranger.go(locked);
    await stranger.enter('[data-shared-lock] input[name=share-password]', 'open barley');
    await stranger.until(() => document.querySelector('#shared-refusal:not(:empty)'));
    await stranger.enter('[data-shared-lock] input[name=share-password]', 'open sesame');
    await stranger.until(() => document.querySelector('[data-shared=open] [data-shared-file]'));

    await tab.go(`${origin}/settings`);
    await tab.until(() => document.querySelectorAll('[data-share]').length === 2);
    for (const left of [1, 0]) {
      await tab.click('[data-share] [data-do=revoke]');
      await tab.click('[data-share] [data-do=revoke-now]');
      await tab.until((n) => document.querySelectorAll('[data-share]').length === n, left);
    }
    for (const gone of [link, locked, `${origin}/s/never-was`]) {
      await stranger.go(gone);
      await stranger.until(() => document.querySelector('[data-shared=gone]'));
    }
  } finally {
    await other.close({ deleteProfile: true });
  }
});

test('whoever looks at a link keeps its list when the network fails and when all downloads are used up', async ({
  journey,
}) => {
  const shared = await journey.file('once.bin', 100_000);
  const tab = await journey.signedInTab();
  await tab.pick([shared.path]);
  await tab.until(() => document.querySelector('[data-upload][data-state=stored]'));
  // Right where it has arrived.
  await tab.click('[data-upload] [data-do=share]');
  await tab.click('dialog .share-more summary');
  await tab.fill('dialog input[name=share-most]', '1');
  const link = await createLink(tab);

  const other = await PlainBrowser.launch({ profile: join(journey.folder, 'stranger') });
  try {
    const stranger = await other.open(link);
    await stranger.until(() => document.querySelector('[data-shared=open] [data-shared-file]'));
    // Asked again while nobody answers, as when somebody comes back to the page.
    const asked = await stranger.evaluate(async () => {
      const real = window.fetch;
      let refused = 0;
      window.fetch = async () => {
        refused += 1;
        throw new TypeError('Failed to fetch');
      };
      dispatchEvent(new Event('online'));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      window.fetch = real;
      return refused;
    });
    expect(asked).toBe(1);
    expect(await shownOf(stranger)).toEqual({ at: 'open', files: 1 });

    await stranger.downloadTo(join(journey.folder, 'downloads'));
    await stranger.evaluate(() => document.querySelector<HTMLElement>('[data-do=download]')?.focus());
    await stranger.click('[data-shared-file] [data-do=download]');
    await stranger.until(() => document.querySelector('[data-shared=used-up] [role=status]:not(:empty)'));
    expect(await stranger.evaluate(() => document.activeElement?.matches('[aria-disabled=true]'))).toBe(true);
    expect(await shownOf(stranger)).toEqual({ at: 'used-up', files: 1 });
    const copy = join(journey.folder, 'downloads', 'once.bin');
    expect(await downloadedSha256(copy, shared.bytes)).toBe(shared.sha256);
    // To whoever comes anew it leads nowhere.
    await stranger.go(link);
    await stranger.until(() => document.querySelector('[data-shared=gone]'));
  } finally {
    await other.close({ deleteProfile: true });
  }
});

test('the list of links says what became of copying one, and which of them hold nothing any more', async ({
  journey,
}) => {
  const { origin } = journey.stage;
  const shared = await journey.file('note.bin', 1000);
  const tab = await journey.signedInTab();
  await tab.pick([shared.path]);
  await tab.until(() => document.querySelector('[data-upload][data-state=stored]'));
  await tab.go(`${origin}/library`);
  const link = await share(tab, 'note.bin', null);

  await tab.go(`${origin}/settings`);
  await tab.until(() => document.querySelector('[data-share] [data-do=copy]'));
  await clipboard(tab, false);
  await tab.click('[data-share] [data-do=copy]');
  await tab.until(() => document.querySelector('[data-share] [role=status]:not(:empty)'));
  await tab.until((wanted) => {
    const field = document.querySelector<HTMLInputElement>('[data-share] [data-share-link]');
    return field?.value === wanted && field.selectionEnd === wanted.length;
  }, link);
  await clipboard(tab, true);
  await tab.click('[data-share] [data-do=copy]');
  await tab.until(() => !document.querySelector('[data-share] [data-share-link]'));
  await tab.until(() => {
    const said = document.querySelector('[data-share] [role=status]')?.textContent;
    const button = document.querySelector('[data-share] [data-do=copy]');
    return said && button?.textContent === said && !button.ariaLabel;
  });

  await tab.go(`${origin}/library`);
  await tab.click('[data-file] [data-do=delete]');
  await tab.click('[data-do=delete-now]');
  await tab.until(() => !document.querySelector('[data-file]'));
  await tab.go(`${origin}/settings`);
  await tab.until(() => document.querySelector('[data-share][data-end=empty] [data-do=revoke]'));
  expect(await tab.evaluate(() => document.querySelectorAll('[data-share] [data-do=copy]').length)).toBe(0);
});

/** Has the page find a clipboard that lets it write, or does not. */
function clipboard(tab: Tab, isOpen: boolean): Promise<void> {
  return tab.evaluate((lets) => {
    const writeText = () => (lets ? Promise.resolve() : Promise.reject(new Error('no leave')));
    Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText } });
  }, isOpen);
}

function shownOf(tab: Tab): Promise<{ at: string | undefined; files: number }> {
  return tab.evaluate(() => ({
    at: document.querySelector<HTMLElement>('[data-shared]')?.dataset.shared,
    files: document.querySelectorAll('[data-shared-file]').length,
  }));
}

test('a folder comes as one download, to its owner and to whoever has its link', async ({ journey }) => {
  const { origin } = journey.stage;
  const trip = join(journey.folder, 'trip');
  await mkdir(join(trip, 'day one'), { recursive: true });
  const [harbour, market] = await Promise.all([
    journey.file('harbour.bin', 300_000, 1),
    journey.file('market.bin', 20_000, 2),
  ]);
  await rename(harbour.path, join(trip, 'day one', 'harbour.bin'));
  await rename(market.path, join(trip, 'market.bin'));
  const members = { 'day one/harbour.bin': harbour.sha256, 'market.bin': market.sha256 };
  const tab = await journey.signedInTab();
  await tab.drop([trip]);
  await tab.until(() => document.querySelectorAll('[data-upload][data-state=stored]').length === 2);
  await tab.go(`${origin}/library?q=trip%2F`);
  await tab.until(() => document.querySelectorAll('[data-file]').length === 2);
  const mine = join(journey.folder, 'mine');
  await tab.downloadTo(mine);
  await tab.click('[data-do=download-folder]');
  expect(await downloadedMembers(mine)).toEqual(members);

  await tab.click('[data-do=share-folder]');
  await tab.click('dialog .share-more summary');
  await tab.fill('dialog input[name=share-most]', '2');
  const link = await createLink(tab);
  const other = await PlainBrowser.launch({ profile: join(journey.folder, 'stranger') });
  try {
    const stranger = await other.open(link);
    const theirs = join(journey.folder, 'theirs');
    await stranger.downloadTo(theirs);
    await stranger.click('[data-shared=open] [data-do=download-all]');
    expect(await downloadedMembers(theirs)).toEqual(members);
    await stranger.until(() => document.querySelector('[data-shared=used-up] .primary[aria-disabled=true]'));
  } finally {
    await other.close({ deleteProfile: true });
  }
});

/** Shares the file `name` from its row of the library, and gives the link. */
async function share(tab: Tab, name: string, password: string | null): Promise<string> {
  await tab.until((wanted) => document.querySelector(`[data-file] [title="${wanted}"]`), name);
  await tab.evaluate((wanted) => {
    const row = document.querySelector(`[data-file] [title="${wanted}"]`)?.closest('[data-file]');
    row?.querySelector<HTMLElement>('[data-do=share]')?.click();
  }, name);
  if (password !== null) {
    await tab.click('dialog .share-more summary');
    await tab.fill('dialog input[name=share-password]', password);
  }
  return createLink(tab);
}

/** Agrees to what the dialog offers, and gives the link. */
async function createLink(tab: Tab): Promise<string> {
  await tab.click('dialog [data-do=create-share]');
  await tab.until(() => document.querySelector('[data-share-link]'));
  const link = await tab.evaluate(
    () => document.querySelector<HTMLInputElement>('[data-share-link]')?.value ?? '',
  );
  await tab.click('dialog [data-do=done]');
  return link;
}
