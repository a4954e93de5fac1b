import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from '@playwright/test';
// @ts-expect-error: plain JavaScript, since the setup script uses it before anything is installed
import { findBrowser } from '../scripts/browser.mjs';
import { Cdp } from './cdp.ts';
import { poll } from './poll.ts';
import { Tab } from './tab.ts';
import { type Task, tasksDuring } from './tasks.ts';

/** No traffic of the browser's own; the sandbox does not work for root. */
const FLAGS = [
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

/**
 * A Chromium started as a person's would be, and driven through its pages alone. No debugger ever attaches to the
 * service worker: with one, a worker never idles out, and every body it sends is copied (20 s for 256 MiB).
 */
export class PlainBrowser {
  readonly profile: string;
  readonly #isTemporary: boolean;
  /** Where other tools find its debugger. */
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #cdp: Cdp;

  private constructor(profile: string, isTemporary: boolean, child: ChildProcess, port: number, cdp: Cdp) {
    this.port = port;
    this.profile = profile;
    this.#isTemporary = isTemporary;
    this.#child = child;
    this.#cdp = cdp;
  }

  /** On a temporary profile, unless one is given: that of a browser that was killed, to see what survived. */
  static async launch(options: { profile?: string; flags?: readonly string[] } = {}): Promise<PlainBrowser> {
    const profile = options.profile ?? (await mkdtemp(join(tmpdir(), 'holdfast-profile-')));
    // Left behind by a killed browser, it names a port that is no longer there.
    const portFile = join(profile, 'DevToolsActivePort');
    await rm(portFile, { force: true });
    const flags = [
      ...FLAGS,
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      // A renderer for suggestions in the address bar, which nobody types into: half of what a start costs.
      '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
      ...(options.flags ?? []),
    ];
    // A process group of its own, so that all of the browser can be killed at once and nothing else.
    const child = spawn(await browserPath(), [...flags, 'about:blank'], {
      detached: true,
      stdio: 'ignore',
      // Without it, files whose names go beyond ASCII can't be chosen.
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    const address = await poll('the browser to start', 20_000, async () => {
      if (child.exitCode !== null) throw new Error(`The browser ended with ${child.exitCode}`);
      const [port, path] = (await readFile(portFile, 'utf8').catch(() => '')).split('\n');
      return port && path ? `ws://127.0.0.1:${port}${path}` : undefined;
    });
    const port = Number(new URL(address).port);
    const cdp = await Cdp.connect(address);
    const browser = new PlainBrowser(profile, options.profile === undefined, child, port, cdp);
    await browser.#untilOpen();
    return browser;
  }

  /** The tab it starts with comes late on a busy machine, and then to the front, over one that a test has opened. */
  async #untilOpen(): Promise<void> {
    const first = await poll('the first tab', 20_000, async () => (await this.#pages())[0]);
    const tab = await Tab.attach(this.#cdp, first);
    await tab.until(() => document.visibilityState === 'visible');
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('The browser never started');
    return this.#child.pid;
  }

  /** A new tab, in front, with `url` loaded. */
  async open(url: string): Promise<Tab> {
    const { targetId } = await this.#cdp.send<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
    });
    const tab = await Tab.attach(this.#cdp, targetId);
    await tab.go(url);
    return tab;
  }

  /** What a person answers, or has answered, when `origin` asks for `name`. */
  async permit(origin: string, name: string, setting: 'granted' | 'denied' | 'prompt'): Promise<void> {
    await this.#cdp.send('Browser.setPermission', { origin, permission: { name }, setting });
  }

  /** The longer tasks of its pages while `work` runs, the longest first. */
  tasksDuring(work: () => Promise<void>): Promise<Task[]> {
    return tasksDuring(this.#cdp, work);
  }

  /** JavaScript heap in use by the service worker of `origin`, in bytes. Attached to for the moment it takes. */
  async workerHeapBytes(origin: string): Promise<number> {
    const { targetInfos } = await this.#cdp.send<{
      targetInfos: { targetId: string; type: string; url: string }[];
    }>('Target.getTargets', { filter: [{}] });
    const worker = targetInfos.find(({ type, url }) => type === 'service_worker' && url.startsWith(origin));
    if (!worker) throw new Error(`No worker of ${origin} is running`);
    const { targetId } = worker;
    const { sessionId } = await this.#cdp.send<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    await this.#cdp.send('HeapProfiler.collectGarbage', {}, sessionId);
    const { usedSize } = await this.#cdp.send<{ usedSize: number }>('Runtime.getHeapUsage', {}, sessionId);
    await this.#cdp.send('Target.detachFromTarget', { sessionId });
    return usedSize;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * Closes all tabs, and drops whatever it keeps of `origin` and of anybody's visits, as if it had just been started;
   * but the app's worker and its files, where they are to serve who comes next.
   */
  async forget(origin: string, { keepsWorker = false } = {}): Promise<void> {
    const before = await this.#pages();
    const blank = await this.open('about:blank');
    for (const targetId of before) {
      await this.#cdp.send('Target.closeTarget', { targetId }).catch(() => undefined); // the test has just closed it
    }
    // One that is still closing has a last word for the worker, and may come to the front over that.
    await poll('all tabs to close', 20_000, async () => {
      const there = await this.#pages();
      return before.every((id) => !there.includes(id)) || undefined;
    });
    await blank.forgetAll(origin, { keepsWorker });
    await this.#cdp.send('Browser.resetPermissions');
  }

  async #pages(): Promise<string[]> {
    const { targetInfos } = await this.#cdp.send<{ targetInfos: { targetId: string; type: string }[] }>(
      'Target.getTargets',
    );
    return targetInfos.filter(({ type }) => type === 'page').map(({ targetId }) => targetId);
  }

  /** SIGKILL for every process of it. The profile stays, for `launch({ profile })`. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.#child, 'exit');
    process.kill(-this.pid, 'SIGKILL');
    await ended;
  }

  /** Ends it and deletes its profile, if that was temporary; `deleteProfile` says otherwise. */
  async close(options: { deleteProfile?: boolean } = {}): Promise<void> {
    await this.kill();
    this.#cdp.close();
    if (options.deleteProfile ?? this.#isTemporary) {
      await rm(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  }
}

/** A Playwright context on a profile of its own, for tests of what is seen and clicked. */
export async function launchUi(options: { profile?: string; locale?: string } = {}): Promise<BrowserContext> {
  // Imported late: the benchmark's proxy shares a process with this file, and would pay for Playwright's big heap.
  const { chromium } = await import('@playwright/test');
  return chromium.launchPersistentContext(options.profile ?? '', {
    executablePath: await browserPath(),
    args: FLAGS.filter((flag) => flag !== '--headless'),
    locale: options.locale ?? 'en',
    // A list denies everything that is not on it.
    permissions: ['notifications', 'background-sync'],
  });
}

async function browserPath(): Promise<string> {
  const path: string | null = await findBrowser();
  if (!path) throw new Error('No Chromium here: run `npm run setup -- --browser`, or set CHROMIUM_PATH');
  return path;
}
