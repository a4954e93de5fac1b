import { effect, signal } from '@preact/signals';
import type { StoredFile } from '../../shared/api.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { deleteFile, renameFile, restoreFile } from '../api.ts';
import { trouble } from '../intake.ts';
import { droppedChanges, lastAccountId } from '../state.ts';
import type { Undoable } from '../undo-bar.tsx';
import { call } from '../worker.ts';

/** What a person changes in the library: seen at once, taken back when it can't be. */

/** A change that the worker makes when the network is back. */
export type Queued = { do: 'rename'; name: string } | { do: 'delete' };
/** The last deletion, for as long as it can be taken back with one click. */
export type Deletion = Undoable;

/** Requests at a time: more would only queue in the browser, behind what else is on its way. */
const AT_A_TIME = 4;

/** By file, for as long as they stand in line; kept while another page is shown. */
export const queued = signal<ReadonlyMap<string, Queued>>(new Map());
/** Files that are deleted as far as a person can see. */
export const removed = signal<ReadonlySet<string>>(new Set());
export const lastDeletion = signal<Deletion | null>(null);
/** Deletions that the server, or the worker, has not answered yet. */
let deleting: Promise<void> = Promise.resolve();
const unanswered = new Set<string>();

// A page takes its own requests with it as it goes, those it had not come to yet and those on their way.
addEventListener('pagehide', () => {
  if (unanswered.size > 0) void call('library.delete', { ids: [...unanswered] });
});

// What was dropped is no longer in line, and the notice says so.
effect(() => {
  if (droppedChanges.value > 0) queued.value = new Map();
});
// What one account deleted is nothing for the next one to take back.
effect(() => {
  lastAccountId.value;
  lastDeletion.value = null;
  queued.value = new Map();
});

/** Changes that the server's list shows were made. What is not in it is gone only if it is `whole`. */
export function unmarkMade(files: readonly StoredFile[], isWhole: boolean): void {
  for (const [id, change] of queued.peek()) {
    const file = files.find((each) => each.id === id);
    if (file ? change.do === 'rename' && file.name === change.name : isWhole) mark(id, null);
  }
}

/** Gives a file another name. */
export async function rename(id: string, name: string): Promise<void> {
  const answer = await renameFile(id, name);
  trouble.value = answer.ok ? null : answer.code;
  if (answer.ok) mark(id, answer.value.queued ? { do: 'rename', name } : null);
}

/** Deletes files. They vanish at once; those that could not be deleted come back, with the reason. */
export function remove(ids: readonly string[]): Promise<void> {
  setRemoved(ids, true);
  lastDeletion.value = { ids };
  deleting = deleteAll(ids);
  return deleting;
}

/** It was long enough to be seen; another one may have come after it. */
export function deletionIsOver(deletion: Deletion): void {
  if (lastDeletion.peek() === deletion) lastDeletion.value = null;
}

/** Takes the deletion of these files back, whether it was made or still stands in line. */
export async function restore(ids: readonly string[]): Promise<void> {
  lastDeletion.value = null;
  await deleting;
  let refused: ErrorCode | null = null;
  const here = new Set(ids.filter((id) => removed.peek().has(id) || queued.peek().has(id)));
  await inTurns([...here], async (id) => {
    const answer = await restoreFile(id);
    refused = answer.ok ? refused : answer.code;
    if (!answer.ok) return;
    mark(id, null);
    setRemoved([id], false);
  });
  trouble.value = refused;
}

async function deleteAll(ids: readonly string[]): Promise<void> {
  let refused: ErrorCode | null = null;
  for (const id of ids) unanswered.add(id);
  await inTurns(ids, async (id) => {
    const answer = await deleteFile(id);
    unanswered.delete(id);
    // Gone already, by another tab or device: what was wanted.
    if (!answer.ok && answer.code === 'NOT_FOUND') return;
    if (answer.ok && !answer.value.queued) return mark(id, null);
    if (answer.ok) mark(id, { do: 'delete' });
    else refused = answer.code;
    setRemoved([id], false);
  });
  trouble.value = refused;
  if (ids.every((id) => !removed.peek().has(id))) lastDeletion.value = null;
}

function setRemoved(ids: readonly string[], isRemoved: boolean): void {
  const next = new Set(removed.peek());
  for (const id of ids) {
    if (isRemoved) next.add(id);
    else next.delete(id);
  }
  removed.value = next;
}

function mark(id: string, change: Queued | null): void {
  if (change === null && !queued.peek().has(id)) return;
  const next = new Map(queued.peek());
  if (change) next.set(id, change);
  else next.delete(id);
  queued.value = next;
}

async function inTurns(ids: readonly string[], work: (id: string) => Promise<void>): Promise<void> {
  const waiting = ids.values();
  const turn = async () => {
    for (const id of waiting) await work(id);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, turn));
}
