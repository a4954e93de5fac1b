import {
  asStranger,
  forgetAll,
  nobodyAnswers,
  openShareDialog,
  refusal,
  type Screen,
  sharedLink,
  withLibrary,
} from './steps.ts';

/** What a link is made by, and what it shows to strangers. */
export const sharingScreens: readonly Screen[] = [
  {
    name: 'share-dialog',
    show: async (walk) => {
      await withLibrary(walk);
      await openShareDialog(walk);
      await walk.page.click('.share-more summary');
      await walk.page.locator('input[name=share-most][aria-describedby=share-most-hint]').waitFor();
      await walk.page.locator('#share-most-hint:not(:empty)').waitFor();
      walk.box.rule = ({ method }) => (method === 'POST' ? refusal('TOO_MANY_SHARES') : null);
      await walk.page.click('[data-do=create-share]');
      await walk.page.locator('.share-form [data-refused]').waitFor();
    },
  },
  {
    name: 'share-link',
    show: async (walk) => {
      await withLibrary(walk);
      await openShareDialog(walk);
      await walk.page.click('[data-do=create-share]');
      await walk.page.click('[data-do=copy-link]'); // which the browser does not allow
      await walk.page.locator('.share-link .hint:not(:empty)').waitFor();
    },
  },
  {
    name: 'shared',
    show: async (walk) => {
      await asStranger(walk, await sharedLink(walk));
      await walk.page.locator('[data-shared=open] img.shared-picture').first().waitFor();
    },
  },
  {
    name: 'shared-locked',
    show: async (walk) => {
      await asStranger(walk, await sharedLink(walk, { password: 'open sesame' }));
      await walk.page.fill('input[name=share-password]', 'open barley');
      await walk.page.press('input[name=share-password]', 'Enter');
      await walk.page.locator('#shared-refusal:not(:empty)').waitFor();
    },
  },
  {
    name: 'shared-used-up',
    show: async (walk) => {
      await asStranger(walk, await sharedLink(walk, { most: 1 }));
      await walk.page.locator('[data-shared-file] [data-do=download]').first().click();
      await walk.page.locator('[data-shared=used-up]').waitFor();
    },
  },
  {
    name: 'shared-limited',
    show: async (walk) => {
      await forgetAll(walk);
      walk.box.rule = ({ url }) => (url?.startsWith('/api/shared/') ? { status: 429 } : null);
      await walk.page.goto(`${walk.stage.origin}/s/whatever`);
      await walk.page.locator('[data-shared=limited]').waitFor();
    },
  },
  {
    name: 'shared-gone',
    show: async (walk) => {
      await asStranger(walk, `${walk.stage.origin}/s/never-was`);
      await walk.page.locator('[data-shared=gone]').waitFor();
    },
  },
  {
    name: 'shared-offline',
    show: async (walk) => {
      await forgetAll(walk);
      walk.box.rule = nobodyAnswers;
      await walk.page.goto(`${walk.stage.origin}/s/whatever`);
      await walk.page.locator('[data-shared=away]').waitFor();
    },
  },
];
