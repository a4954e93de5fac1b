import { join } from 'node:path';
import { expect } from '@playwright/test';
import { askForFiles, countNotices, expire, noticeCount } from './account-end.ts';
import { PlainBrowser } from './browser.ts';
import { test } from './journey.ts';
import { Middlebox, type OwnAnswer } from './middlebox.ts';
import { poll } from './poll.ts';
import { signIn } from './sign-in.ts';

test('another device is signed out in the settings, and its tabs learn of it with their next request', async ({
  journey,
}) => {
  const { stage } = journey;
  const here = await journey.signedInTab();
  const other = await PlainBrowser.launch({ profile: join(journey.folder, 'other') });
  try {
    const tabs = [await other.open('about:blank'), await other.open('about:blank')] as const;
    for (const tab of tabs) await tab.beforeScripts(countNotices);
    await signIn(tabs[0], stage);
    await tabs[1].go(`${stage.origin}/library?tab=2`);
    await tabs[1].until(() => document.querySelector('h1'));

    await here.go(`${stage.origin}/settings`);
    await here.click('[data-session]:not([data-current]) [data-do=end]');
    await here.click('[data-do=end-now]');
    await here.until(() => document.querySelectorAll('[data-session]').length === 1);
    // The server looks a session up once a second.
    await poll('the server to know', 10_000, async () => {
      await askForFiles(tabs[1]);
      return (await tabs[1].evaluate(() => location.pathname)) === '/signin' || undefined;
    });
    for (const [tab, path] of [
      [tabs[0], '/app'],
      [tabs[1], '/library?tab=2'],
    ] as const) {
      await tab.waitForPath('/signin');
      await tab.until(() => document.querySelector('[data-notice="session-expired"]'));
      expect(await noticeCount(tab)).toBe(1);
      expect(await tab.evaluate(() => new URLSearchParams(location.search).get('returnTo'))).toBe(path);
    }
    // Whoever ended it stays.
    expect(await askForFiles(here)).toBe(200);
    expect(await here.evaluate(() => location.pathname)).toBe('/settings');
  } finally {
    await other.close({ deleteProfile: true });
  }
});

test('signed out without a network, nothing goes out but that, until the server has answered', async ({
  journey,
}) => {
  const { stage, browser } = journey;
  const { proxy, origin } = stage;
  const tab = await journey.signedInTab();
  const other = await browser.open(`${origin}/library`);
  await other.until(() => document.querySelector('h1'));
  const cookie = await tab.cookieHeader(origin);
  const box = await Middlebox.start(stage.server.port);
  proxy.targetPort = box.port;
  await proxy.set({ refuse: true });
  proxy.resetAll();
  await tab.click('[data-sign-out]');
  await tab.until(() => document.querySelector('[data-notice="sign-out-pending"]'));
  await other.waitForPath('/signin');

  // The network is back, and the server is held for as long as it takes to see what else would go out.
  const answer = Promise.withResolvers<null>();
  box.rule = ({ method }) => (method === 'DELETE' ? answer.promise : null);
  proxy.forget();
  await proxy.set({ refuse: false });
  const asked = [askForFiles(tab), askForFiles(other), askForFiles(other)];
  await poll('the sign-out', 20_000, () => {
    return proxy.requests.some(({ method }) => method === 'DELETE') || undefined;
  });
  // To tell whom the session is of, which the sign-out has to be for, it is asked for.
  const before = proxy.requests.filter(({ path }) => path.startsWith('/api/'));
  expect([...new Set(before.map(({ method, path }) => `${method} ${path}`))]).toEqual([
    'GET /api/session',
    'DELETE /api/session',
  ]);
  answer.resolve(null);
  expect(await Promise.all(asked)).toEqual([401, 401, 401]);
  await poll('the server to know', 10_000, async () => {
    const { status } = await fetch(`http://127.0.0.1:${stage.server.port}/api/session`, {
      headers: { cookie },
    });
    return status === 401 || undefined;
  });
  expect(proxy.requests.some(({ path }) => path.startsWith('/api/files'))).toBe(false);
  box.close();
});

test('a server in trouble, a portal and silence around a 401 sign nobody out', async ({ journey }) => {
  const { stage } = journey;
  const tab = await journey.signedInTab();
  await tab.evaluate(countNotices);
  const box = await Middlebox.start(stage.server.port);
  stage.proxy.targetPort = box.port;
  stage.proxy.resetAll();
  const refusal = { type: 'about:blank', title: 'SESSION_EXPIRED', status: 401, code: 'SESSION_EXPIRED' };
  const refused: OwnAnswer = {
    status: 401,
    headers: { 'Content-Type': 'application/problem+json' },
    body: JSON.stringify(refusal),
  };
  const probes: Record<string, OwnAnswer | Promise<null>> = {
    'a server in trouble': { status: 503 },
    'a gateway without a server': {
      status: 502,
      headers: { 'Content-Type': 'text/html' },
      body: '<h1>502</h1>',
    },
    'a portal': { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<h1>Welcome</h1>' },
    'a portal that leads elsewhere': { status: 302, headers: { Location: 'http://portal.test/' } },
    silence: new Promise(() => undefined),
  };
  for (const [who, probe] of Object.entries(probes)) {
    await test.step(who, async () => {
      box.rule = ({ url }) => (url === '/api/files' ? refused : url === '/api/session' ? probe : null);
      expect(await askForFiles(tab)).toBe(503);
    });
  }
  expect(await noticeCount(tab)).toBe(0);
  expect(await tab.evaluate(() => location.pathname)).toBe('/app');
  // It is the answer that ends a session, whenever it comes.
  box.rule = () => null;
  expect(await askForFiles(tab)).toBe(200);
  await expire(stage, tab);
  expect(await noticeCount(tab)).toBe(1);
  box.close();
});
