import { follow, openMenu, releaseWorker, type Screen, signedIn, withUploads } from './steps.ts';

/** What is around every page. */
export const frameScreens: readonly Screen[] = [
  {
    name: 'account-menu',
    show: async (walk) => {
      await signedIn(walk);
      await openMenu(walk);
    },
  },
  {
    name: 'sign-out-question',
    show: async (walk) => {
      await withUploads(walk, ['film.bin']);
      await openMenu(walk);
      await walk.page.click('[data-sign-out]');
      await walk.page.locator('[data-dialog=sign-out]').waitFor();
    },
  },
  {
    name: 'not-found',
    show: async (walk) => {
      await signedIn(walk);
      await follow(walk, '/nowhere');
      await walk.page.locator('main a.button').waitFor();
    },
  },
  {
    name: 'shortcuts',
    show: async (walk) => {
      await signedIn(walk);
      await walk.page.keyboard.press('?');
      await walk.page.locator('[data-dialog=shortcuts]').waitFor();
    },
  },
  {
    name: 'update-offer',
    show: async (walk) => {
      await signedIn(walk);
      await releaseWorker(walk);
      await walk.page.locator('[data-do=update]').waitFor();
    },
  },
];
