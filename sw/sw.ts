import type { PrecacheEntry } from 'workbox-precaching';
import { type ParsedCall, parseCall } from '../shared/calls.ts';
import { HoldfastError } from '../shared/errors.ts';
import { type About, type Calls, longCalls } from '../shared/protocol.ts';
import { stagingBudget } from '../shared/staging.ts';
import { Account } from './account.ts';
import { answerCall } from './calls.ts';
import { type Connection, Device } from './device.ts';
import { answerDownload, isDownload, isNative } from './downloads.ts';
import { Engine } from './engine.ts';
import { fetchApi, Gateway } from './gateway.ts';
import { Inbox, isShare } from './inbox.ts';
import { Leases } from './leases.ts';
import { isOfLibrary, LibraryMemory } from './library-memory.ts';
import { Log } from './log.ts';
import { NewsDesk, postNews } from './news.ts';
import { Notifier } from './notifier.ts';
import { Outbox } from './outbox.ts';
import { answerPage } from './page-requests.ts';
import { Shell } from './shell.ts';
import { Store } from './store.ts';
import { isThumbnail, Thumbnails } from './thumbnails.ts';
import { Turns } from './turns.ts';
import { UploadApi } from './upload-api.ts';
import { Wake } from './wake.ts';

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: (PrecacheEntry | string)[] };

/** A lease while a page is there, and the one for when the last page has gone; both in ms, below 5 minutes. */
const LEASE_MS = 90_000;
const LONG_LEASE_MS = 240_000;
/** After a drain the worker that waits has this long to take over, in ms; then the next ping starts this one's engine. */
const HANDOVER_MS = 15_000;

const instance = crypto.randomUUID();
const store = new Store();
const log = new Log(store, instance);
const account: Account = new Account({
  instance,
  store,
  fetch: fetchApi,
  post: postNews,
  now: Date.now,
  onChange: onAccount,
  onExpired: (epoch) => notifier.tell('expired', `expired-${epoch}`),
});
const device = new Device({
  store,
  connection: 'connection' in navigator ? (navigator.connection as Connection) : null,
  onChange: () => engine.connectionChanged(),
});
const gateway = new Gateway(account, log.of('gateway'));
const outbox: Outbox = new Outbox({
  store,
  account,
  send: (request) => gateway.send(request),
  post: postNews,
  onWork: () => void wake.ask(),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  log: log.of('outbox'),
});
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
    heldBack: () => device.heldBack,
    onWrongAccount: () => void account.ask(),
    onChange: (ids) => news.note(ids),
    onStored: () => postNews({ type: 'library' }),
    onWork: () => void wake.ask(),
    onSuperseded: letGo,
    // An interface of Chromium alone, which has that property since it stats a file before each read.
    filesAreSnapshots: 'userAgentData' in navigator,
    stagingRoom,
    log: log.of('engine'),
  },
  { stallMs: 15_000, drainMs: 5000 },
);
const news: NewsDesk = new NewsDesk(engine, (totals) => void notifier.look(totals));
const leases = new Leases();
const adding = new Turns();
const inbox = new Inbox({ store, room: stagingRoom, now: Date.now, post: postNews, log: log.of('worker') });
const library = new LibraryMemory({ store, account, now: Date.now, log: log.of('worker') });
const thumbnails = new Thumbnails({ caches: self.caches, account });
const notifier: Notifier = new Notifier({ device, log: log.of('worker') });
const wake: Wake = new Wake({
  work: async (signal) => {
    const uploads = startEngine().then(() => {
      engine.kick();
      return engine.whenIdle();
    });
    await Promise.allSettled([uploads, outbox.keepFlushing(signal)]);
  },
  hasWork,
  hasWindow: async () => (await self.clients.matchAll({ type: 'window' })).length > 0,
  onLastChance: async () => {
    if (engine.hasWork) await notifier.tell('paused', 'paused');
  },
  log: log.of('worker'),
});
let started: Promise<Engine> | null = null;
let drainedAt = 0;
let releaseEngineLock: () => void = () => undefined;

// Pages wait for this lock: it comes free the moment this worker is gone, which nothing else tells them.
void navigator.locks.request(`holdfast-worker:${instance}`, () => new Promise(() => undefined));
log.of('worker')(`build ${__BUILD__} starts`);

const shell = new Shell(self.__WB_MANIFEST);
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', onFetch);
self.addEventListener('message', (event) => event.waitUntil(onMessage(event)));
self.addEventListener('notificationclick', (event) => event.waitUntil(notifier.onClick(event)));

function onFetch(event: FetchEvent): void {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return; // not ours to touch
  if (isShare(request)) event.respondWith(inbox.take(request));
  if (!url.pathname.startsWith('/api/')) return; // the shell's routes answer, or the network does
  if (url.pathname.startsWith('/api/shared/')) return; // a shared link's own page asks, with no account of ours
  if (request.mode === 'navigate' && url.pathname.startsWith('/api/auth/')) return; // SSO comes back this way
  if (isNative(request)) return; // already looked at: the browser fetches it by itself
  event.respondWith(answer(event));
}

function answer(event: FetchEvent): Promise<Response> {
  const { request } = event;
  if (isDownload(request)) return answerDownload(gateway, request);
  const send = () => answerPage({ gateway, outbox, post: postNews }, request);
  const keep = (work: Promise<void>) => event.waitUntil(work);
  if (isThumbnail(request)) return thumbnails.answer(request, send, keep);
  return isOfLibrary(request) ? library.answer(request, send, keep) : send();
}

async function onMessage(event: ExtendableMessageEvent): Promise<void> {
  const data: unknown = event.data;
  const port = event.ports[0];
  if (isType(data, 'SKIP_WAITING')) return self.skipWaiting();
  if (isType(data, 'about')) return port?.postMessage(about());
  const call = parseCall(data);
  if (!call) return port?.postMessage({ ok: false, code: 'OUTDATED' });
  const answering = reply(call, port);
  if (longCalls.has(call.name)) {
    const page = event.source instanceof Client ? event.source.id : '';
    return leases.carry(page, LEASE_MS, answering);
  }
  await answering;
  if (call.name === 'ping') await lease(event.source, call.ask);
}

/** Answers a page, whatever becomes of its call. */
async function reply(call: ParsedCall, port: MessagePort | undefined): Promise<void> {
  const desk = {
    account,
    device,
    inbox,
    outbox,
    engine: startEngine,
    news,
    log,
    store,
    about,
    drain,
    isBusy,
    adding,
  };
  const answer = () => answerCall(desk, call);
  try {
    // An engine whose store was emptied under it has ended by then: the next one begins with what is there.
    const value = await answer().catch((cause) => (isOutdated(cause) ? answer() : Promise.reject(cause)));
    port?.postMessage({ ok: true, value });
  } catch (cause) {
    const code = cause instanceof HoldfastError ? cause.code : 'INTERNAL';
    log.of('worker')(`${call.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`);
    port?.postMessage({ ok: false, code });
  }
}

function isOutdated(cause: unknown): boolean {
  return cause instanceof HoldfastError && cause.code === 'OUTDATED';
}

/** Keeps this worker alive for a while on behalf of a page, if there is work. */
async function lease(
  source: ExtendableMessageEvent['source'],
  { build, leaving, eager }: Calls['ping']['ask'],
): Promise<void> {
  void gateway.finishSignOut().then(() => outbox.flush());
  if (source instanceof Client && !leaving) void shell.notePage(source.id, build).catch(() => undefined);
  if (await hasWork()) void wake.ask(); // the one asked for may be used up, or no page was there to ask for one
  if (!(source instanceof Client) || !(engine.hasWork || leases.isCarrying)) return;
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

/** The account session changed: uploads of this account go on, and what was told of an expiry is over. */
function onAccount(): void {
  engine.accountChanged();
  void library.accountChanged();
  void thumbnails.accountChanged();
  if (account.current.at === 'signed-in') {
    void notifier.clear();
    void outbox.flush();
  }
}

/** The engine, once it is the only one: another worker's has to let go of the lock first. */
function startEngine(): Promise<Engine> {
  // Starting again would hold up the worker that waits to take over.
  if (started === null && self.registration.waiting && Date.now() - drainedAt < HANDOVER_MS) {
    return Promise.reject(new HoldfastError('OUTDATED', 'Another worker is about to take over'));
  }
  started ??= new Promise((resolve, reject) => {
    const held = new Promise<void>((release) => {
      releaseEngineLock = release;
    });
    void navigator.locks.request('holdfast-engine', async () => {
      try {
        await account.state();
        await device.load();
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
  letGo();
  drainedAt = Date.now();
}

/** The engine has ended: another worker's may start, or in time this one's again. */
function letGo(): void {
  leases.endAll();
  releaseEngineLock();
  started = null;
}

/** Whether there is anything to wake this worker up for. */
async function hasWork(): Promise<boolean> {
  return engine.hasWork || (await outbox.hasWork());
}

/** Whether there is anything to keep this worker alive for. */
async function isBusy(): Promise<boolean> {
  return leases.isCarrying || (await hasWork());
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
