import { expect } from '@playwright/test';
import { countNotices, expire, noticeCount } from './account-end.ts';
import { rowIs, test } from './journey.ts';
import type { Tab } from './tab.ts';

test('a tab that slept through an expiry, comes back to or just opens shows the notice, and nothing else before', async ({
  journey,
}) => {
  const { stage, browser } = journey;
  const note = await journey.file('note.txt', 1000);
  const watching = await journey.signedInTab();
  await watching.pick([note.path]);
  await rowIs(watching, 'stored');

  const sleeper = await openWatched('/app?tab=frozen');
  const leaver = await openWatched('/library?tab=left');
  await leaver.evaluate(() => Reflect.set(globalThis, 'isSamePage', true));
  await leaver.go(`${stage.origin}/favicon.svg`);
  await watching.bringToFront();
  await sleeper.setFrozen(true);
  await expire(stage, watching);

  await test.step('frozen', async () => {
    await sleeper.bringToFront();
    await sleeper.setFrozen(false);
    await expectNotice(sleeper, '/app?tab=frozen');
  });
  await test.step('out of the back-forward cache', async () => {
    await leaver.bringToFront();
    await leaver.evaluate(() => history.back());
    await leaver.waitForPath('/signin');
    test.info().annotations.push({
      type: 'figure',
      description: `back-forward cache: ${await leaver.evaluate(() => Reflect.has(globalThis, 'isSamePage'))}`,
    });
    await expectNotice(leaver, '/library?tab=left');
  });
  await test.step('just opening', async () => {
    const opener = await browser.open('about:blank');
    await opener.beforeScripts(countNotices);
    await opener.beforeScripts(watchForFiles);
    await opener.go(`${stage.origin}/library?tab=new`);
    await expectNotice(opener, '/library?tab=new');
  });

  async function openWatched(path: string): Promise<Tab> {
    const tab = await browser.open('about:blank');
    await tab.beforeScripts(countNotices);
    await tab.beforeScripts(watchForFiles);
    await tab.go(stage.origin + path);
    await tab.until(() => document.querySelector('[data-upload], [data-file]'));
    return tab;
  }

  async function expectNotice(tab: Tab, path: string): Promise<void> {
    await tab.waitForPath('/signin');
    await tab.until(() => document.querySelector('[data-notice="session-expired"]'));
    expect(await noticeCount(tab)).toBe(1);
    expect(await tab.evaluate(() => new URLSearchParams(location.search).get('returnTo'))).toBe(path);
    expect(await tab.evaluate(() => Reflect.get(globalThis, 'filesSeen'))).toEqual([]);
  }
});

/**
 * In the page: gathers whatever shows of files, at each change and before each frame, in `filesSeen`. A page that falls
 * asleep forgets what it showed by right until then.
 */
function watchForFiles(): void {
  const seen: string[] = [];
  Reflect.set(globalThis, 'filesSeen', seen);
  const look = () => {
    for (const row of document.querySelectorAll('[data-upload], [data-file]')) {
      const isSeen = row.checkVisibility({ visibilityProperty: true, opacityProperty: true });
      if (isSeen) seen.push(row.textContent ?? '');
    }
  };
  const frame = () => {
    look();
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  const forget = () => {
    seen.length = 0;
  };
  document.addEventListener('freeze', forget);
  addEventListener('pagehide', forget);
}
