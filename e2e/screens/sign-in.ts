import {
  askForCode,
  doTo,
  endSession,
  FILM_BYTES,
  forgetAll,
  nobodyAnswers,
  openMenu,
  paste,
  pick,
  type Screen,
  shareInto,
  signedIn,
  signedInOnFullDevice,
  signedOut,
  slowly,
  withUploads,
} from './steps.ts';

/** Before anybody is signed in, and after. */
export const signInScreens: readonly Screen[] = [
  { name: 'sign-in', show: signedOut },
  {
    name: 'sign-in-code',
    show: async (walk) => {
      await signedOut(walk);
      await askForCode(walk);
      await walk.page.locator('.sign-in-more .link').first().click();
      await walk.page.locator('form[data-sign-in=email] .hint:not(:empty)').waitFor();
    },
  },
  {
    name: 'sign-in-code-wrong',
    show: async (walk) => {
      await signedOut(walk);
      await askForCode(walk);
      await walk.page.fill('input[name=code]', '000000');
      await walk.page.press('input[name=code]', 'Enter');
      await walk.page.locator('#sign-in-refusal:not(:empty)').waitFor();
    },
  },
  {
    name: 'sign-in-language',
    show: async (walk) => {
      await signedOut(walk);
      await openMenu(walk);
    },
  },
  {
    name: 'sign-in-sso-refused',
    show: async (walk) => {
      await signedOut(walk);
      await walk.page.goto(`${walk.stage.origin}/signin?sso=SSO_CANCELLED`);
      await walk.page.locator('#sign-in-refusal:not(:empty)').waitFor();
    },
  },
  {
    name: 'sign-in-lost',
    show: async (walk) => {
      await signedOut(walk);
      await walk.page.goto(`${walk.stage.origin}/signin/complete?state=unknown`);
      await walk.page.locator('[data-do=sign-in-again]').waitFor();
    },
  },
  {
    name: 'sign-in-offline',
    show: async (walk) => {
      await signedOut(walk);
      walk.box.rule = nobodyAnswers;
      await walk.page.reload();
      await walk.page.locator('.sign-in-offline:not(:empty)').waitFor();
    },
  },
  {
    name: 'not-known-yet',
    show: async (walk) => {
      await forgetAll(walk);
      walk.box.rule = nobodyAnswers;
      await walk.page.goto(`${walk.stage.origin}/app`);
      await walk.page.locator('#main .button').waitFor();
    },
  },
  {
    name: 'expired',
    show: async (walk) => {
      await withUploads(walk, ['paused.bin']);
      await doTo(walk, 'paused.bin', 'pause', 'paused');
      await endSession(walk);
    },
  },
  {
    name: 'expired-sso-unsafe',
    show: async (walk) => {
      await signedInOnFullDevice(walk);
      await slowly(walk);
      await pick(walk, [['film.bin', FILM_BYTES]]);
      await walk.page.locator('[data-upload][data-state=sending]').waitFor();
      await endSession(walk);
      await walk.page.click('[data-sign-in=sso]');
      await walk.page.locator('[data-notice=sso-unsafe]').waitFor();
    },
  },
  {
    name: 'signed-out-offline',
    show: async (walk) => {
      await signedIn(walk);
      walk.box.rule = nobodyAnswers;
      await openMenu(walk);
      await walk.page.click('[data-sign-out]');
      await walk.page.locator('[data-notice=sign-out-pending]').waitFor();
    },
  },
  {
    name: 'sign-in-with-shared-files',
    show: async (walk) => {
      await signedOut(walk);
      await shareInto(walk);
      await walk.page.locator('[data-notice=inbox]').waitFor();
      await walk.page.locator('[data-sign-in=sso]').waitFor();
    },
  },
  {
    name: 'sign-in-before-files',
    show: async (walk) => {
      await signedOut(walk);
      await paste(walk, [['note.txt', 10]]);
      await walk.page.locator('[data-notice=trouble]').waitFor();
    },
  },
  {
    name: 'sign-in-under-way',
    show: async (walk) => {
      await signedOut(walk);
      walk.box.rule = nobodyAnswers;
      await walk.page.goto(`${walk.stage.origin}/signin/complete?state=unknown`);
      await walk.page.locator('main .message p').waitFor();
    },
  },
];
