import { expect } from '@playwright/test';
import de from '../locales/de.json' with { type: 'json' };
import en from '../locales/en.json' with { type: 'json' };
import { askForFiles, endSessions, expire } from './account-end.ts';
import { linesOf } from './diagnostics.ts';
import { about, MIB, rowIs, rowIsSafe, test } from './journey.ts';
import { enterCode } from './sign-in.ts';
import type { Tab } from './tab.ts';

test('who looks elsewhere is told of an expiry once, in their language; who looks at the app is not', async ({
  journey,
}) => {
  const { stage, browser } = journey;
  const tab = await journey.signedInTab();
  const other = await browser.open(`${stage.origin}/library`);
  await browser.permit(stage.origin, 'notifications', 'granted');

  await test.step('a focused window: none, whichever tab asked', async () => {
    await expire(stage, tab, [tab, other]);
    await told(tab, 'page');
    expect(await shown(tab)).toEqual([]);
    expect(await signs(other)).toEqual({ isTitleMarked: false, isIconMarked: false });
  });

  await signInAgain(tab);
  await tab.evaluate(() => localStorage.setItem('holdfast.language', 'de'));
  await tab.reload();
  for (const one of [tab, other]) await one.until(() => document.documentElement.lang === 'de');

  await test.step('windows, and none of them focused: one', async () => {
    const blank = await browser.open('about:blank');
    await expire(stage, tab, [tab, other]);
    await told(tab, 'notification');
    const { epoch } = await about(tab);
    const { title, body } = de.notice.expired;
    expect(await shown(tab)).toEqual([{ tag: `expired-${epoch}`, title, body, lang: 'de' }]);
    // Title and icon say it too, until somebody looks.
    expect(await signs(tab)).toEqual({ isTitleMarked: true, isIconMarked: true });
    // More refusals of the same expiry say nothing more.
    await askForFiles(other);
    await other.reload();
    await other.waitForPath('/signin');
    expect(await shown(tab)).toHaveLength(1);
    await blank.close();
  });

  await test.step('after signing in it is gone', async () => {
    await signInAgain(tab);
    await tab.until(async () => {
      return (await (await navigator.serviceWorker.ready).getNotifications()).length === 0;
    });
  });

  await test.step('forbidden: none, but title and icon say it until seen, and the log says why', async () => {
    await browser.permit(stage.origin, 'notifications', 'denied');
    await tab.reload();
    const blank = await browser.open('about:blank');
    await expire(stage, tab, [tab, other]);
    await told(tab, 'badge');
    expect(await shown(tab)).toEqual([]);
    expect(await linesOf(tab, 'expired: ')).toContain('expired: told by badge, notifications denied');
    expect((await linesOf(tab, 'Permissions: ')).at(-1)).toContain('notifications denied');
    expect(await signs(tab)).toEqual({ isTitleMarked: true, isIconMarked: true });
    await tab.bringToFront();
    await tab.until(() => !document.title.startsWith('(!)'));
    expect(await signs(tab)).toEqual({ isTitleMarked: false, isIconMarked: false });
    await blank.close();
  });

  async function signInAgain(where: Tab): Promise<void> {
    await where.bringToFront();
    await enterCode(where, stage);
    await where.waitForPath('/app');
    await other.waitForPath('/library');
  }
});

test('with no window at all, the upload that meets the expiry has it told', async ({ journey }) => {
  const { stage, browser } = journey;
  const { proxy, origin } = stage;
  const file = await journey.file('film.bin', 16 * MIB);
  const blank = await browser.open('about:blank');
  const tab = await journey.signedInTab();
  await browser.permit(origin, 'notifications', 'granted');
  await proxy.set({ bitsPerSecond: 16e6 });
  await tab.pick([file.path]);
  await rowIsSafe(tab);
  await proxy.set({ refuse: true });
  proxy.resetAll();
  await rowIs(tab, 'waiting');
  await endSessions(stage, tab);
  await tab.close();
  await blank.stopWorkers();
  await proxy.set({ refuse: false, bitsPerSecond: null });

  // More than one wake-up meets the same expiry.
  await blank.dispatchSync(origin, 'workbox-background-sync:holdfast-wake');
  await blank.dispatchSync(origin, 'workbox-background-sync:holdfast-wake');
  const next = await browser.open('about:blank');
  // A page of our origin that is not the app: it shows what the browser shows, and changes nothing.
  await next.go(`${origin}/favicon.svg`);
  // The second wake-up may show the same one anew, and for a moment there is none.
  await expect
    .poll(() => shown(next), { timeout: 30_000 })
    .toMatchObject([{ title: en.notice.expired.title, body: en.notice.expired.body, lang: 'en' }]);

  await next.go(`${origin}/app`);
  await next.waitForPath('/signin');
  await next.until(() => document.querySelectorAll('[data-notice="session-expired"]').length === 1);
  expect(await shown(next)).toHaveLength(1);
  await enterCode(next, stage);
  await rowIs(next, 'stored');
  expect(await shown(next)).toEqual([]);
});

/** Waits until the worker has decided how the last expiry is told. */
async function told(tab: Tab, by: string): Promise<void> {
  await expect
    .poll(async () => (await linesOf(tab, 'expired: told by')).at(-1))
    .toMatch(`expired: told by ${by},`);
}

/** The notifications that the browser shows for the app. */
function shown(tab: Tab): Promise<{ tag: string; title: string; body: string; lang: string }[]> {
  return tab.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration('/');
    const notifications = (await registration?.getNotifications()) ?? [];
    return notifications.map(({ tag, title, body, lang }) => ({ tag, title, body, lang }));
  });
}

/** Whether the tab itself says that nobody has seen the expiry yet. */
function signs(tab: Tab): Promise<{ isTitleMarked: boolean; isIconMarked: boolean }> {
  return tab.evaluate(() => {
    const icon = document.querySelector('link[rel="icon"]')?.getAttribute('href');
    return {
      isTitleMarked: document.title.startsWith('(!)'),
      isIconMarked: icon === '/favicon-badge.svg',
    };
  });
}
