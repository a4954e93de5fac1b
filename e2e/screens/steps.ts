import { mkdir, open, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { CDPSession, Page } from '@playwright/test';
import { type ApiErrorCode, apiErrors } from '../../shared/errors.ts';
import { NO_ROOM } from '../full-device.ts';
import { MIB } from '../journey.ts';
import { film, paper, picture, silence } from '../media.ts';
import type { Middlebox, OwnAnswer } from '../middlebox.ts';
import { poll } from '../poll.ts';
import { postShare } from '../share-form.ts';
import type { Stage } from '../stage.ts';

/** As Safari on an iPhone says it. */
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';

/** What a screen may use to get there. */
export interface Walk {
  page: Page;
  stage: Stage;
  /** Between proxy and server: what it says the screens meet. */
  box: Middlebox;
  /** For files of its own. */
  folder: string;
  /** A new version of the worker was found, and waits. */
  hasNewWorker: boolean;
}

/** One screen, or one state of one, and the way there from wherever the page is. */
export interface Screen {
  /** In plain words, unique; also good as a file's name. */
  name: string;
  show: (walk: Walk) => Promise<unknown>;
}

/** Three parts, and as large as a file may be here. */
export const FILM_BYTES = 24 * MIB;

/** Settings of the server under which all screens can be reached. */
export const SCREENS_ENV: Readonly<Record<string, string>> = {
  CODE_SENDS_PER_HOUR: '1000',
  CODE_SENDS_PER_DAY: '1000',
  CODE_GUESSES_PER_HOUR: '1000',
  MAX_FILE_BYTES: String(FILM_BYTES),
};

/** So many people were signed in: each screen has one of its own, so that nothing of the last one shows. */
let people = 0;
const newPerson = () => `person-${++people}@example.org`;
const sessions = new WeakMap<Page, CDPSession>();
/** What is run in each document of the page before its own scripts, by the browser's name for it. */
let scripts: string[] = [];

/** As a browser is in which nobody has been here but the app's worker, on a network without fault. */
export async function forgetAll(walk: Walk): Promise<void> {
  const { page, stage, box } = walk;
  for (const other of page.context().pages()) if (other !== page) await other.close();
  await page.goto('about:blank');
  const cdp = await cdpOf(page);
  await beUsual(cdp);
  await cdp.send('WebAuthn.disable');
  await page.context().clearCookies();
  const storageTypes = walk.hasNewWorker ? 'all' : 'indexeddb,local_storage,file_systems';
  // What a worker that runs knows would outlive what is stored, and the parting word of a page starts it once more.
  // One that waits goes too, and the old one with it.
  for (let times = 0; times < 2; times++) {
    if (!walk.hasNewWorker) await stopWorkers(cdp);
    await cdp.send('Storage.clearDataForOrigin', { origin: stage.origin, storageTypes });
  }
  walk.hasNewWorker = false;
  // Not before: what is on its way would arrive.
  box.rule = () => null;
  await stage.proxy.set({ bitsPerSecond: null });
  await page.context().grantPermissions(['notifications', 'background-sync'], { origin: stage.origin });
}

/** The browser is the one it is, and its owner has asked it for nothing. */
async function beUsual(cdp: CDPSession): Promise<void> {
  await cdp.send('Emulation.setUserAgentOverride', { userAgent: '' });
  await cdp.send('Emulation.setTouchEmulationEnabled', { enabled: false });
  await cdp.send('Emulation.setDataSaverOverride', {});
  for (const identifier of scripts)
    await cdp.send('Page.removeScriptToEvaluateOnNewDocument', { identifier });
  scripts = [];
}

/** From the next page on: a browser in which `source` has been run before the app's scripts. */
export async function beforeScripts({ page }: Walk, source: string): Promise<void> {
  const cdp = await cdpOf(page);
  await cdp.send('Page.enable');
  const { identifier } = await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source });
  scripts.push(identifier);
}

/** From the next page on: what the app meets on an iPhone, in Safari. */
export async function onIphone(walk: Walk): Promise<void> {
  const cdp = await cdpOf(walk.page);
  await cdp.send('Emulation.setUserAgentOverride', { userAgent: IPHONE });
  await cdp.send('Emulation.setTouchEmulationEnabled', { enabled: true });
  await beforeScripts(
    walk,
    'delete window.Notification; delete window.SyncManager; window.GestureEvent = class extends UIEvent {};' +
      'addEventListener("beforeinstallprompt", (event) => event.stopImmediatePropagation());',
  );
}

/** From now on: its owner has asked the system to use little data. */
export async function savesData({ page }: Walk): Promise<void> {
  const cdp = await cdpOf(page);
  await cdp.send('Emulation.setDataSaverOverride', { dataSaverEnabled: true });
}

/** As with the shift key: past the worker and past what the browser keeps. */
export async function reloadPastWorker({ page }: Walk): Promise<void> {
  const cdp = await cdpOf(page);
  await cdp.send('Network.clearBrowserCache');
  const isLoaded = page.waitForEvent('load');
  await cdp.send('Page.reload', { ignoreCache: true });
  await isLoaded;
}

export async function stopWorkers(cdp: CDPSession): Promise<void> {
  await cdp.send('ServiceWorker.enable');
  await cdp.send('ServiceWorker.stopAllWorkers');
  await cdp.send('ServiceWorker.disable');
}

export async function signedOut(walk: Walk): Promise<void> {
  await forgetAll(walk);
  await walk.page.goto(`${walk.stage.origin}/signin`);
  await walk.page.locator('[data-sign-in=sso]').waitFor();
}

/** As somebody new, whose address it gives. */
export async function signedIn(walk: Walk): Promise<string> {
  await forgetAll(walk);
  const email = newPerson();
  await signIn(walk, email);
  return email;
}

/** As somebody new, on a device that has no room for a part of a file. */
export async function signedInOnFullDevice(walk: Walk): Promise<void> {
  walk.hasNewWorker = true; // another one than before, and than after
  await forgetAll(walk);
  walk.hasNewWorker = true;
  const script = NO_ROOM + (await workerScript(walk));
  walk.box.rule = ({ url }) => (url === '/sw.js' ? workerAnswer(script) : null);
  await signIn(walk, newPerson());
}

export async function signIn({ page, stage }: Walk, email: string): Promise<void> {
  await page.context().addCookies(await stage.server.signIn(email));
  await page.goto(`${stage.origin}/app`);
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  await page.locator('.drop-area').waitFor();
}

/** Signed in, with these files on their way, slowly; the address of whoever it is. */
export async function withUploads(walk: Walk, names: readonly string[]): Promise<string> {
  const email = await signedIn(walk);
  await slowly(walk);
  await pick(
    walk,
    names.map((name) => [name, FILM_BYTES]),
  );
  await walk.page.locator(`[data-upload] >> nth=${names.length - 1}`).waitFor();
  return email;
}

export async function withLibrary(walk: Walk): Promise<void> {
  await signedIn(walk);
  await pick(walk, [
    ['note.txt', 1000],
    ['a picture with a name that is quite long.png', 50_000],
  ]);
  await walk.page.locator('[data-upload][data-state=stored] >> nth=1').waitFor();
  await follow(walk, '/library');
  await walk.page.locator('[data-file] >> nth=1').waitFor();
}

/** A file of each kind that is shown in its own way. */
export const MEDIA = {
  picture: '1 harbour.png',
  sound: '2 talk.wav',
  text: '3 note.txt',
  other: '4 thing.bin',
  film: '5 ferry.webm',
  paper: '6 letter.pdf',
  broken: '7 torn.png',
} as const;

/** The library, by name, of what can be looked at. */
export async function withMedia(walk: Walk): Promise<void> {
  await signedIn(walk);
  const paths = await writeMedia(walk.folder);
  await walk.page.setInputFiles('[data-pick]', paths);
  await walk.page.locator(`[data-upload][data-state=stored] >> nth=${paths.length - 1}`).waitFor();
  await follow(walk, '/library?order=name');
  await walk.page.locator(`[data-file] >> nth=${paths.length - 1}`).waitFor();
}

async function writeMedia(folder: string): Promise<string[]> {
  const contents: Record<string, Buffer> = {
    [MEDIA.picture]: await picture(1200, 800),
    [MEDIA.sound]: silence(3),
    [MEDIA.text]: Buffer.from(
      'Bread, two lemons, and a line that goes on for longer than a phone is wide.\n'.repeat(4000), // more than is shown
    ),
    [MEDIA.other]: Buffer.from([1, 2, 3]),
    [MEDIA.film]: film(3),
    [MEDIA.paper]: paper('Dear Amina,'),
    [MEDIA.broken]: Buffer.from('no picture at all'),
  };
  return Promise.all(
    Object.entries(contents).map(async ([name, content]) => {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    }),
  );
}

/** The library's file `name`, opened, as soon as `sign` of its content is there. */
export async function preview(walk: Walk, name: string, sign: string): Promise<void> {
  await withMedia(walk);
  await walk.page.locator('[data-file]', { hasText: name }).locator('[data-do=open]').click();
  await walk.page.locator(sign).waitFor();
}

/** A folder of these files, picked as a whole. */
async function pickFolder(
  { page, folder }: Walk,
  name: string,
  files: readonly [name: string, bytes: number][],
): Promise<void> {
  const path = join(folder, name);
  for (const [file, bytes] of files) await makeOnce(join(path, file), bytes);
  await page.setInputFiles('[data-pick-folder]', path);
}

export async function selectTwo({ page }: Walk): Promise<void> {
  for (const n of [0, 1]) await page.locator('[data-file] [data-do=pick]').nth(n).click();
  await page.locator('[data-selection="2"]').waitFor();
}

/** Names and bytes. */
const SHARED: Record<string, number> = { 'photo from the harbour.jpg': MIB, 'note.txt': 10 };

/** As another app on the device does it. */
export async function shareInto({ page }: Walk, files = SHARED): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  await page.evaluate(postShare, files);
}

export async function openShareDialog({ page }: Walk): Promise<void> {
  await page.locator('[data-file] [data-do=share]').first().click();
  await page.locator('[data-do=create-share]').waitFor();
}

/** A link to all of a library, by the way its owner's page takes. */
export async function sharedLink(
  walk: Walk,
  { password, most }: { password?: string; most?: number } = {},
): Promise<string> {
  const { page } = walk;
  await withMedia(walk);
  await page.keyboard.press('Control+a');
  await page.click('[data-do-all=share]');
  await page.click('.share-more summary');
  if (password !== undefined) await page.fill('dialog input[name=share-password]', password);
  if (most !== undefined) await page.fill('dialog input[name=share-most]', String(most));
  await page.click('[data-do=create-share]');
  const link = await page.locator('[data-share-link]').inputValue();
  await page.click('[data-do=done]');
  return link;
}

/** A folder with two files in it, in the library, opened. */
export async function withFolder(walk: Walk): Promise<void> {
  await signedIn(walk);
  await pickFolder(walk, 'holiday', [
    ['harbour.bin', 1000],
    ['market.bin', 2000],
  ]);
  await walk.page.locator('[data-upload][data-state=stored] >> nth=1').waitFor();
  await follow(walk, '/library');
  await walk.page.locator('[data-do=folder]').first().click();
  await walk.page.locator('[data-do=share-folder]').waitFor();
}

/** Follows a link in a browser that knows nothing of who made it. */
export async function asStranger(walk: Walk, link: string): Promise<void> {
  await forgetAll(walk);
  await walk.page.goto(link);
}

/** A new version of the worker, as a page finds it. */
export async function releaseWorker(walk: Walk): Promise<void> {
  const { page, box } = walk;
  walk.hasNewWorker = true;
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  const script = `${await workerScript(walk)}\n// another`;
  box.rule = ({ url }) => (url === '/sw.js' ? workerAnswer(script) : null);
  await page.evaluate(async () => {
    await (await navigator.serviceWorker.getRegistration())?.update();
  });
}

async function workerScript({ stage }: Walk): Promise<string> {
  return (await fetch(`http://127.0.0.1:${stage.server.port}/sw.js`)).text();
}

function workerAnswer(script: string): OwnAnswer {
  return { status: 200, headers: { 'Content-Type': 'text/javascript' }, body: script };
}

export async function withSettings(walk: Walk, isSignedIn = false): Promise<void> {
  if (!isSignedIn) await signedIn(walk);
  await follow(walk, '/settings');
  await walk.page.locator('[data-session]').first().waitFor();
  await walk.page.locator('[data-storage=browser]').waitFor();
  await walk.page.locator('[data-settings=passkeys] .none').waitFor();
}

export async function withPasskey(walk: Walk): Promise<void> {
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

export async function askForCode({ page }: Walk): Promise<void> {
  await page.fill('input[name=email]', newPerson());
  await page.press('input[name=email]', 'Enter');
  await page.locator('input[name=code]').waitFor();
}

export async function openMenu({ page }: Walk): Promise<void> {
  await page.click('.avatar');
  await page.locator('#account-menu select').waitFor();
}

export async function follow({ page, stage }: Walk, path: string): Promise<void> {
  await page.goto(stage.origin + path);
}

export async function pick(
  { page, folder }: Walk,
  files: readonly [name: string, bytes: number][],
  selector = '[data-pick]',
): Promise<void> {
  await page.setInputFiles(selector, await makeAll(folder, files));
}

/** Drags them over the window, and lets go unless they are `held`. The browser gives a handle of what is dropped. */
export async function drag(
  { page, folder }: Walk,
  files: readonly [name: string, bytes: number][],
  { held = false } = {},
): Promise<void> {
  const cdp = await cdpOf(page);
  const data = { items: [], files: await makeAll(folder, files), dragOperationsMask: 1 };
  const types = ['dragEnter', 'dragOver', ...(held ? [] : ['drop'])] as ('dragEnter' | 'dragOver' | 'drop')[];
  for (const type of types) await cdp.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
}

/** Files of no meaning pasted into the page. */
export async function paste({ page }: Walk, files: readonly [name: string, bytes: number][]): Promise<void> {
  await page.evaluate((wanted) => {
    const clipboardData = new DataTransfer();
    for (const [name, bytes] of wanted) clipboardData.items.add(new File([new Uint8Array(bytes)], name));
    document.body.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
    );
  }, files);
}

/** Their paths. */
async function makeAll(folder: string, files: readonly [name: string, bytes: number][]): Promise<string[]> {
  const paths = files.map(([name, bytes]) => join(folder, String(bytes), name));
  for (const [n, [, bytes]] of files.entries()) await makeOnce(paths[n] ?? '', bytes);
  return paths;
}

/** The same name and size is the same file, with its date, on all screens. What is in it does not matter. */
async function makeOnce(path: string, bytes: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'ax').catch(() => null); // it is there already
  await file?.truncate(bytes);
  await file?.close();
}

/** Has the row of the file `name` do something, and waits until it is in `state`. */
export async function doTo({ page }: Walk, name: string, action: string, state: string): Promise<void> {
  const row = page.locator('[data-upload]', { hasText: name });
  await row.locator(`[data-do=${action}]`).click();
  await page.locator(`[data-upload][data-state=${state}]`, { hasText: name }).waitFor();
}

/** Few bytes leave, so that uploads stay where they are. */
export async function slowly({ stage }: Walk): Promise<void> {
  await stage.proxy.set({ bitsPerSecond: 400_000 });
}

/** Ends the sign-in, and waits until the page has met that. */
export async function endSession({ page, stage }: Walk): Promise<void> {
  await stage.server.endSessions();
  await poll('the page to be at sign-in', 20_000, async () => {
    await page.evaluate(() => fetch('/api/files?limit=1').catch(() => null));
    return new URL(page.url()).pathname === '/signin' || undefined;
  });
  await stage.proxy.set({ bitsPerSecond: null }); // as in `forgetAll`
  await page.locator('[data-notice=session-expired]').waitFor();
  await page.locator('[data-sign-in=sso]').waitFor();
}

export function nobodyAnswers({ url }: { url?: string | undefined }): OwnAnswer | null {
  return url?.startsWith('/api/') ? { status: 503 } : null;
}

/** What the server answers to the registering of files, were it one that lets upload sessions live for so many `minutes`. */
export async function sessionOf(
  minutes: number,
  incoming: IncomingMessage,
  { stage }: Walk,
): Promise<OwnAnswer> {
  const answer = await fetch(`http://127.0.0.1:${stage.server.port}${incoming.url}`, {
    method: 'PUT',
    headers: incoming.headers as Record<string, string>,
    body: await buffer(incoming),
  });
  const session = (await answer.json()) as object;
  return {
    status: answer.status,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...session, sessionTtlMinutes: minutes }),
  };
}

/** What the server says where it refuses with `code`. */
export function refusal(code: ApiErrorCode, headers: Record<string, string> = {}): OwnAnswer {
  const status = apiErrors[code];
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
    body: JSON.stringify({ type: 'about:blank', title: code, status, code }),
  };
}

export async function cdpOf(page: Page): Promise<CDPSession> {
  const known = sessions.get(page);
  if (known) return known;
  const cdp = await page.context().newCDPSession(page);
  sessions.set(page, cdp);
  return cdp;
}
