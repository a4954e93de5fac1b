import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from '@playwright/test';
import type { About } from '../shared/protocol.ts';
import { PlainBrowser } from './browser.ts';
import { poll } from './poll.ts';
import { signIn } from './sign-in.ts';
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

  async signedInTab(): Promise<Tab> {
    const tab = await this.browser.open('about:blank');
    await signIn(tab, this.stage);
    return tab;
  }

  file(name: string, bytes: number, seed = 1): Promise<TestFile> {
    return makeFile(join(this.folder, name), bytes, seed);
  }

  /** SHA-256 (hex) and name of everything the server has stored for the person in `tab`, newest first. */
  async library(tab: Tab): Promise<{ name: string; size: number; sha256: string }[]> {
    const cookie = await tab.cookieHeader(this.stage.origin);
    const files = await this.stage.server.files(cookie);
    return Promise.all(
      files.map(async ({ id, name, size }) => {
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

/** The test runner with a `journey` set up before each test, and taken down after it. */
export const test = base.extend<{ journey: Journey; env: Record<string, string> }>({
  env: [{}, { option: true }],
  journey: async ({ env }, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-files-'));
    const stage = await startStage({ env });
    const profile = join(folder, 'profile');
    const journey = new Journey(stage, await PlainBrowser.launch({ profile }), folder);
    await use(journey);
    await journey.browser.close();
    await stage.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
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
