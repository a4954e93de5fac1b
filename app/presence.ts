import { computed, effect, signal } from '@preact/signals';
import type { About } from '../shared/protocol.ts';
import { pullElsewhere } from './elsewhere.ts';
import { offer } from './files.ts';
import { watchPermissions } from './permissions.ts';
import { applySession, catchUp, droppedChanges, session, taking, totals } from './state.ts';
import { call, onNews, openCalls } from './worker.ts';

/** Firefox stops a worker 60 s after its last message, so four of these may get lost. */
const PING_MS = 15_000;
/** A veil must not outlive a worker that does not answer. */
const VEIL_MS = 3_000;

/** The worker that answered last. */
export const worker = signal<About | null>(null);

/** The worker that answered last has something to do, for this page or another. */
let isWorkerBusy = false;
let instance: string | null = null;
let deathWatch: AbortController | null = null;

/**
 * Tells the worker that this page is here: at start, whenever the page comes back to life, and every 15 s while
 * there is something to keep the worker alive for. The clock that drives it is here, since a worker can't
 * extend its own life.
 */
export function startPresence(): void {
  void ping();
  setInterval(() => {
    if (isBusy()) void ping();
  }, PING_MS);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return;
    void ping(true);
    void pullElsewhere();
  });
  addEventListener('online', () => void ping(true));
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void unveil();
  });
  document.addEventListener('resume', () => void unveil());
  addEventListener('pagehide', () => {
    leave();
    veil();
  });
  document.addEventListener('freeze', veil);
  onNews((news) => {
    if (news.type === 'session-restored') void ping();
    if (news.type === 'outbox-waits' && !isWorkerBusy) void ping();
  });
  // A request of this page runs through the worker; one ping as it starts covers the first 15 s.
  effect(() => {
    if (openCalls.value === 1) void ping();
  });
  const accountId = computed(() => (session.value.state === 'signed-in' ? session.value.account?.id : null));
  effect(() => {
    if (accountId.value) void pullElsewhere();
  });
}

/**
 * Says that this page is here, and takes in what the worker answers. `eager` when something has changed that
 * makes trying again worth it.
 */
export async function ping(eager = false): Promise<void> {
  const reply = await call('ping', { build: __BUILD__, leaving: false, eager });
  if (!reply.ok) return;
  const { value } = reply;
  if (worker.peek() === null) void watchPermissions();
  worker.value = value;
  isWorkerBusy = value.busy;
  if (value.instance !== instance) watchForDeath(value.instance);
  applySession(value.session);
  droppedChanges.value = value.dropped ?? droppedChanges.peek(); // a worker a release older does not say
  await Promise.all([offer(value.wants), catchUp(value.rev)]);
}

/** To be called when a worker has answered: if the one that was known has ended, this is another, which may count anew. */
export async function meetWorker(): Promise<void> {
  if (instance === null) await ping();
}

function isBusy(): boolean {
  if (isWorkerBusy || totals.value.unfinished > 0 || openCalls.value > 0) return true;
  return taking.value !== null || session.value.state === 'unknown';
}

/** The last words of a page: no reply is waited for, and none would come. */
function leave(): void {
  deathWatch?.abort();
  deathWatch = null;
  instance = null;
  void call('ping', { build: __BUILD__, leaving: true, eager: false });
}

/**
 * A worker holds the lock with its instance's name for as long as it lives, so this page is granted it in the
 * moment the worker dies, and can start the next one at once instead of at the next ping.
 */
function watchForDeath(next: string): void {
  deathWatch?.abort();
  const watch = new AbortController();
  deathWatch = watch;
  instance = next;
  // Locks exist in secure contexts only, and not in every WebView; the 15 s ping does without.
  navigator.locks
    ?.request(`holdfast-worker:${next}`, { mode: 'shared', signal: watch.signal }, async () => {
      if (totals.peek().unfinished > 0) await ping();
      // A worker that had not taken its lock yet is not dead; it is watched again from the next ping on.
      if (instance === next) instance = null;
    })
    .catch(() => undefined); // aborted: the page is leaving, or another instance is watched now
}

/** What the back-forward cache or a frozen tab shows first must not be what a session that has ended allowed. */
function veil(): void {
  document.documentElement.dataset.veiled = '';
}

/** The worker may know no more than this page did: the server is asked, and what it says is shown first. */
async function unveil(): Promise<void> {
  // The page is whole without these schemas, and they are heavy: they come when a server's answer is to be read.
  const known = import('./api.ts')
    .then(({ readSession }) => readSession())
    .catch(() => undefined)
    .then(() => ping(true));
  await Promise.race([known, new Promise((resolve) => setTimeout(resolve, VEIL_MS))]);
  await new Promise((resolve) => setTimeout(resolve)); // a change that was just taken in is rendered by then
  delete document.documentElement.dataset.veiled;
}
