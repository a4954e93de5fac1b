import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { News, SessionView, Snapshot } from '../shared/protocol.ts';
import { isToTakeIn } from '../shared/session-order.ts';
import type { Totals, UploadView } from '../shared/upload-view.ts';
import { forget, has } from './files.ts';
import { Slices } from './slices.ts';
import { type AllAction, type Group, type Groups, isFor, Order } from './uploads/order.ts';
import { type Overall, overallOf } from './uploads/progress.ts';
import { type TabFacts, tabFactsOf } from './uploads/safety.ts';
import { Tally } from './uploads/tally.ts';
import { call } from './worker.ts';

/**
 * The worker's last word, as signals. Nothing here is decided by the page: `applyNews`, `applySession` and the
 * snapshot are the only ways in.
 */

const nothing: Totals = {
  files: 0,
  stored: 0,
  unfinished: 0,
  going: 0,
  needsYou: 0,
  bytes: 0,
  shownBytes: 0,
  bytesPerSecond: null,
  secondsLeft: null,
  safe: 'yes',
};

/** News comes four times a second, and a page that missed some asks for the list; in ms. */
const LISTED_WAIT_MS = 5_000;

export const session = signal<SessionView>({ epoch: 0, state: 'unknown', account: null });
export const totals = signal<Totals>(nothing);
/** Where the rows stand, by what they have in common. Changes only when a row comes, goes or changes its place. */
export const groups = signal<Groups>(new Order().groups);
/** Goes up when the library has changed. */
export const libraryVersion = signal(0);
/** Changes to the library that were made offline and not carried out, until a person has seen it. */
export const droppedChanges = signal(0);
/** Whether the list is known at all: an empty list that is not known yet is a skeleton, not an empty state. */
export const listKnown = signal(false);
/** The last account that was signed in here, as far as this page knows. */
export const lastAccountId = signal<string | null>(null);

/** The workers that have said something of the session so far, by their instances. */
const heardFrom = new Set<string>();

/** A row each, so that a row that changes renders alone. */
const rows = new Map<string, Signal<UploadView>>();
const order = new Order();
let tally = new Tally();
/** Goes up when the tally has changed. */
const changes = signal(0);
/** Whatever the rows have to take in, little by little, so that thousands of them never hold up the page. */
const slices = new Slices(batch);
/** The revision of what was last taken in, or stands in line to be. */
let rev: number | null = null;
let pulling: Promise<void> | null = null;
/** News that came while a snapshot was on its way. */
let missed: Extract<News, { type: 'uploads' }>[] = [];

/** The list as a whole. */
export const overall: ReadonlySignal<Overall> = computed(() => overallOf(known(), totals.value));
/** How many files have been taken so far of those that were dropped or chosen; null when none are being taken. */
export const taking = signal<number | null>(null);
const isTaking = computed(() => taking.value !== null);
/** What closing this tab would mean. */
export const tabFacts: ReadonlySignal<TabFacts> = computed(() => tabFactsOf(known(), has, isTaking.value));
/** For how many rows each button for all is there. */
export const actionCounts: ReadonlySignal<Readonly<Record<AllAction, number>>> = computed(() => ({
  ...known().actions,
}));

/** The row with this id, or undefined once it has left the list. */
export function row(id: string): Signal<UploadView> | undefined {
  return rows.get(id);
}

/** All rows of the list. */
export function allIds(): string[] {
  return [...rows.keys()];
}

/**
 * Settles once all of these are on the list, which hears of them a moment after the worker has taken them; or after a
 * while, with false, since the list may be another one by then.
 */
export function untilListed(ids: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, LISTED_WAIT_MS, false);
    const stop = effect(() => {
      changes.value;
      if (ids.every((id) => rows.has(id))) queueMicrotask(() => end(true));
    });
    function end(areListed: boolean): void {
      clearTimeout(timer);
      stop();
      resolve(areListed);
    }
  });
}

/** Those that can be cancelled. */
export function cancellableIds(): string[] {
  return allIds().filter((id) => rows.get(id)?.peek().can.includes('cancel'));
}

/** Where in its group the row with this id stands. */
export function placeOf(id: string): { group: Group; index: number } | undefined {
  return order.find(id);
}

/** The ids that a button for all is about. */
export function idsFor(action: AllAction): string[] {
  const ids: string[] = [];
  for (const [id, view] of rows) if (isFor(action, view.peek())) ids.push(id);
  return ids;
}

/** The rows that could go on with a file that a person selects again. */
export function selectableRows(): UploadView[] {
  return Array.from(tally.selectable, (id) => rows.get(id)?.peek()).filter((view) => view !== undefined);
}

function known(): Tally {
  changes.value;
  return tally;
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
      droppedChanges.value = news.count;
  }
}

/** Takes in what a worker says of the account session, unless something newer is known. */
export function applySession(next: SessionView): void {
  const isNew = isToTakeIn(session.peek(), next, heardFrom);
  if (next.by !== undefined) heardFrom.add(next.by);
  if (!isNew) return;
  batch(() => {
    session.value = next;
    if ((next.state === 'signed-in' || next.state === 'expired') && next.account) {
      // Another account sees none of the first one's rows, not even until its own have come. Those of an expired one
      // are known here too, when this page was opened after the expiry.
      if (lastAccountId.peek() !== null && lastAccountId.peek() !== next.account.id) clear(true);
      lastAccountId.value = next.account.id;
    }
    if (next.state === 'signed-in') libraryVersion.value += 1;
    // The files stay at hand: whoever signs in again goes on with them.
    if (next.state === 'signed-out') clear(false);
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
  const { epoch } = session.peek();
  const reply = await call('uploads.snapshot', {});
  if (!reply.ok) return;
  // Someone else may have signed in meanwhile: these rows could be those of whoever was here before.
  if (session.peek().epoch === epoch) applySnapshot(reply.value);
  else await pull();
}

function applySnapshot(snapshot: Snapshot): void {
  take(snapshot, function* () {
    const present = new Set(snapshot.rows.map((view) => view.id));
    for (const id of [...rows.keys()]) if (!present.has(id)) yield id;
  });
}

function applyUploads(news: Extract<News, { type: 'uploads' }>): void {
  if (pulling) {
    missed.push(news);
  } else if (rev !== null && news.rev === rev + 1) {
    take(news, () => news.removed);
  } else if (rev === null || news.rev > rev) {
    void pullSnapshot();
  }
  // What is older was in the snapshot already. A worker that counts anew is noticed by the next ping.
}

function take(next: Snapshot, removed: () => Iterable<string>): void {
  rev = next.rev;
  slices.add(steps(next, removed));
}

/** Takes in `next` row by row. What is said of all rows together changes once, at the end. */
function* steps(next: Snapshot, removed: () => Iterable<string>): Generator<void> {
  const over: string[] = [];
  let isMoved = false;
  for (const id of removed()) {
    tally.replace(rows.get(id)?.peek(), undefined);
    rows.delete(id);
    isMoved = order.drop(id) || isMoved;
    over.push(id);
    yield;
  }
  for (const view of next.rows) {
    const there = rows.get(view.id);
    tally.replace(there?.peek(), view);
    if (there) there.value = view;
    else rows.set(view.id, signal(view));
    isMoved = order.put(view) || isMoved;
    if (view.state.at === 'stored') over.push(view.id);
    yield;
  }
  forget(over);
  publish(next.totals, isMoved);
  listKnown.value = true;
}

function publish(nextTotals: Totals, isMoved: boolean): void {
  totals.value = nextTotals;
  changes.value += 1;
  if (isMoved) groups.value = { ...order.groups };
}

function clear(withFiles: boolean): void {
  slices.clear();
  missed = [];
  if (withFiles) forget([...rows.keys()]);
  rows.clear();
  order.clear();
  tally = new Tally();
  rev = null;
  publish(nothing, true);
  listKnown.value = false;
}
