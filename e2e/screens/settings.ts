import {
  follow,
  forgetAll,
  nobodyAnswers,
  onIphone,
  refusal,
  type Screen,
  sharedLink,
  signedIn,
  signIn,
  withPasskey,
  withSettings,
} from './steps.ts';

/** Settings, and what is reached through them. */
export const settingsScreens: readonly Screen[] = [
  { name: 'settings', show: withSettings },
  {
    name: 'settings-passkey-rename',
    show: async (walk) => {
      await withPasskey(walk);
      await walk.page.click('[data-passkey] [data-do=rename]');
      await walk.page.locator('input[name=passkey-name]').waitFor();
    },
  },
  {
    name: 'settings-passkey-delete',
    show: async (walk) => {
      await withPasskey(walk);
      await walk.page.click('[data-passkey] [data-do=delete]');
      await walk.page.locator('[data-do=delete-now]').waitFor();
    },
  },
  {
    name: 'settings-device-end',
    show: async (walk) => {
      const email = await signedIn(walk);
      // The same person on what is another device to the server.
      await forgetAll(walk);
      await signIn(walk, email);
      await withSettings(walk, true);
      await walk.page.locator('[data-session]:not([data-current]) [data-do=end]').first().click();
      await walk.page.locator('[data-do=end-now]').waitFor();
    },
  },
  {
    name: 'settings-delete-account',
    show: async (walk) => {
      await withSettings(walk);
      await walk.page.click('[data-do=delete-account]');
      await walk.page.fill('input[name=confirm-email]', 'someone@example.org');
      await walk.page.press('input[name=confirm-email]', 'Enter');
      await walk.page.locator('#delete-mismatch:not(:empty)').waitFor();
    },
  },
  {
    name: 'settings-offline',
    show: async (walk) => {
      await signedIn(walk);
      walk.box.rule = nobodyAnswers;
      await follow(walk, '/settings');
      await walk.page.locator('[data-settings=devices] [data-refused]').waitFor();
    },
  },
  {
    name: 'sign-in-once-more',
    show: async (walk) => {
      await signedIn(walk);
      await walk.page.goto(`${walk.stage.origin}/signin?returnTo=%2Fsettings&again`);
      await walk.page.locator('[data-do=renew-back]').waitFor();
    },
  },
  {
    name: 'diagnostics',
    show: async (walk) => {
      await signedIn(walk);
      await follow(walk, '/diagnostics');
      await walk.page.locator('[data-log]').first().waitFor();
    },
  },
  {
    name: 'settings-links',
    show: async (walk) => {
      await sharedLink(walk);
      await follow(walk, '/settings');
      await walk.page.locator('[data-share] [data-do=revoke]').click();
      await walk.page.locator('[data-do=revoke-now]').waitFor();
    },
  },
  {
    name: 'settings-link-not-copied',
    show: async (walk) => {
      await sharedLink(walk);
      await follow(walk, '/settings');
      await walk.page.evaluate(() => {
        const writeText = () => Promise.reject(new Error('no leave'));
        Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText } });
      });
      await walk.page.locator('[data-share] [data-do=copy]').click();
      await walk.page.locator('[data-share] [data-share-link]').waitFor();
    },
  },
  {
    name: 'settings-link-empty',
    show: async (walk) => {
      await sharedLink(walk);
      await walk.page.keyboard.press('Control+a');
      await walk.page.click('[data-do-all=delete]');
      await walk.page.click('[data-do-all=delete-now]');
      // They are not seen at once; the server hears of a few at a time.
      await walk.page.waitForFunction(async () => {
        const answer = (await (await fetch('/api/files?limit=1')).json()) as { files: unknown[] };
        return answer.files.length === 0;
      });
      await follow(walk, '/settings');
      await walk.page.locator('[data-share][data-end=empty]').waitFor();
    },
  },
  {
    name: 'settings-refused',
    show: async (walk) => {
      await signedIn(walk);
      await walk.page.context().grantPermissions([], { origin: walk.stage.origin });
      await withSettings(walk, true);
      walk.box.rule = ({ method }) => (method === 'POST' ? refusal('SIGN_IN_TOO_OLD') : null);
      await walk.page.click('[data-do=persist]');
      await walk.page.locator('[data-persistent=refused]').waitFor();
      await walk.page.click('[data-do=check-update]');
      await walk.page.locator('[data-update=current]').waitFor();
      await walk.page.click('[data-do=passkey-add]');
      await walk.page.locator('[data-do=renew]').waitFor();
    },
  },
  {
    name: 'settings-on-an-iphone',
    show: async (walk) => {
      await signedIn(walk);
      await onIphone(walk);
      await withSettings(walk, true);
      await walk.page
        .locator('[data-settings=limits]')
        .evaluate((limits) => limits.scrollIntoView({ block: 'center', behavior: 'instant' }));
    },
  },
  {
    name: 'account-deleted',
    show: async (walk) => {
      const email = await signedIn(walk);
      await withSettings(walk, true);
      await walk.page.click('[data-do=delete-account]');
      await walk.page.fill('input[name=confirm-email]', email);
      await walk.page.press('input[name=confirm-email]', 'Enter');
      await walk.page.locator('[data-notice=sign-out-deleted]').waitFor();
      await walk.page.locator('[data-sign-in=sso]').waitFor();
    },
  },
];
