import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { countNotices, endSessions } from './account-end.ts';
import { PlainBrowser } from './browser.ts';
import { Nginx } from './nginx.ts';
import { freePort, TestServer } from './server.ts';
import { enterCode, signIn } from './sign-in.ts';
import type { Tab } from './tab.ts';

const TABS = Number(process.env.HOLDFAST_TABS ?? 50);
const REQUESTS = Number(process.env.HOLDFAST_REQUESTS ?? 200);

test(`${TABS} tabs with ${REQUESTS} requests each meet one expiry over HTTP/2, behind nginx with TLS`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-h2-'));
  const [port, serverPort] = [await freePort(), await freePort()];
  const server = await TestServer.start({
    publicUrl: `https://localhost:${port}`,
    port: serverPort,
    env: {
      TRUST_PROXY: '127.0.0.1',
      SIGN_UP: 'open',
      HOST: '127.0.0.1',
      REQUESTS_PER_MINUTE_PER_CLIENT: '1000000',
    },
  });
  const nginx = await Nginx.start(join(folder, 'nginx'), port, serverPort);
  const browser = await PlainBrowser.launch({
    flags: [`--ignore-certificate-errors-spki-list=${nginx.keyHash}`],
  });
  const stage = { origin: nginx.origin, server, person: 'ada@example.org' };
  try {
    const first = await browser.open('about:blank');
    await signIn(first, stage);
    const tabs: Tab[] = [first];
    while (tabs.length < TABS) tabs.push(await browser.open(`${stage.origin}/library?tab=${tabs.length}`));
    // With what they ask for as they open behind them: the library, of which there is none yet.
    for (const tab of tabs.slice(1))
      await tab.until(() => document.querySelector('main a.button[href="/app"]'));
    await Promise.all(tabs.map((tab) => tab.evaluate(countNotices)));
    const earlier = (await nginx.answered()).length;
    await endSessions(stage, first);

    const marked = (await Promise.all(tabs.map((tab) => tab.evaluate(ask, REQUESTS)))).flat();
    for (const tab of tabs) await tab.waitForPath('/signin');
    const noticed = await Promise.all(
      tabs.map((tab) => tab.evaluate(() => Reflect.get(globalThis, 'noticedAt') as number[])),
    );
    const requests = (await nginx.answered()).slice(earlier);
    const refused = requests.filter(({ status }) => status === 401);
    const firstAt = Math.min(...refused.map(({ at }) => at));
    const lastAt = Math.max(...noticed.flat());
    const probes = requests.filter(
      ({ path, at }) => path === '/api/session' && at < Math.min(...noticed.flat()),
    );
    console.log(
      `${refused.length} of ${marked.length} requests reached the server, ${probes.length} probe; ` +
        `the last of ${TABS} tabs showed its notice ${lastAt - firstAt} ms after the first 401`,
    );
    expect(new Set(requests.map(({ protocol }) => protocol))).toEqual(new Set(['HTTP/2.0']));
    expect(marked).toEqual(Array(TABS * REQUESTS).fill('401 by the gateway'));
    expect(probes).toHaveLength(1);
    expect(noticed.map((times) => times.length)).toEqual(tabs.map(() => 1));

    await enterCode(first, stage);
    await first.waitForPath('/app');
    for (const tab of tabs.slice(1)) await tab.waitForPath('/library');
  } finally {
    await browser.close();
    await nginx.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});

/** In the page: asks for the library so many times at once; what came back, and from whom. */
function ask(times: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: times }, async () => {
      const { status, headers } = await fetch('/api/files');
      return `${status} by the ${headers.has('x-holdfast-gateway') ? 'gateway' : 'server'}`;
    }),
  );
}
