import { expect } from '@playwright/test';
import { expire } from './account-end.ts';
import { linesOf } from './diagnostics.ts';
import { test as onFullDevice } from './full-device.ts';
import { type Journey, MIB, rowIs, test } from './journey.ts';
import { enterCode } from './sign-in.ts';
import type { Tab } from './tab.ts';

/** What the address of the sign-in page says of where to go on, and where that leads. */
const ways = [
  { returnTo: '/library?q=a%26b&page=2', to: '/library?q=a%26b&page=2', warns: false },
  { returnTo: null, to: '/app', warns: true },
  { returnTo: '//evil.test/app', to: '/app', warns: true },
] as const;

const WARNING = 'Warning: the return URL';
const BESIDE = '/library?tab=beside';

test('signing in by the code in the mail leads each tab to its own page, and nowhere else', async ({
  journey,
}) => {
  const tab = await journey.signedInTab();
  await expectWays(journey, tab, () => enterCode(tab, journey.stage));
});

test('signing in by a passkey leads each tab to its own page, and nowhere else', async ({ journey }) => {
  const tab = await journey.signedInTab();
  const { setPresent } = await tab.addAuthenticator();
  await makePasskey(journey, tab);
  // Nobody chooses what the browser offers in the field, so that the button is what signs in.
  await expectWays(
    journey,
    tab,
    async () => {
      await tab.until(() => document.querySelector('[data-sign-in=passkey]'));
      await setPresent(true);
      await tab.click('[data-sign-in=passkey]');
    },
    () => setPresent(false),
  );

  await expire(journey.stage, tab);
  await setPresent(true);
  journey.stage.proxy.forget();
  // By itself: whoever chooses a passkey in the field of the address clicks nothing else.
  await tab.go(`${journey.stage.origin}/signin?returnTo=%2Flibrary%3Fby%3Dautofill`);
  await tab.until(() => location.pathname + location.search === '/library?by=autofill');
});

test('signing in by the provider leads each tab to its own page, and nowhere else', async ({ journey }) => {
  const tab = await journey.signedInTab();
  await expectWays(journey, tab, () => signInBySso(journey, tab));
});

onFullDevice(
  'signing in by the provider asks first while bytes are only in this tab',
  async ({ journey }) => {
    const { stage } = journey;
    const file = await journey.file('film.bin', 16 * MIB);
    const tab = await journey.signedInTab();
    await stage.proxy.set({ bitsPerSecond: 8e6 });
    await tab.pick([file.path]);
    await rowIs(tab, 'sending');
    await expire(stage, tab);
    await stage.proxy.set({ bitsPerSecond: null });

    await tab.click('[data-sign-in=sso]');
    await tab.until(() => document.querySelector('[data-notice=sso-unsafe]'));
    await tab.click('[data-do=sso-stay]');
    await tab.until(() => !document.querySelector('[data-notice=sso-unsafe]'));
    expect(await tab.evaluate(() => location.pathname)).toBe('/signin');
    // Whoever stays signs in in another way, and nothing has to be chosen again.
    await enterCode(tab, stage);
    await rowIs(tab, 'stored');
    expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
  },
);

/** Signs in by `signIn` once for each of the `ways`, with a second tab beside. */
async function expectWays(
  journey: Journey,
  tab: Tab,
  signIn: () => Promise<void>,
  prepare: () => Promise<void> = async () => undefined,
): Promise<void> {
  const { stage, browser } = journey;
  const beside = await browser.open(stage.origin + BESIDE);
  await beside.until(() => document.querySelector('h1'));
  await tab.bringToFront();
  for (const { returnTo, to, warns } of ways) {
    await prepare();
    // Nobody signs in twice within seconds: to the tab beside, that would be going round in circles.
    await beside.reload();
    await expire(stage, tab, [tab, beside]);
    const before = await linesOf(tab, WARNING);
    const search = returnTo === null ? '' : `?returnTo=${encodeURIComponent(returnTo)}`;
    await tab.go(`${stage.origin}/signin${search}`);
    await signIn();
    await tab.until((wanted) => location.pathname + location.search === wanted, to);
    await beside.until((wanted) => location.pathname + location.search === wanted, BESIDE);
    const after = await linesOf(tab, WARNING);
    const why = returnTo === null ? 'missing' : 'refused';
    expect(after.slice(before.length)).toEqual(warns ? [`${WARNING} was ${why}`] : []);
  }
}

async function makePasskey({ stage }: Journey, tab: Tab): Promise<void> {
  await tab.go(`${stage.origin}/settings`);
  await tab.click('[data-do=passkey-add]:not([aria-disabled=true])');
  await tab.until(() => document.querySelector('[data-passkey]'));
}

/** By the built-in provider, which asks for an address the first time and remembers it. */
async function signInBySso({ stage }: Journey, tab: Tab): Promise<void> {
  await tab.click('[data-sign-in=sso]');
  await tab.until(
    () => location.pathname.startsWith('/interaction/') || !location.pathname.startsWith('/signin'),
  );
  if (await tab.evaluate(() => location.pathname.startsWith('/interaction/'))) {
    await tab.enter('input[name=email]', stage.person);
  }
}
