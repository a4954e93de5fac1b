import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlainBrowser } from '../e2e/browser.ts';
import { FaultProxy } from '../e2e/fault-proxy.ts';
import { poll } from '../e2e/poll.ts';
import { freePort, TestServer } from '../e2e/server.ts';
import { signIn } from '../e2e/sign-in.ts';
import type { Tab } from '../e2e/tab.ts';

/** Who can be measured: started for a scenario, with a folder to keep what it receives in. */
export interface Entrant {
  name: string;
  start(folder: string): Promise<Rival>;
}

/** Somebody who uploads: a page, the server it uploads to, and the proxy between them. */
export interface Rival {
  proxy: FaultProxy;
  serverPid: number;
  /** A tab that is ready to upload. */
  open(browser: PlainBrowser): Promise<Tab>;
  /** Picks the files; answers the seconds from the pick until the last one was stored. */
  upload(tab: Tab, files: readonly string[], withinMs: number): Promise<number>;
  close(): Promise<void>;
}

/** One `PUT` for each whole file, `inFlight` of them at a time. */
export function raw(inFlight: number): Entrant {
  return {
    name: inFlight === 1 ? 'raw XHR' : `raw XHR × ${inFlight}`,
    start: (folder) =>
      startRival('raw', folder, (tab, withinMs) => runInPage(tab, withinMs, putAll, inFlight)),
  };
}

/**
 * tus-js-client as its documentation shows it: a file in so many parallel streams, `inFlight` files at a time.
 * Streams are uploads of their own, one for each slice, and stay apart: tus-js-client's own `parallelUploads` asks
 * the server to join them, which `@tus/server` refuses (501). So the figure is the best that joining could reach.
 */
export function tus(streams: number, inFlight: number): Entrant {
  return {
    name: inFlight > 1 ? `tus × ${inFlight}` : streams > 1 ? `tus, ${streams} slices` : 'tus, 1 stream',
    start: (folder) =>
      startRival('tus', folder, (tab, withinMs) => runInPage(tab, withinMs, tusAll, streams, inFlight)),
  };
}

export const holdfast: Entrant = { name: 'Holdfast', start: startHoldfast };

/** The built product, as `npm start` runs it; the worker sends, the page is only watched. */
async function startHoldfast(folder: string): Promise<Rival> {
  const port = await freePort();
  const proxy = await FaultProxy.start({ targetPort: port });
  const dataDir = await mkdtemp(join(folder, 'holdfast-'));
  const server = await TestServer.start({
    publicUrl: proxy.origin,
    port,
    dataDir,
    env: { LOG_LEVEL: 'warn' },
  });
  const signedIn = new WeakSet<PlainBrowser>();
  return {
    proxy,
    serverPid: server.pid,
    async open(browser) {
      const tab = await browser.open(`${proxy.origin}/app`);
      if (!signedIn.has(browser))
        await signIn(tab, { origin: proxy.origin, server, person: 'ada@example.org' });
      signedIn.add(browser);
      await tab.until(
        () => document.querySelector('input[type=file][data-pick]') && navigator.serviceWorker.controller,
      );
      return tab;
    },
    async upload(tab, files, withinMs) {
      await tab.evaluate(watchList);
      await tab.pick(files);
      return finish(tab, withinMs);
    },
    async close() {
      await server.kill();
      await proxy.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function startRival(
  kind: 'raw' | 'tus',
  parent: string,
  run: (tab: Tab, withinMs: number) => Promise<number>,
): Promise<Rival> {
  const folder = await mkdtemp(join(parent, `${kind}-`));
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'rival-server.mjs'), kind, String(port), folder],
    {
      stdio: 'inherit',
    },
  );
  const proxy = await FaultProxy.start({ targetPort: port });
  await poll(`the ${kind} server`, 10_000, async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    return answer?.ok || undefined;
  });
  return {
    proxy,
    serverPid: pidOf(child),
    async open(browser) {
      const tab = await browser.open(`${proxy.origin}/`);
      if (kind === 'tus') await tab.evaluate(loadScript, '/tus.js');
      return tab;
    },
    async upload(tab, files, withinMs) {
      await tab.pick(files, '#pick');
      return run(tab, withinMs);
    },
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await proxy.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('The server never started');
  return child.pid;
}

/** Starts `work` in the page, and answers its seconds; it never holds a call of the debugger open meanwhile. */
async function runInPage<A extends unknown[]>(
  tab: Tab,
  withinMs: number,
  work: (...args: A) => void,
  ...args: A
): Promise<number> {
  await tab.evaluate(work, ...args);
  return finish(tab, withinMs);
}

async function finish(tab: Tab, withinMs: number): Promise<number> {
  await tab.untilWithin(withinMs, () => Reflect.get(globalThis, 'finished') !== undefined);
  const finished = await tab.evaluate(() => Reflect.get(globalThis, 'finished') as number | string);
  if (typeof finished === 'string') throw new Error(finished);
  return finished / 1000;
}

// What follows runs in pages. Each sets `finished` to the ms it took, or to what went wrong.

function putAll(inFlight: number): void {
  const files = Reflect.get(globalThis, 'picked') as File[];
  const startedAt = performance.now();
  let left = files.length;
  const next = () => {
    const file = files.shift();
    if (!file) return;
    const request = new XMLHttpRequest();
    request.open('PUT', '/upload');
    request.onload = () => {
      left--;
      if (left === 0) Reflect.set(globalThis, 'finished', performance.now() - startedAt);
      next();
    };
    request.onerror = () => Reflect.set(globalThis, 'finished', 'a PUT failed');
    request.send(file);
  };
  for (let n = 0; n < inFlight; n++) next();
}

function tusAll(streams: number, inFlight: number): void {
  type TusUpload = new (file: Blob, options: object) => { start(): void };
  const { Upload } = Reflect.get(globalThis, 'tus') as { Upload: TusUpload };
  const whole = Reflect.get(globalThis, 'picked') as File[];
  const startedAt = performance.now();
  const slices = (file: File): Blob[] => {
    const bytes = Math.ceil(file.size / streams);
    return Array.from({ length: streams }, (_, n) => file.slice(n * bytes, (n + 1) * bytes));
  };
  // An unsliced file takes a faster path in Chromium.
  const files: Blob[] = streams === 1 ? whole : whole.flatMap(slices);
  let left = files.length;
  const next = () => {
    const file = files.shift();
    if (!file) return;
    new Upload(file, {
      endpoint: '/files',
      // What its documentation shows; the default gives up at the first failure.
      retryDelays: [0, 1000, 3000, 5000],
      // Or the second run would find the file done.
      storeFingerprintForResuming: false,
      onSuccess: () => {
        left--;
        if (left === 0) Reflect.set(globalThis, 'finished', performance.now() - startedAt);
        next();
      },
      onError: (error: Error) => Reflect.set(globalThis, 'finished', String(error)),
    }).start();
  };
  for (let n = 0; n < inFlight * streams; n++) next();
}

/** Of a long list only the rows in sight are there: that all is done is said above it. */
function watchList(): void {
  let startedAt = 0;
  let hasBegun = false;
  document.addEventListener('change', () => (startedAt = performance.now()), { capture: true, once: true });
  const watcher = new MutationObserver(() => {
    const failed = document.querySelector<HTMLElement>(
      '[data-upload]:is([data-state=failed], [data-state=needs-file], [data-state=held])',
    );
    if (failed)
      Reflect.set(globalThis, 'finished', `a row is ${failed.dataset.state}: ${failed.textContent}`);
    const line = document.querySelector<HTMLElement>('[data-safe-line]')?.dataset.safeLine;
    hasBegun ||= line !== undefined && line !== 'done';
    if (!hasBegun || line !== 'done') return;
    watcher.disconnect();
    Reflect.set(globalThis, 'finished', performance.now() - startedAt);
  });
  watcher.observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['data-safe-line'],
  });
}

function loadScript(source: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = source;
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(`${source} did not load`));
    document.head.append(script);
  });
}
