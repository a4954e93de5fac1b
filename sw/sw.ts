import type { PrecacheEntry } from 'workbox-precaching';
import { HoldfastError } from '../shared/errors.ts';
import { type About, type Calls, parseCall } from '../shared/protocol.ts';
import { stagingBudget } from '../shared/staging.ts';
import { Account } from './account.ts';
import { answerCall } from './calls.ts';
import { answerDownload, isDownload, isNative } from './downloads.ts';
import { Engine } from './engine.ts';
import { fetchApi, Gateway } from './gateway.ts';
import { Leases } from './leases.ts';
import { NewsDesk, postNews } from './news.ts';
import { serveShell } from './shell.ts';
import { Store } from './store.ts';
import { UploadApi } from './upload-api.ts';

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: (PrecacheEntry | string)[] };

/** A lease while a page is there, and the one for when the last page has gone; both in ms, below 5 minutes. */
const LEASE_MS = 90_000;
const LONG_LEASE_MS = 240_000;

const instance = crypto.randomUUID();
// biome-ignore lint/suspicious/noConsole: for whoever opens the worker's console; holds no names and no secrets
const log = (line: string) => console.debug(`[holdfast] ${line}`);

const store = new Store();
const account = new Account({
  store,
  fetch: fetchApi,
  post: postNews,
  now: Date.now,
  onChange: () => engine.accountChanged(),
});
const gateway = new Gateway(account, log);
const engine: Engine = new Engine(
  {
    store,
    api: new UploadApi(
      (request) => gateway.send(request),
      () => crypto.randomUUID(),
    ),
    now: Date.now,
    chance: Math.random,
    timer: (ms, then) => {
      const id = setTimeout(then, ms);
      return () => clearTimeout(id);
    },
    account: () => account.current,
    onWrongAccount: () => void account.ask(),
    onChange: (ids) => news.note(ids),
    onStored: () => postNews({ type: 'library' }),
    // An interface of Chromium alone, which has that property since it stats a file before each read.
    filesAreSnapshots: 'userAgentData' in navigator,
    stagingRoom,
    log,
  },
  { stallMs: 15_000, drainMs: 5000 },
);
const news: NewsDesk = new NewsDesk(engine);
const leases = new Leases();
let started: Promise<Engine> | null = null;
let releaseEngineLock: () => void = () => undefined;

// Pages wait for this lock: it comes free the moment this worker is gone, which nothing else tells them.
void navigator.locks.request(`holdfast-worker:${instance}`, () => new Promise(() => undefined));

serveShell(self.__WB_MANIFEST);
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', onFetch);
self.addEventListener('message', (event) => event.waitUntil(onMessage(event)));

function onFetch(event: FetchEvent): void {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return; // not ours to touch
  if (!url.pathname.startsWith('/api/')) return; // the shell's routes answer, or the network does
  if (isNative(request)) return; // already looked at: the browser fetches it by itself
  event.respondWith(isDownload(request) ? answerDownload(gateway, request) : gateway.sendFromPage(request));
}

async function onMessage(event: ExtendableMessageEvent): Promise<void> {
  const data: unknown = event.data;
  const port = event.ports[0];
  if (isType(data, 'SKIP_WAITING')) return self.skipWaiting();
  if (isType(data, 'about')) return port?.postMessage(about());
  const call = parseCall(data);
  if (!call) return port?.postMessage({ ok: false, code: 'OUTDATED' });
  try {
    const value = await answerCall({ account, engine: startEngine, news, about, drain }, call);
    port?.postMessage({ ok: true, value });
  } catch (cause) {
    const code = cause instanceof HoldfastError ? cause.code : 'INTERNAL';
    log(`${call.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`);
    port?.postMessage({ ok: false, code });
  }
  if (call.name === 'ping') await lease(event.source, call.ask);
}

/** Keeps this worker alive for a while on behalf of a page, if there is work. */
async function lease(
  source: ExtendableMessageEvent['source'],
  { leaving, eager }: Calls['ping']['ask'],
): Promise<void> {
  if (!(source instanceof Client) || !engine.hasWork) return;
  if (eager) engine.kick();
  await leases.hold(
    source.id,
    leaving && (await isLast(source)) ? LONG_LEASE_MS : LEASE_MS,
    engine.whenIdle(),
  );
}

async function isLast(leaving: Client): Promise<boolean> {
  const windows = await self.clients.matchAll({ type: 'window' });
  return windows.every(({ id }) => id === leaving.id);
}

/** The engine, once it is the only one: another worker's has to let go of the lock first. */
function startEngine(): Promise<Engine> {
  started ??= new Promise((resolve, reject) => {
    const held = new Promise<void>((release) => {
      releaseEngineLock = release;
    });
    void navigator.locks.request('holdfast-engine', async () => {
      try {
        await account.state();
        await engine.start();
        resolve(engine);
        await held;
      } catch (cause) {
        started = null;
        reject(cause);
      }
    });
  });
  return started;
}

async function drain(): Promise<void> {
  await engine.drain();
  leases.endAll();
  releaseEngineLock();
}

function about(): About {
  const state = engine.isDraining ? 'draining' : engine.hasWork ? 'running' : 'idle';
  return { build: __BUILD__, instance, epoch: account.current.epoch, engine: state };
}

/** Bytes that may still be staged. Some engines have no `navigator.storage` at all: there the store itself says when. */
async function stagingRoom(): Promise<number> {
  const { quota, usage } = (await navigator.storage?.estimate()) ?? {};
  return quota === undefined || usage === undefined ? Number.POSITIVE_INFINITY : stagingBudget(quota, usage);
}

function isType(data: unknown, type: string): boolean {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === type;
}
