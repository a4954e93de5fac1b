import { batch, computed, effect, signal } from '@preact/signals';
import type { InboxFile } from '../shared/protocol.ts';
import { type ShareOutcome, shareOutcome } from '../shared/share-target.ts';
import { trouble } from './intake.ts';
import { isFileHandle } from './picking.ts';
import { worker } from './presence.ts';
import { taking } from './state.ts';
import type { Undoable } from './undo-bar.tsx';
import { call, onNews } from './worker.ts';

/** What the worker told last. */
const waiting = signal<readonly InboxFile[]>([]);
/** Files from other apps that nobody has decided about; they are the device's, whoever is signed in. */
export const inbox = computed(() => waiting.value.filter(({ id }) => !discarded.value?.ids.includes(id)));
/** Those that were discarded, out of sight, for as long as that can be taken back: the worker has them until then. */
export const discarded = signal<Undoable | null>(null);
/** Why what has just come is not among them, until dismissed. */
export const shareRefused = signal<Exclude<ShareOutcome, 'kept'> | null>(null);

/** Reads what the browser was sent here with after a share, and keeps the list true from then on. */
export function watchInbox(): void {
  const outcome = shareOutcome(new URLSearchParams(location.search).get('share'));
  if (outcome) {
    if (outcome !== 'kept') shareRefused.value = outcome;
    // Said once: a reload has nothing new to say.
    history.replaceState(null, '', location.pathname);
  }
  // What was discarded is not back when this page is; only after a crash, where being asked again is the lesser harm.
  addEventListener('pagehide', () => void discardIsOver());
  onNews((news) => {
    if (news.type === 'inbox') void pull();
  });
  const instance = computed(() => worker.value?.instance);
  effect(() => {
    if (instance.value) void pull();
  });
}

/** Has files that were opened with the app wait here, all of them or none; settles with whether they do. */
export async function keepOpened(handles: readonly FileSystemHandle[]): Promise<boolean> {
  taking.value = 0; // whoever leaves meanwhile is asked, and the worker is kept alive
  const outcome = await keep(handles);
  taking.value = null;
  shareRefused.value = outcome === 'kept' ? null : outcome;
  return outcome === 'kept';
}

/** Has all that waits become uploads of whoever is signed in. */
export function accept(): Promise<void> {
  return decide('accept', shownIds());
}

/** Throws all that waits away, once it is too late to take that back. */
export function discard(): void {
  const ids = shownIds();
  void discardIsOver();
  discarded.value = { ids };
}

/** Has what was discarded wait again. */
export function takeBackDiscarded(): void {
  discarded.value = null;
}

/** It is too late to take this back, or whatever was discarded last. */
export async function discardIsOver(last = discarded.peek()): Promise<void> {
  if (!last || discarded.peek() !== last) return;
  batch(() => {
    waiting.value = inbox.peek();
    discarded.value = null;
  });
  await decide('discard', last.ids);
}

async function decide(what: 'accept' | 'discard', ids: readonly string[]): Promise<void> {
  const reply = await call(`inbox.${what}`, { ids: [...ids] });
  trouble.value = reply.ok ? null : reply.code;
  await pull();
}

function shownIds(): string[] {
  return inbox.peek().map(({ id }) => id);
}

async function keep(handles: readonly FileSystemHandle[]): Promise<ShareOutcome> {
  const reading = handles.filter(isFileHandle).map((handle) => handle.getFile());
  const files = await Promise.all(reading).catch(() => null);
  if (!files) return 'unreadable';
  const reply = await call('inbox.keep', { files });
  return reply.ok ? reply.value : 'lost';
}

async function pull(): Promise<void> {
  const reply = await call('inbox.list', {});
  if (reply.ok) waiting.value = reply.value;
}
