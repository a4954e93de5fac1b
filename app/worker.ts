import { signal } from '@preact/signals';
import { Workbox } from 'workbox-window';
import {
  type CallName,
  type Calls,
  longCalls,
  NEWS_CHANNEL,
  type News,
  parseNews,
  parseReply,
  type Reply,
} from '../shared/protocol.ts';

/** How long a page waits for a worker to be in charge of it before it says so, in ms. */
const CONTROLLER_WAIT_MS = 5_000;
/** A worker that has to start first answers within a second or two; a thousand files take a little longer. */
const REPLY_WAIT_MS = 15_000;
/** Whole files are read from the disk. */
const LONG_WAIT_MS = 1_800_000;
/** A worker that is about to be replaced stops within 5 s; one that does not answer is replaced all the same. */
const DRAIN_WAIT_MS = 8_000;
const TAKE_OVER_WAIT_MS = 15_000;
const LOOK_FOR_UPDATE_MS = 3_600_000;
/** Coming back to a tab looks for a new version too, but not with each glance at it. */
const LOOK_AGAIN_MS = 60_000;

/**
 * Whether a worker is in charge of this page. `absent` after a shift-reload or a worker that did not start;
 * `unsupported` where the browser has none. It can still become `ready` later.
 */
export const workerState = signal<'starting' | 'ready' | 'absent' | 'unsupported'>('starting');

/**
 * How this page stands to the newest version. `waiting`: one is installed and takes over when a person agrees, in
 * any tab. `updating`: it was agreed to here. `replaced`: it took over because of another tab, and this page of the
 * release before goes on with it.
 */
export const version = signal<'current' | 'waiting' | 'updating' | 'replaced'>('current');

/** Requests of this page that are still open: each needs the worker alive. */
export const openCalls = signal(0);

let workbox: Workbox | null = null;
let lookedAt = 0;
let beforeUpdate: () => Promise<void> = () => Promise.resolve();
let beforeReload: () => Promise<void> = () => Promise.resolve();
let registration: Promise<ServiceWorkerRegistration> | null = null;
let controlled: Promise<boolean> | null = null;

/** Registers the worker and watches whether it takes charge of this page. */
export function startWorker(): void {
  if (!('serviceWorker' in navigator)) {
    workerState.value = 'unsupported';
    return;
  }
  workbox = import.meta.env.DEV
    ? new Workbox('/dev-sw.js?dev-sw', { type: 'module' })
    : new Workbox('/sw.js', { updateViaCache: 'none' });
  workbox.addEventListener('waiting', () => void noteIfSecond());
  // A refusal (a blocked worker, no network at the first visit) shows up as no controller; nothing else is lost.
  workbox.register({ immediate: true }).catch(() => undefined);
  registration = navigator.serviceWorker.ready;
  watchForUpdates();
  controlled = controller().then((found) => {
    if (workerState.value === 'starting') workerState.value = found ? 'ready' : 'absent';
    return found;
  });
  // The first worker takes charge of pages that had none; that is no update.
  let hadOne = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (!navigator.serviceWorker.controller) return;
    workerState.value = 'ready';
    if (hadOne) void noteTakeOver();
    hadOne = true;
  });
}

/** What has to be over before a new version takes over: files that this page is handing to the worker, say. */
export function onBeforeUpdate(settle: () => Promise<void>): void {
  beforeUpdate = settle;
}

/** What has to be done before this page reloads itself for a new version, while it still has its `File`s. */
export function onBeforeReload(prepare: () => Promise<void>): void {
  beforeReload = prepare;
}

/**
 * Lets the waiting worker take over: the one in charge writes down where it is and lets go, then this page reloads.
 * Other tabs stay as they are.
 */
export async function update(): Promise<void> {
  version.value = 'updating';
  await beforeUpdate();
  await Promise.race([call('drain', {}), pause(DRAIN_WAIT_MS)]);
  workbox?.messageSkipWaiting();
  await pause(TAKE_OVER_WAIT_MS);
  // Something kept the old worker from letting go; a person can try again, and nothing is lost meanwhile.
  if (version.peek() === 'updating') version.value = 'waiting';
}

/** Looks for a new version now, and returns whether anyone could be asked. One that is found is told by `version`. */
export async function checkForUpdate(): Promise<boolean> {
  lookedAt = Date.now();
  const found = await registration;
  const isReached = await found?.update().then(
    () => true,
    () => false,
  );
  if (found?.waiting) noteWaiting();
  return isReached ?? false;
}

/**
 * Whether the worker sees this page's requests, after up to 5 s of waiting. Without it nothing may go to
 * `/api`: the request would lack what only the worker adds, and its 401 would be seen by nobody.
 */
export async function isControlled(): Promise<boolean> {
  return workerState.value === 'ready' || ((await controlled) ?? false);
}

/**
 * Asks the worker, and gives its one reply. `WORKER_SILENT` stands for a worker that is not there or did not
 * answer in time, and `OUTDATED` for a reply this page does not understand.
 *
 * The message goes to the worker itself, since only that keeps it alive or starts it again.
 */
export async function call<N extends CallName>(name: N, ask: Calls[N]['ask']): Promise<Reply<N>> {
  const silent: Reply<N> = { ok: false, code: 'WORKER_SILENT' };
  const worker = (await Promise.race([registration, pause(CONTROLLER_WAIT_MS)]))?.active;
  if (!worker) return silent;
  const { port1, port2 } = new MessageChannel();
  const reply = new Promise<Reply<N>>((resolve) => {
    port1.onmessage = ({ data }) => resolve(parseReply<N>(data) ?? { ok: false, code: 'OUTDATED' });
    // A reply that can't be read here, from a worker much newer than this page.
    port1.onmessageerror = () => resolve({ ok: false, code: 'OUTDATED' });
  });
  worker.postMessage({ type: name, ...ask }, [port2]);
  const waitMs = longCalls.has(name) ? LONG_WAIT_MS : REPLY_WAIT_MS;
  return Promise.race([reply, pause(waitMs).then(() => silent)]).finally(() => port1.close());
}

/** Hands each piece of news that this page understands to `hear`. */
export function onNews(hear: (news: News) => void): void {
  new BroadcastChannel(NEWS_CHANNEL).onmessage = ({ data }) => {
    const news = parseNews(data);
    if (news) hear(news);
  };
}

/** The very first worker waits as well, for a moment that a slow machine makes long: it is no new version. */
async function noteIfSecond(): Promise<void> {
  const found = await navigator.serviceWorker.getRegistration();
  if (found?.active && found.waiting) noteWaiting();
}

function noteWaiting(): void {
  if (version.value === 'current' || version.value === 'replaced') version.value = 'waiting';
}

/** A new worker is in charge of this page. It reloads only if that was asked for here. */
async function noteTakeOver(): Promise<void> {
  if (version.value !== 'updating') {
    version.value = 'replaced';
    return;
  }
  await Promise.race([beforeReload(), pause(DRAIN_WAIT_MS)]);
  location.reload();
}

function watchForUpdates(): void {
  lookedAt = Date.now(); // registering has just looked
  setInterval(() => void lookForUpdate(), LOOK_FOR_UPDATE_MS);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void lookForUpdate();
  });
}

async function lookForUpdate(): Promise<void> {
  if (Date.now() - lookedAt < LOOK_AGAIN_MS) return;
  await checkForUpdate(); // no network, most likely, where that fails; there is a next time
}

async function controller(): Promise<boolean> {
  if (navigator.serviceWorker.controller) return true;
  const taken = new Promise<true>((resolve) => {
    navigator.serviceWorker.addEventListener('controllerchange', () => resolve(true), { once: true });
  });
  return Promise.race([taken, pause(CONTROLLER_WAIT_MS).then(() => false)]);
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
