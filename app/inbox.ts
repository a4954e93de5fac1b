import { computed, effect, signal } from '@preact/signals';
import type { InboxFile } from '../shared/protocol.ts';
import { type ShareOutcome, shareOutcome } from '../shared/share-target.ts';
import { trouble } from './intake.ts';
import { isFileHandle } from './picking.ts';
import { worker } from './presence.ts';
import { taking } from './state.ts';
import { call, onNews } from './worker.ts';

/** Files from other apps that nobody has decided about; they are the device's, whoever is signed in. */
export const inbox = signal<readonly InboxFile[]>([]);
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

/** Has all that waits become uploads of whoever is signed in, or be thrown away. */
export async function decide(what: 'accept' | 'discard'): Promise<void> {
  const reply = await call(`inbox.${what}`, { ids: inbox.peek().map(({ id }) => id) });
  trouble.value = reply.ok ? null : reply.code;
  await pull();
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
  if (reply.ok) inbox.value = reply.value;
}
