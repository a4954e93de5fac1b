import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { News, SessionView, Snapshot } from '../shared/protocol.ts';
import type { Totals, UploadView } from '../shared/upload-view.ts';
import { forget, has } from './files.ts';
import { type Groups, groupOf, groupRows } from './uploads/order.ts';
import { type Overall, overallOf } from './uploads/progress.ts';
import { type TabFacts, tabFactsOf } from './uploads/safety.ts';
import { call } from './worker.ts';

/**
 * The worker's last word, as signals. Nothing here is decided by the page: `applyNews`, `applySession` and the
 * snapshot are the only ways in.
 */

const nothing: Totals = {
  files: 0,
  stored: 0,
  unfinished: 0,
  needsYou: 0,
  bytes: 0,
  shownBytes: 0,
  bytesPerSecond: null,
  secondsLeft: null,
  safe: 'yes',
};

export const session = signal<SessionView>({ epoch: 0, state: 'unknown', account: null });
export const totals = signal<Totals>(nothing);
/** Ids of the rows, sorted, by what they have in common. Changes only when a row comes, goes or changes group. */
export const groups = signal<Groups>(groupRows([]));
/** Goes up when the library has changed. */
export const libraryVersion = signal(0);
/** Changes to the library that were made offline and not carried out, until a person has seen it. */
export const droppedChanges = signal(0);
/** Whether the list is known at all: an empty list that is not known yet is a skeleton, not an empty state. */
export const listKnown = signal(false);
/** The last account that was signed in here. */
export const lastAccountId = signal<string | null>(null);

/** A row each, so that a row that changes renders alone. */
const rows = new Map<string, Signal<UploadView>>();
/** Goes up with every change of any row, for what is computed over all of them. */
const changes = signal(0);
let rev: number | null = null;
let pulling: Promise<void> | null = null;
/** News that came while a snapshot was on its way. */
let missed: Extract<News, { type: 'uploads' }>[] = [];

/** The list as a whole. */
export const overall: ReadonlySignal<Overall> = computed(() => overallOf(allRows(), totals.value));
/** What closing this tab would mean. */
export const tabFacts: ReadonlySignal<TabFacts> = computed(() => tabFactsOf(allRows(), has));

/** The row with this id, or undefined once it has left the list. */
export function row(id: string): Signal<UploadView> | undefined {
  return rows.get(id);
}

/** Every row, in no order. */
export function allRows(): UploadView[] {
  changes.value;
  return Array.from(rows.values(), (each) => each.peek());
}

/** Takes in what the worker told every page. */
export function applyNews(news: News): void {
  switch (news.type) {
    case 'uploads':
      applyUploads(news);
      break;
    case 'session':
      applySession(news.session);
      break;
    case 'session-expired':
      applySession({ ...session.peek(), epoch: news.epoch, state: 'expired' });
      break;
    case 'session-restored':
      // Who it is comes with the `session` news or the next ping; this only says that asking is worth it.
      break;
    case 'library':
      libraryVersion.value += 1;
      break;
    case 'outbox-dropped':
      droppedChanges.value += news.count;
  }
}

/** Takes in what the worker says of the account session, unless something newer is known. */
export function applySession(next: SessionView): void {
  const now = session.peek();
  if (next.epoch < now.epoch) return;
  if (next.epoch === now.epoch && next.state === now.state && next.account?.id === now.account?.id) return;
  batch(() => {
    session.value = next;
    if (next.state === 'signed-in' && next.account) {
      // Another account sees none of the first one's rows, not even until its own have come.
      if (lastAccountId.peek() !== null && lastAccountId.peek() !== next.account.id) clear();
      lastAccountId.value = next.account.id;
      libraryVersion.value += 1;
    }
    if (next.state === 'signed-out') clear();
  });
  if (next.state === 'signed-in') void pullSnapshot();
}

/** Asks for the whole list if `theirs`, the worker's revision, is not the one shown. */
export function catchUp(theirs: number): Promise<void> {
  return theirs === rev ? Promise.resolve() : pullSnapshot();
}

/** Asks the worker for the whole list; callers that come meanwhile wait for the same answer. */
function pullSnapshot(): Promise<void> {
  pulling ??= pull().finally(() => {
    pulling = null;
    const waiting = missed;
    missed = [];
    for (const news of waiting) applyUploads(news);
  });
  return pulling;
}

async function pull(): Promise<void> {
  const reply = await call('uploads.snapshot', {});
  if (reply.ok) applySnapshot(reply.value);
}

function applySnapshot(snapshot: Snapshot): void {
  const present = new Set(snapshot.rows.map((view) => view.id));
  const removed = [...rows.keys()].filter((id) => !present.has(id));
  change(snapshot, removed);
  listKnown.value = true;
}

function applyUploads(news: Extract<News, { type: 'uploads' }>): void {
  if (pulling) {
    missed.push(news);
  } else if (rev !== null && news.rev === rev + 1) {
    change(news, news.removed);
  } else if (rev === null || news.rev > rev) {
    void pullSnapshot();
  }
  // What is older was in the snapshot already. A worker that counts anew is noticed by the next ping.
}

function change(next: Snapshot, removed: readonly string[]): void {
  batch(() => {
    rev = next.rev;
    totals.value = next.totals;
    let regroup = removed.length > 0;
    for (const id of removed) rows.delete(id);
    for (const view of next.rows) {
      const known = rows.get(view.id);
      regroup ||= !known || groupOf(known.peek()) !== groupOf(view);
      if (known) known.value = view;
      else rows.set(view.id, signal(view));
    }
    changes.value += 1;
    if (regroup) groups.value = groupRows(allRows());
  });
  forget([...removed, ...next.rows.filter((view) => view.state.at === 'stored').map((view) => view.id)]);
}

function clear(): void {
  change({ rev: 0, totals: nothing, rows: [] }, [...rows.keys()]);
  rev = null;
  listKnown.value = false;
}
