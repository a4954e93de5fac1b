import { expect } from '@playwright/test';
import { askForFiles, countNotices, endSessions, noticeCount } from './account-end.ts';
import { about, type Journey, test } from './journey.ts';
import { Middlebox } from './middlebox.ts';
import { poll } from './poll.ts';
import { enterCode } from './sign-in.ts';
import type { Tab } from './tab.ts';

const TABS = 4;

interface Scene {
  journey: Journey;
  box: Middlebox;
  tabs: readonly Tab[];
  /** In which the database is held or written. */
  first: Tab;
}

/** Brings an expiry to one step of its way and stops the worker there. */
const steps: Record<string, (scene: Scene) => Promise<void>> = {
  'after the 401, before the probe is answered': async ({ box, tabs, first }) => {
    const asked = Promise.withResolvers<void>();
    const held = Promise.withResolvers<null>();
    box.rule = ({ url }) => {
      if (url !== '/api/session') return null;
      asked.resolve();
      return held.promise;
    };
    const answers = tabs.map(askForFiles);
    await asked.promise;
    await first.stopWorkers();
    box.rule = () => null;
    held.resolve(null);
    // Chromium gives what that worker had not answered to the next one.
    await Promise.all(answers);
  },
  'after the answer to the probe, before the row is written': async ({ journey, tabs, first }) => {
    const { proxy } = journey.stage;
    proxy.forget();
    await first.evaluate(holdAccountRow);
    const answers = tabs.map(askForFiles);
    await poll('the answer to the probe', 10_000, () => {
      return (
        proxy.requests.some(({ path, status }) => path === '/api/session' && status === 401) || undefined
      );
    });
    await first.stopWorkers();
    await first.evaluate(releaseAccountRow);
    await Promise.all(answers);
  },
  // Nothing from outside can come between these two, so the row is left as a worker leaves it that dies there.
  'after the row is written, before anyone is told': async ({ first }) => {
    await first.stopWorkers();
    await first.evaluate(writeAccountRow, { at: 'expired' });
  },
  'after all were told, before that is written': async ({ first, tabs }) => {
    await askForFiles(first);
    for (const tab of tabs) await tab.waitForPath('/signin');
    await first.until(async () => {
      return (await (await navigator.serviceWorker.ready).getNotifications()).length === 1;
    });
    await first.stopWorkers();
    await first.evaluate(writeAccountRow, { at: 'told-again' });
  },
};

test('a worker that is stopped at any step of an expiry leaves one notice in each tab, and one notification', async ({
  journey,
}) => {
  const { stage, browser } = journey;
  const first = await journey.signedInTab();
  const tabs = [first];
  while (tabs.length < TABS) tabs.push(await browser.open(`${stage.origin}/library?tab=${tabs.length}`));
  for (const tab of tabs) await tab.beforeScripts(countNotices);
  await browser.permit(stage.origin, 'notifications', 'granted');
  await browser.open('about:blank'); // what a person looks at
  const box = await Middlebox.start(stage.server.port);
  stage.proxy.targetPort = box.port;
  stage.proxy.resetAll();

  for (const [name, reach] of Object.entries(steps)) {
    await test.step(name, async () => {
      for (const tab of tabs) await tab.reload();
      for (const tab of tabs) await tab.until(() => document.querySelector('h1, [data-pick]'));
      await endSessions(stage, first);
      await reach({ journey, box, tabs, first });

      // Whatever a person does next, in any of the tabs, starts the next worker.
      for (const tab of tabs) await askForFiles(tab);
      for (const tab of tabs) await tab.waitForPath('/signin');
      const { epoch } = await about(first);
      await first.until(async () => {
        return (await (await navigator.serviceWorker.ready).getNotifications()).length > 0;
      });
      expect(await first.evaluate(shownTags)).toEqual([`expired-${epoch}`]);
      expect(await Promise.all(tabs.map(noticeCount))).toEqual(tabs.map(() => 1));

      await enterCode(first, stage);
      await first.waitForPath('/app');
      for (const tab of tabs.slice(1)) await tab.waitForPath('/library');
    });
  }
  box.close();
});

async function shownTags(): Promise<string[]> {
  const notifications = await (await navigator.serviceWorker.ready).getNotifications();
  return notifications.map(({ tag }) => tag);
}

/** In a page: the worker can write nothing about the account until `releaseAccountRow`. */
function holdAccountRow(): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('holdfast');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      Reflect.set(globalThis, 'isAccountHeld', true);
      const rows = opening.result.transaction('account', 'readwrite').objectStore('account');
      // A transaction lives for as long as it is asked for something.
      const ask = () => {
        rows.get('now').onsuccess = () => {
          resolve();
          if (Reflect.get(globalThis, 'isAccountHeld')) ask();
          else opening.result.close();
        };
      };
      ask();
    };
  });
}

function releaseAccountRow(): void {
  Reflect.set(globalThis, 'isAccountHeld', false);
}

/** In a page: the row of somebody signed in becomes that of an expiry; of one that was told, one that was not. */
function writeAccountRow({ at }: { at: 'expired' | 'told-again' }): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('holdfast');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const rows = opening.result.transaction('account', 'readwrite').objectStore('account');
      rows.transaction.oncomplete = () => {
        opening.result.close();
        resolve();
      };
      rows.get('now').onsuccess = (event) => {
        const row = (event.target as IDBRequest<{ epoch: number }>).result;
        const epoch = row.epoch + (at === 'expired' ? 1 : 0);
        rows.put({ ...row, at: 'expired', told: false, epoch }, 'now');
      };
    };
  });
}
