import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CDPSession, Page } from '@playwright/test';
import { MIB } from './journey.ts';
import type { Middlebox, OwnAnswer } from './middlebox.ts';
import { poll } from './poll.ts';
import { enterCode, pageDriver } from './sign-in.ts';
import type { Stage } from './stage.ts';

/** What a screen may use to get there. */
export interface Walk {
  page: Page;
  stage: Stage;
  /** Between proxy and server: what it says the screens meet. */
  box: Middlebox;
  /** For files of its own. */
  folder: string;
}

/** One screen, or one state of one, and the way there from wherever the page is. */
export interface Screen {
  /** In plain words, unique; also good as a file's name. */
  name: string;
  show: (walk: Walk) => Promise<void>;
}

/** Three parts, and as large as a file may be here. */
const FILM_BYTES = 24 * MIB;

/** Settings of the server under which all screens can be reached. */
export const SCREENS_ENV: Readonly<Record<string, string>> = {
  CODE_SENDS_PER_HOUR: '1000',
  CODE_SENDS_PER_DAY: '1000',
  CODE_GUESSES_PER_HOUR: '1000',
  MAX_FILE_BYTES: String(FILM_BYTES),
};

/** Everything a person can come to see. Each stands for itself: any of them can be shown first, or alone. */
export const screens: readonly Screen[] = [
  { name: 'sign-in', show: signedOut },
  {
    name: 'sign-in-code',
    show: async (walk) => {
      await signedOut(walk);
      await askForCode(walk);
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
      await walk.page.locator('main .button').waitFor();
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
      await signedIn(walk);
      await keepNothing(walk);
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
  { name: 'uploads-empty', show: signedIn },
  {
    name: 'account-menu',
    show: async (walk) => {
      await signedIn(walk);
      await openMenu(walk);
    },
  },
  {
    name: 'notification-offer',
    show: async (walk) => {
      await signedIn(walk);
      await walk.page.context().clearPermissions();
      await walk.page.reload();
      await pick(walk, [['film.bin', 1000]]);
      await walk.page.locator('[data-notice=notification-offer]').waitFor();
    },
  },
  {
    name: 'uploads-sending',
    show: async (walk) => {
      await signedIn(walk);
      await slowly(walk);
      await pick(walk, [
        ['film.bin', FILM_BYTES],
        ['second film with a name that is quite long.bin', FILM_BYTES],
      ]);
      await walk.page.locator('[data-upload][data-state=sending]').first().waitFor();
    },
  },
  {
    name: 'uploads-offline',
    show: async (walk) => {
      await signedIn(walk);
      walk.box.rule = nobodyAnswers;
      await pick(walk, [['film.bin', MIB]]);
      await walk.page.locator('[data-upload][data-state=waiting]').waitFor();
    },
  },
  {
    name: 'uploads-of-all-kinds',
    show: async (walk) => {
      await signedIn(walk);
      await pick(walk, [['stored.bin', 1000]]);
      await walk.page.locator('[data-upload][data-state=stored]').waitFor();
      await slowly(walk);
      await pick(walk, [
        ['paused.bin', FILM_BYTES],
        ['cancelled.bin', FILM_BYTES],
        ['sending.bin', FILM_BYTES],
        ['too large.bin', FILM_BYTES + 1],
      ]);
      await doTo(walk, 'paused.bin', 'pause', 'paused');
      await doTo(walk, 'cancelled.bin', 'cancel', 'cancelled');
      await walk.page.locator('[data-upload][data-state=failed]').waitFor();
    },
  },
  {
    name: 'uploads-need-their-file',
    show: async (walk) => {
      await signedIn(walk);
      await keepNothing(walk);
      await slowly(walk);
      await pick(walk, [['film.bin', FILM_BYTES]]);
      await walk.page.locator('[data-upload][data-state=sending]').waitFor();
      // With the page the file goes, and with the worker what it had of it.
      await walk.page.goto('about:blank');
      const cdp = await cdpOf(walk.page);
      await cdp.send('ServiceWorker.enable');
      await cdp.send('ServiceWorker.stopAllWorkers');
      await cdp.send('ServiceWorker.disable');
      await walk.page.goto(`${walk.stage.origin}/app`);
      await walk.page.locator('[data-upload][data-state=needs-file]').waitFor();
    },
  },
  {
    name: 'uploads-known-already',
    show: async (walk) => {
      await withUploads(walk, ['film.bin']);
      await pick(walk, [['film.bin', FILM_BYTES]]);
      await walk.page.locator('[data-notice=known]').waitFor();
    },
  },
  {
    name: 'uploads-refused-files',
    show: async (walk) => {
      await withUploads(walk, ['film.bin']);
      await doTo(walk, 'film.bin', 'pause', 'paused');
      const others: [string, number][] = [
        ['another.bin', 1000],
        ['third.bin', 2000],
      ];
      await pick(walk, others, '[data-pick-again]');
      await walk.page.locator('[data-notice=refused]').waitFor();
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
    name: 'library-empty',
    show: async (walk) => {
      await signedIn(walk);
      await follow(walk, '/library');
      await walk.page.locator('main a.button').waitFor();
    },
  },
  { name: 'library', show: withLibrary },
  {
    name: 'library-rename',
    show: async (walk) => {
      await withLibrary(walk);
      await walk.page.locator('[data-file] [data-do=rename]').first().click();
      await walk.page.fill('[data-file] .rename input', 'a/b');
      await walk.page.locator('#rename-hint:not(:empty)').waitFor();
    },
  },
  {
    name: 'library-delete',
    show: async (walk) => {
      await withLibrary(walk);
      await walk.page.locator('[data-file] [data-do=delete]').first().click();
      await walk.page.locator('[data-do=delete-now]').waitFor();
    },
  },
  {
    name: 'library-offline',
    show: async (walk) => {
      await withLibrary(walk);
      walk.box.rule = nobodyAnswers;
      await walk.page.locator('[data-file] [data-do=delete]').first().click();
      await walk.page.click('[data-do=delete-now]');
      await walk.page.locator('[data-queued=delete]').waitFor();
    },
  },
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
      await signedIn(walk);
      // The same person on what is another device to the server.
      const email = lastEmail;
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
    name: 'not-found',
    show: async (walk) => {
      await signedIn(walk);
      await follow(walk, '/nowhere');
      await walk.page.locator('main a.button').waitFor();
    },
  },
];

/** So many people were signed in: each screen has one of its own, so that nothing of the last one shows. */
let people = 0;
let lastEmail = '';
const sessions = new WeakMap<Page, CDPSession>();

/** As a browser is that has never been here, on a network without fault. */
async function forgetAll({ page, stage, box }: Walk): Promise<void> {
  box.rule = () => null;
  await stage.proxy.set({ bitsPerSecond: null });
  await page.goto('about:blank');
  const cdp = await cdpOf(page);
  await cdp.send('WebAuthn.disable');
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: stage.origin });
  await cdp.send('Storage.clearDataForOrigin', { origin: stage.origin, storageTypes: 'all' });
  await page.context().clearCookies();
  await page.context().grantPermissions(['notifications', 'background-sync'], { origin: stage.origin });
}

async function signedOut(walk: Walk): Promise<void> {
  await forgetAll(walk);
  await walk.page.goto(`${walk.stage.origin}/signin`);
  await walk.page.locator('[data-sign-in=sso]').waitFor();
}

async function signedIn(walk: Walk): Promise<void> {
  await forgetAll(walk);
  people++;
  await signIn(walk, `person-${people}@example.org`);
}

async function signIn(walk: Walk, email: string): Promise<void> {
  lastEmail = email;
  await walk.page.goto(`${walk.stage.origin}/signin`);
  await enterCode(pageDriver(walk.page), walk.stage, email);
  await walk.page.locator('.drop-area').waitFor();
}

/** Signed in, with these files on their way, slowly. */
async function withUploads(walk: Walk, names: readonly string[]): Promise<void> {
  await signedIn(walk);
  await slowly(walk);
  await pick(
    walk,
    names.map((name) => [name, FILM_BYTES]),
  );
  await walk.page.locator(`[data-upload] >> nth=${names.length - 1}`).waitFor();
}

async function withLibrary(walk: Walk): Promise<void> {
  await signedIn(walk);
  await pick(walk, [
    ['note.txt', 1000],
    ['a picture with a name that is quite long.png', 50_000],
  ]);
  await walk.page.locator('[data-upload][data-state=stored] >> nth=1').waitFor();
  await follow(walk, '/library');
  await walk.page.locator('[data-file] >> nth=1').waitFor();
}

async function withSettings(walk: Walk, isSignedIn = false): Promise<void> {
  if (!isSignedIn) await signedIn(walk);
  await follow(walk, '/settings');
  await walk.page.locator('[data-session]').first().waitFor();
  await walk.page.locator('[data-storage=browser]').waitFor();
  await walk.page.locator('[data-settings=passkeys] .none').waitFor();
}

async function withPasskey(walk: Walk): Promise<void> {
  await withSettings(walk);
  const cdp = await cdpOf(walk.page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  });
  await walk.page.click('[data-do=passkey-add]');
  await walk.page.locator('[data-passkey]').waitFor();
}

async function askForCode({ page }: Walk): Promise<void> {
  people++;
  await page.fill('input[name=email]', `person-${people}@example.org`);
  await page.press('input[name=email]', 'Enter');
  await page.locator('input[name=code]').waitFor();
}

async function openMenu({ page }: Walk): Promise<void> {
  await page.click('.avatar');
  await page.locator('#account-menu select').waitFor();
}

async function follow({ page, stage }: Walk, path: string): Promise<void> {
  await page.goto(stage.origin + path);
}

async function pick(
  { page, folder }: Walk,
  files: readonly [name: string, bytes: number][],
  selector = '[data-pick]',
): Promise<void> {
  const paths = files.map(([name]) => join(folder, name));
  for (const [n, [, bytes]] of files.entries()) await makeOnce(paths[n] ?? '', bytes);
  await page.setInputFiles(selector, paths);
}

/** The same name is the same file, with its date, on all screens. What is in it does not matter. */
async function makeOnce(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'ax').catch(() => null); // it is there already
  await file?.truncate(bytes);
  await file?.close();
}

/** Has the row of the file `name` do something, and waits until it is in `state`. */
async function doTo({ page }: Walk, name: string, action: string, state: string): Promise<void> {
  const row = page.locator('[data-upload]', { hasText: name });
  await row.locator(`[data-do=${action}]`).click();
  await page.locator(`[data-upload][data-state=${state}]`, { hasText: name }).waitFor();
}

/** Few bytes leave, so that uploads stay where they are. */
async function slowly({ stage }: Walk): Promise<void> {
  await stage.proxy.set({ bitsPerSecond: 400_000 });
}

/** No room for a part of a file. */
async function keepNothing({ page, stage }: Walk): Promise<void> {
  const cdp = await cdpOf(page);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: stage.origin, quotaSize: 8 * MIB });
}

/** Ends the sign-in, and waits until the page has met that. */
async function endSession({ page, stage }: Walk): Promise<void> {
  await stage.proxy.set({ bitsPerSecond: null });
  await stage.server.endSessions();
  await poll('the page to be at sign-in', 20_000, async () => {
    await page.evaluate(() => fetch('/api/files?limit=1').catch(() => null));
    return new URL(page.url()).pathname === '/signin' || undefined;
  });
  await page.locator('[data-notice=session-expired]').waitFor();
  await page.locator('[data-sign-in=sso]').waitFor();
}

function nobodyAnswers({ url }: { url?: string | undefined }): OwnAnswer | null {
  return url?.startsWith('/api/') ? { status: 503 } : null;
}

async function cdpOf(page: Page): Promise<CDPSession> {
  const known = sessions.get(page);
  if (known) return known;
  const cdp = await page.context().newCDPSession(page);
  sessions.set(page, cdp);
  return cdp;
}
