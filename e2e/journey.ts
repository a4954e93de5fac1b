import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from '@playwright/test';
import type { About } from '../shared/protocol.ts';
import { PlainBrowser } from './browser.ts';
import { poll } from './poll.ts';
import { type Stage, startStage } from './stage.ts';
import type { Tab } from './tab.ts';
import { makeFile, type TestFile } from './test-file.ts';

export const MIB = 1024 * 1024;

/** A server behind a proxy, a plain browser, and a person who is signed in in one tab of it. */
export class Journey {
  readonly stage: Stage;
  browser: PlainBrowser;
  readonly folder: string;

  constructor(stage: Stage, browser: PlainBrowser, folder: string) {
    this.stage = stage;
    this.browser = browser;
    this.folder = folder;
  }

  /** Of someone who has signed in before; how that is done is for the tests that are about it. */
  async signedInTab(): Promise<Tab> {
    const { origin, server, person } = this.stage;
    const tab = await this.browser.open('about:blank');
    await tab.setCookies(await server.signIn(person));
    await tab.go(`${origin}/app`);
    await tab.waitForWorker();
    await tab.until(() => document.querySelector('[data-pick]'));
    // A worker that knew somebody else asks who is here, and what was picked before it knows would be theirs.
    await tab.until(
      (who) => document.querySelector('.avatar')?.getAttribute('aria-label')?.includes(who),
      person,
    );
    // What keys, drops and choices of files are sent to is what a person sees.
    await tab.bringToFront();
    await tab.until(() => document.visibilityState === 'visible');
    return tab;
  }

  file(name: string, bytes: number, seed = 1): Promise<TestFile> {
    return makeFile(join(this.folder, name), bytes, seed);
  }

  /**
   * SHA-256 (hex) and name of everything the server has stored for the person in `tab`, newest first; with `prefix`, of
   * what is called so.
   */
  async library(tab: Tab, prefix = ''): Promise<{ name: string; size: number; sha256: string }[]> {
    const cookie = await tab.cookieHeader(this.stage.origin);
    const files = await this.stage.server.files(cookie);
    const wanted = files.filter(({ name }) => name.startsWith(prefix));
    return Promise.all(
      wanted.map(async ({ id, name, size }) => {
        return { name, size, sha256: await this.stage.server.storedSha256(id, cookie) };
      }),
    );
  }

  /** Kills the browser and starts it again on the same profile. */
  async restartBrowser(): Promise<void> {
    await this.browser.kill();
    this.browser = await PlainBrowser.launch({ profile: this.browser.profile });
  }
}

/** Tests that one server serves at most: the disk holds what all of them have uploaded. */
const MOST_TESTS = 12;
/** People who sign in as often as tests do. */
const USUAL_ENV = { CODE_SENDS_PER_HOUR: '1000', CODE_SENDS_PER_DAY: '1000' };

/**
 * What the tests of one process have of each other, since it is slow to start: the browser, with the app's worker in it,
 * and the server, which knows each test by a person of its own. Only where all went as expected.
 */
export class Shared {
  #browser: PlainBrowser | null = null;
  #stage: Stage | null = null;
  #tests = 0;

  async begin(env: Record<string, string>): Promise<Journey> {
    const [stage, browser, folder] = await Promise.all([
      this.#stageFor(env),
      this.#browser ?? PlainBrowser.launch(),
      mkdtemp(join(tmpdir(), 'holdfast-files-')),
    ]);
    this.#browser = browser;
    return new Journey(stage, browser, folder);
  }

  /** A browser or a server that was killed, or met what no test expects, serves no other one. */
  async end({ browser, stage, folder }: Journey, isAsExpected: boolean): Promise<void> {
    const staysStage = stage === this.#stage && isAsExpected && this.#tests < MOST_TESTS;
    const staysBrowser = browser === this.#browser && isAsExpected && browser.isRunning;
    if (staysStage) await stage.reset();
    if (staysBrowser) await browser.forget(stage.origin, { keepsWorker: staysStage });
    else {
      await browser.close({ deleteProfile: true });
      this.#browser = null;
    }
    if (!staysStage) {
      await stage.close();
      if (stage === this.#stage) this.#stage = null;
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await this.#stage?.close();
  }

  async #stageFor(env: Record<string, string>): Promise<Stage> {
    if (Object.keys(env).length > 0) return startStage({ env: { ...USUAL_ENV, ...env } });
    if (!this.#stage) this.#tests = 0;
    const stage = this.#stage ?? (await startStage({ env: USUAL_ENV }));
    this.#stage = stage;
    stage.person = `ada-${++this.#tests}@example.org`;
    return stage;
  }
}

/** The test runner with a `journey` set up before each test, and taken down after it. */
export const test = base.extend<{ journey: Journey; env: Record<string, string> }, { shared: Shared }>({
  shared: [
    // biome-ignore lint/correctness/noEmptyPattern: the runner reads the names of fixtures from the pattern
    async ({}, use) => {
      const shared = new Shared();
      await use(shared);
      await shared.close();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  env: [{}, { option: true }],
  journey: async ({ env, shared }, use, { expectedStatus }) => {
    const journey = await shared.begin(env);
    await use(journey);
    await shared.end(journey, test.info().status === expectedStatus);
  },
});

/** Waits until the one row of the list is in `state`. */
export function rowIs(tab: Tab, state: string, withinMs = 60_000): Promise<void> {
  return tab.untilWithin(withinMs, (at) => document.querySelector(`[data-upload][data-state=${at}]`), state);
}

/** Waits until every remaining byte is in the browser's own storage, as the row says. */
export function rowIsSafe(tab: Tab, withinMs = 30_000): Promise<void> {
  return tab.untilWithin(withinMs, () => document.querySelector('[data-upload][data-safe=yes]'));
}

/** Asks the worker who it is, as any tool may; again when it was replaced before it could answer. */
export function about(tab: Tab): Promise<About> {
  return poll(
    'the worker to say who it is',
    20_000,
    async () => (await tab.evaluate(askWorker)) ?? undefined,
  );
}

/** In the page. */
async function askWorker(): Promise<About | null> {
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<About | null>((resolve) => {
    port1.onmessage = ({ data }) => resolve(data as About);
    setTimeout(() => resolve(null), 5000);
  });
  active?.postMessage({ type: 'about' }, [port2]);
  return answer;
}
