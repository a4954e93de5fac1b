import { computed, signal } from '@preact/signals';
import type { ElsewhereView } from '../shared/protocol.ts';
import { groups, row, session } from './state.ts';
import { call } from './worker.ts';

/** Nobody answered: somebody may after this, in ms. A tab that is looked at again asks by itself. */
const AGAIN_MS = 10_000;

/** As the worker was told last. */
const pulled = signal<{ of: string; uploads: readonly ElsewhereView[] } | null>(null);

/** Unfinished uploads that were begun on another device, as of the last time anyone asked. */
export const elsewhere = computed<readonly ElsewhereView[]>(() => {
  groups.value; // one that goes on here is in the list by then
  const { account, state } = session.value;
  if (pulled.value === null || state !== 'signed-in' || pulled.value.of !== account?.id) return [];
  return pulled.value.uploads.filter(({ id }) => !row(id));
});

let again: ReturnType<typeof setTimeout> | undefined;

/** Asks what this account has under way on other devices. Until there is an answer the last one stands. */
export async function pullElsewhere(): Promise<void> {
  clearTimeout(again);
  const { account, state } = session.peek();
  if (state !== 'signed-in' || !account) return;
  const reply = await call('uploads.elsewhere', {});
  if (reply.ok) pulled.value = { of: account.id, uploads: reply.value };
  else if (document.visibilityState === 'visible') again = setTimeout(() => void pullElsewhere(), AGAIN_MS);
}
