import { signal } from '@preact/signals';
import { Workbox } from 'workbox-window';
import {
  type CallName,
  type Calls,
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

/**
 * Whether a worker is in charge of this page. `absent` after a shift-reload or a worker that did not start;
 * `unsupported` where the browser has none. It can still become `ready` later.
 */
export const workerState = signal<'starting' | 'ready' | 'absent' | 'unsupported'>('starting');

let registration: Promise<ServiceWorkerRegistration> | null = null;
let controlled: Promise<boolean> | null = null;

/** Registers the worker and watches whether it takes charge of this page. */
export function startWorker(): void {
  if (!('serviceWorker' in navigator)) {
    workerState.value = 'unsupported';
    return;
  }
  const workbox = import.meta.env.DEV
    ? new Workbox('/dev-sw.js?dev-sw', { type: 'module' })
    : new Workbox('/sw.js', { updateViaCache: 'none' });
  // A refusal (a blocked worker, no network at the first visit) shows up as no controller; nothing else is lost.
  workbox.register({ immediate: true }).catch(() => undefined);
  registration = navigator.serviceWorker.ready;
  controlled = controller().then((found) => {
    if (workerState.value === 'starting') workerState.value = found ? 'ready' : 'absent';
    return found;
  });
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (navigator.serviceWorker.controller) workerState.value = 'ready';
  });
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
  return Promise.race([reply, pause(REPLY_WAIT_MS).then(() => silent)]).finally(() => port1.close());
}

/** Hands each piece of news that this page understands to `hear`. */
export function onNews(hear: (news: News) => void): void {
  new BroadcastChannel(NEWS_CHANNEL).onmessage = ({ data }) => {
    const news = parseNews(data);
    if (news) hear(news);
  };
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
