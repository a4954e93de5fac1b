import { computed, signal } from '@preact/signals';
import type { ElsewhereView } from '../shared/protocol.ts';
import { groups, row, session } from './state.ts';
import { call } from './worker.ts';

/** As the worker was told last. */
const pulled = signal<{ of: string; uploads: readonly ElsewhereView[] } | null>(null);

/** Unfinished uploads that were begun on another device, as of the last time anyone asked. */
export const elsewhere = computed<readonly ElsewhereView[]>(() => {
  groups.value; // one that goes on here is in the list by then
  const { account, state } = session.value;
  if (pulled.value === null || state !== 'signed-in' || pulled.value.of !== account?.id) return [];
  return pulled.value.uploads.filter(({ id }) => !row(id));
});

/** Asks what this account has under way on other devices. Without an answer the last one stands. */
export async function pullElsewhere(): Promise<void> {
  const { account, state } = session.peek();
  if (state !== 'signed-in' || !account) return;
  const reply = await call('uploads.elsewhere', {});
  if (reply.ok) pulled.value = { of: account.id, uploads: reply.value };
}
