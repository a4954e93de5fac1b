import { computed, effect, signal } from '@preact/signals';
import type { InboxFile } from '../shared/protocol.ts';
import { type ShareOutcome, shareOutcome } from '../shared/share-target.ts';
import { trouble } from './intake.ts';
import { worker } from './presence.ts';
import { call, onNews } from './worker.ts';

/** Files that other apps have shared and nobody has decided about; they are the device's, whoever is signed in. */
export const inbox = signal<readonly InboxFile[]>([]);
/** Why what was just shared is not among them, until dismissed. */
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

/** Has all that waits become uploads of whoever is signed in, or be thrown away. */
export async function decide(what: 'accept' | 'discard'): Promise<void> {
  const reply = await call(`inbox.${what}`, { ids: inbox.peek().map(({ id }) => id) });
  trouble.value = reply.ok ? null : reply.code;
  await pull();
}

async function pull(): Promise<void> {
  const reply = await call('inbox.list', {});
  if (reply.ok) inbox.value = reply.value;
}
