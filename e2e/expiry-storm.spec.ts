import { expect } from '@playwright/test';
import { countNotices, endSessions } from './account-end.ts';
import { MIB, rowIs, test } from './journey.ts';
import { Middlebox } from './middlebox.ts';
import { poll } from './poll.ts';
import { enterCode, signIn } from './sign-in.ts';
import { inFlightBytes, partPuts, wireOf } from './wire.ts';

/** Eight tabs with forty requests each in every run; more by `HOLDFAST_TABS=50 HOLDFAST_REQUESTS=200`. */
const TABS = Number(process.env.HOLDFAST_TABS ?? 8);
const REQUESTS = Number(process.env.HOLDFAST_REQUESTS ?? 40);

test(`${TABS} tabs with ${REQUESTS} requests each meet one expiry: one probe, one notice in each tab`, async ({
  journey,
}) => {
  test.setTimeout(120_000 + TABS * 3000);
  const { proxy, origin } = journey.stage;
  const first = await journey.signedInTab();
  const tabs = [first];
  while (tabs.length < TABS) tabs.push(await journey.browser.open(`${origin}/library?tab=${tabs.length}`));
  // With what they ask for as they open behind them: the library, of which there is none yet.
  for (const tab of tabs.slice(1))
    await tab.until(() => document.querySelector('main a.button[href="/app"]'));
  await Promise.all(tabs.map((tab) => tab.evaluate(countNotices)));
  await endSessions(journey.stage, first);
  proxy.forget();

  const answers = (await Promise.all(tabs.map((tab) => tab.evaluate(ask, REQUESTS)))).flat();
  for (const [n, tab] of tabs.entries()) {
    await tab.waitForPath('/signin');
    const search = await tab.evaluate(() => new URLSearchParams(location.search).get('returnTo'));
    expect(search).toBe(n === 0 ? '/app' : `/library?tab=${n}`);
  }
  const fromServer = proxy.requests.filter(
    ({ path, status }) => path === '/api/files' && status === 401,
  ).length;
  const byGateway = answers.filter(({ marked }) => marked).length;

  expect(answers.every(({ status }) => status === 401)).toBe(true);
  expect(answers).toHaveLength(TABS * REQUESTS);
  // Each request was refused by the server or never got there, and whoever asked got a marked 401 in either case.
  expect(byGateway).toBe(TABS * REQUESTS);
  expect(fromServer).toBeGreaterThan(0);
  const seen = await Promise.all(
    tabs.map((tab) => tab.evaluate(() => Reflect.get(globalThis, 'noticedAt') as number[])),
  );
  expect(seen.map((times) => times.length)).toEqual(tabs.map(() => 1));
  const firstRefusal = Math.min(
    ...proxy.requests.filter(({ status }) => status === 401).map(({ answeredAt }) => answeredAt ?? 0),
  );
  const lastNotice = Math.max(...seen.flat());
  // Later ones ask for those who wait at the sign-in page.
  const probes = proxy.requests.filter(
    ({ path, startedAt }) => path === '/api/session' && startedAt < Math.min(...seen.flat()),
  );
  expect(probes).toHaveLength(1);
  const figure = `${fromServer} of ${answers.length} requests reached the server; last notice ${lastNotice - firstRefusal} ms after the first 401`;
  console.log(figure);
  test.info().annotations.push({ type: 'figure', description: figure });

  await enterCode(first, journey.stage);
  await first.waitForPath('/app');
  for (const [n, tab] of tabs.entries()) if (n > 0) await tab.waitForPath('/library');
});

test('a race with a refresh shows nothing', async ({ journey }) => {
  const { proxy } = journey.stage;
  const tab = await journey.signedInTab();
  await tab.evaluate(countNotices);
  const box = await Middlebox.start(journey.stage.server.port);
  const probed = Promise.withResolvers<null>();
  const severalCame = Promise.withResolvers<null>();
  let refused = 0;
  // A server in the moment of a refresh: it refuses what comes before it is asked who is signed in, the first as soon as
  // there is another, and a few only after that question, yet not so many that they have all six connections.
  let isRefreshing = true;
  box.rule = async ({ url }) => {
    if (url === '/api/session') {
      isRefreshing = false;
      probed.resolve(null);
    }
    if (url !== '/api/files' || !isRefreshing) return null;
    refused++;
    if (refused === 2) severalCame.resolve(null);
    if (refused === 1) await severalCame.promise;
    else if (refused < 5) await probed.promise;
    const body = JSON.stringify({
      type: 'about:blank',
      title: 'SESSION_EXPIRED',
      status: 401,
      code: 'SESSION_EXPIRED',
    });
    return { status: 401, headers: { 'Content-Type': 'application/problem+json' }, body };
  };
  proxy.targetPort = box.port;
  proxy.resetAll();
  proxy.forget();
  const answers = await tab.evaluate(ask, 20);
  box.close();
  expect(refused).toBeGreaterThan(1);
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(proxy.requests.filter(({ path }) => path === '/api/session')).toHaveLength(1);
  expect(await tab.evaluate(() => [location.pathname, Reflect.get(globalThis, 'noticedAt')])).toEqual([
    '/app',
    [],
  ]);
});

test('a thousand changes asked for around an expiry are never carried out after signing in again', async ({
  journey,
}) => {
  const { proxy } = journey.stage;
  const file = await journey.file('note.txt', 1000);
  const tab = await journey.signedInTab();
  await tab.pick([file.path]);
  await rowIs(tab, 'stored');
  const [stored] = await journey.stage.server.files(await tab.cookieHeader(journey.stage.origin));
  await endSessions(journey.stage, tab);
  await tab.evaluate((id) => {
    const rename = (n: number) =>
      fetch(`/api/files/${id}`, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: `renamed-${n}.txt` }),
      });
    void Promise.allSettled(Array.from({ length: 1000 }, (_, n) => rename(n)));
  }, stored?.id ?? '');
  await tab.waitForPath('/signin');
  await enterCode(tab, journey.stage);
  await tab.waitForPath('/app');
  proxy.forget();
  await tab.until(() => document.querySelector('[data-upload], [data-pick]'));
  expect(proxy.requests.filter(({ method }) => method === 'PATCH')).toEqual([]);
  const [after] = await journey.stage.server.files(await tab.cookieHeader(journey.stage.origin));
  expect(after?.name).toBe('note.txt');
});

test('an upload whose sign-in ends at each tenth goes on each time, and not for another account', async ({
  journey,
}) => {
  test.setTimeout(240_000);
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 128 * MIB);
  const tab = await journey.signedInTab();
  // Slow enough that what is in flight is less than a tenth: those requests have begun, and are let through.
  await proxy.set({ bitsPerSecond: 48e6, latencyMs: 2 });
  proxy.forget();
  await tab.pick([file.path]);
  for (let tenth = 1; tenth < 10; tenth++) {
    await poll(
      `${tenth} tenths`,
      60_000,
      () => proxy.counts.fromClients > (tenth / 10) * file.bytes || undefined,
      10,
    );
    await journey.stage.server.endSessions();
    await tab.waitForPath('/signin');
    if (tenth === 5) {
      await signIn(tab, journey.stage, 'grace@example.org');
      const isHereSince = Date.now();
      await tab.until(() => document.querySelector('[data-pick]'));
      expect(await tab.evaluate(() => document.querySelector('[data-upload]'))).toBeNull();
      // What had left before may still arrive; nothing leaves while somebody else is here.
      expect(partPuts(proxy.requests).filter(({ startedAt }) => startedAt > isHereSince)).toEqual([]);
      await tab.click('[data-sign-out]');
      await tab.waitForPath('/signin');
    }
    await enterCode(tab, journey.stage);
    await tab.waitForPath('/app');
  }
  await rowIs(tab, 'stored');
  const { resentBytes } = wireOf(proxy.requests);
  const lost = inFlightBytes(proxy.requests, 401);
  test.info().annotations.push({ type: 'figure', description: `${resentBytes} bytes sent again` });
  expect(resentBytes).toBeLessThanOrEqual(lost);
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
});

/** In the page: asks for the library so many times at once; what came back, and whether the gateway made it. */
function ask(times: number): Promise<{ status: number; marked: boolean }[]> {
  return Promise.all(
    Array.from({ length: times }, async () => {
      const { status, headers } = await fetch('/api/files');
      return { status, marked: headers.has('x-holdfast-gateway') };
    }),
  );
}
