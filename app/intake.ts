import { effect, signal } from '@preact/signals';
import type { ErrorCode } from '../shared/errors.ts';
import type { PickedFile, RefusedFile } from '../shared/protocol.ts';
import type { UploadAction } from '../shared/upload-view.ts';
import { askAgain } from './ask-again.ts';
import { elsewhere, pullElsewhere } from './elsewhere.ts';
import { forget, keep } from './files.ts';
import { BATCH, pickedFrom, pickedFromHandles, pickedFromTransfer, type Unread } from './picking.ts';
import { meetWorker, ping } from './presence.ts';
import { lastAccountId, selectableRows, session, tabFacts, taking, untilListed } from './state.ts';
import { call, version } from './worker.ts';

/** What a person asks for: files to send, and what to do with those that are listed. */

/** A file that was selected again and fits nothing, with why. */
export interface Refusal extends RefusedFile {
  file: PickedFile;
}

/** A file that is on its way already, as the upload with the id `of`. */
export interface Known {
  file: PickedFile;
  of: string;
}

/** Something dragged over the window could be dropped. */
export const isDragging = signal(false);
/** Files are being compared with what was sent of them, which takes a while for large ones. */
export const isComparing = signal(false);
/** The last thing that was asked for and did not work, until dismissed. */
export const trouble = signal<ErrorCode | null>(null);
/** Goes up when files were dropped or pasted, on whatever page. */
export const arrived = signal(0);
/** Files that were selected again and fit no upload, until dismissed. */
export const refusals = signal<readonly Refusal[]>([]);
/** Files that were not added because they are on their way, until dismissed. */
export const knownFiles = signal<readonly Known[]>([]);

/** So often the worker is asked to take files before a person hears that it does not answer. */
const ADD_TRIES = 3;

/** The worker has taken a file from this page. */
export const isAccepted = signal(false);

// What one account chose is nothing for the next one to see.
effect(() => {
  lastAccountId.value;
  refusals.value = [];
  knownFiles.value = [];
});

/** A person was told what leaving this page means and leaves all the same. */
let isLeaveAgreed = false;

/** Spares a person the browser's question whether to leave: they have just been asked. */
export function leaveAgreed(): void {
  isLeaveAgreed = true;
}

/** The hidden inputs, which live as long as someone is signed in. */
const inputs: Partial<Record<'files' | 'folder' | 'again' | 'camera', HTMLInputElement>> = {};

/** For the `ref` of a hidden input. */
export function setInput(name: keyof typeof inputs, input: HTMLInputElement | null): void {
  if (input) inputs[name] = input;
  else delete inputs[name];
}

/** Opens the system's dialog to choose files, a folder, or the files of waiting uploads again. */
export function openPicker(name: keyof typeof inputs): void {
  inputs[name]?.click();
}

/** Takes what was chosen in a hidden input, and empties it, so that the same file can be chosen twice. */
export async function takeFrom(name: keyof typeof inputs, input: HTMLInputElement): Promise<void> {
  const batches = pickedFrom(input);
  input.value = '';
  await takeAll(() => batches, name === 'again' ? selectOnly : take);
}

/** Takes files that were opened with the app. */
export async function takeHandles(handles: readonly FileSystemHandle[]): Promise<void> {
  await takeAll((unread) => pickedFromHandles(handles, unread), take);
}

/** Asks the worker to do something with these uploads. */
export async function act(action: UploadAction, ids: string[]): Promise<void> {
  if (action === 'select') return openPicker('again');
  if (action === 'permit') return permit(ids);
  for (let at = 0; at < ids.length; at += BATCH) {
    const reply = await call('uploads.act', { action, ids: ids.slice(at, at + BATCH) });
    report(reply);
    if (!reply.ok) return;
  }
}

/** Adds files that a person means to upload although they were refused, or are on their way already. */
export async function addAgain(files: readonly PickedFile[]): Promise<void> {
  const isAdded = new Set(files.map(({ id }) => id));
  refusals.value = refusals.value.filter(({ picked }) => !isAdded.has(picked));
  knownFiles.value = knownFiles.value.filter(({ file }) => !isAdded.has(file.id));
  for (let at = 0; at < files.length; at += BATCH) await add(files.slice(at, at + BATCH), true);
}

/** Files may be dropped or pasted anywhere, on any page; and whoever leaves while bytes would be lost is asked. */
export function watchWindow(): void {
  const hold = (event: DragEvent) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault(); // else the browser opens the file instead, and this page is gone
    isDragging.value = session.peek().state === 'signed-in';
  };
  addEventListener('dragover', hold);
  // All that is heard where something new has just come under the pointer, and files are let go there and then.
  addEventListener('dragenter', hold);
  addEventListener('dragleave', ({ relatedTarget, target }) => {
    // Out of the window; but WebKit never says where to, and what the veil came to lie over is left for the veil.
    const isVeil = target instanceof Element && target.matches('[data-drop-veil]');
    if (relatedTarget === null && isVeil) isDragging.value = false;
  });
  // It was left before the veil was there: no pointer moves while files are dragged.
  addEventListener('pointermove', () => {
    isDragging.value = false;
  });
  addEventListener('drop', (event) => {
    isDragging.value = false;
    takeFromTransfer(event, event.dataTransfer);
  });
  addEventListener('paste', (event) => {
    // Office programs put a picture of the text beside it: what goes into a field is the text.
    const isText = isField(event.target) && event.clipboardData?.types.includes('text/plain');
    if (!isText) takeFromTransfer(event, event.clipboardData);
  });
  addEventListener('beforeunload', (event) => {
    // Whoever agreed to an update has been asked, and the new worker has this page's files by then.
    if (isLeaveAgreed || version.peek() === 'updating') return;
    const { unsafeFiles, isTaking } = tabFacts.peek();
    if (unsafeFiles > 0 || isTaking) event.preventDefault();
  });
  addEventListener('pageshow', () => {
    isLeaveAgreed = false; // back out of the back-forward cache
  });
}

/** Settles once no files are being taken. */
export function allTaken(): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (taking.value !== null) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
}

function hasFiles(transfer: DataTransfer | null): transfer is DataTransfer {
  return transfer?.types.includes('Files') === true;
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

function takeFromTransfer(event: Event, transfer: DataTransfer | null): void {
  if (!hasFiles(transfer)) return;
  event.preventDefault();
  if (session.peek().state === 'signed-in') {
    arrived.value += 1;
    void takeAll((unread) => pickedFromTransfer(transfer, unread), take);
  } else {
    trouble.value = 'SIGNED_OUT';
  }
}

/** `read` is called at once, and told of nothing but what can't be read. What can is taken all the same. */
async function takeAll(
  read: (unread: Unread) => AsyncGenerator<PickedFile[]>,
  takeBatch: (batch: PickedFile[]) => Promise<readonly string[] | null>,
): Promise<void> {
  refusals.value = [];
  knownFiles.value = [];
  taking.value = 0;
  let isAllRead = true;
  try {
    const batches = read(() => {
      isAllRead = false;
    });
    let last: readonly string[] = [];
    for await (const batch of batches) {
      const added = await takeBatch(batch);
      if (!added) break;
      if (added.length > 0) last = added;
      taking.value += batch.length;
    }
    await meetWorker();
    // Until then the list may say that all has arrived.
    if (!(await untilListed(last))) await ping();
  } finally {
    taking.value = null;
    if (!isAllRead) trouble.value = 'FILE_UNREADABLE';
  }
}

/**
 * Takes files and returns the ids of those that are uploads now, or null if the worker did not answer. Files that an
 * upload may be waiting for are compared with it; the others are new. What was compared and fits
 * nothing is new as well, unless it has the very name of one that waits: then it is likely meant for that one,
 * and a person decides.
 */
async function take(files: PickedFile[]): Promise<readonly string[] | null> {
  const waiting = [...selectableRows(), ...elsewhere.peek()];
  const sizes = new Set(waiting.map(({ size }) => size));
  const maybe = files.filter(({ file }) => sizes.has(file.size));
  const refused = maybe.length > 0 ? await select(maybe) : [];
  if (!refused) return null;
  const names = new Set(waiting.map(({ name }) => name));
  const meant = refused.filter(({ name }) => names.has(name));
  refusals.value = [...refusals.value, ...meant];
  const fresh = refused.filter((refusal) => !meant.includes(refusal)).map(({ file }) => file);
  return add([...files.filter((picked) => !maybe.includes(picked)), ...fresh], false);
}

/** Files that were chosen for what waits: what fits nothing is named, and never added by itself. */
async function selectOnly(files: PickedFile[]): Promise<readonly string[] | null> {
  const refused = await select(files);
  if (!refused) return null;
  refusals.value = [...refusals.value, ...refused];
  return [];
}

/** Adds new files, and returns the ids of those that are uploads now, or null if the worker took none. */
async function add(files: PickedFile[], again: boolean): Promise<readonly string[] | null> {
  if (files.length === 0) return [];
  for (const picked of files) keep(picked);
  // The worker takes no file twice.
  const reply = await askAgain(() => call('uploads.add', { files, again }), ADD_TRIES);
  report(reply);
  if (!reply.ok) {
    forget(files.map(({ id }) => id));
    return null;
  }
  if (reply.value.ids.length > 0) isAccepted.value = true;
  const byId = new Map(files.map((picked) => [picked.id, picked]));
  const known = reply.value.known.flatMap(({ picked, of }) => {
    const file = byId.get(picked);
    return file ? [{ file, of }] : [];
  });
  forget(known.map(({ file }) => file.id));
  if (known.length > 0) knownFiles.value = [...knownFiles.value, ...known];
  return reply.value.ids;
}

/**
 * Offers files to the uploads that ask for theirs; the worker compares their bytes with what was sent. Returns
 * those that fit none, or null when there was no answer.
 */
async function select(files: PickedFile[]): Promise<Refusal[] | null> {
  isComparing.value = true;
  const reply = await call('uploads.select', { files });
  isComparing.value = false;
  report(reply);
  if (!reply.ok) return null;
  const byId = new Map(files.map((picked) => [picked.id, picked]));
  for (const { id, picked } of reply.value.matched) {
    const file = byId.get(picked);
    if (file) keep({ ...file, id });
  }
  if (elsewhere.peek().length > 0) void pullElsewhere();
  return reply.value.refused.flatMap((refused) => {
    const file = byId.get(refused.picked);
    return file ? [{ ...refused, file }] : [];
  });
}

/**
 * Asks for leave to read the files of these uploads again. A browser asks only right after a click, so all
 * questions are put before the first is answered. What has no handle can still be chosen again.
 */
async function permit(ids: string[]): Promise<void> {
  const reply = await call('uploads.handles', { ids });
  if (!reply.ok) return report(reply);
  const answers = reply.value.map(async ({ id, handle }) => {
    const state = await handle.requestPermission?.({ mode: 'read' }).catch(() => 'denied' as const);
    return state === 'granted' ? [id] : [];
  });
  const permitted = (await Promise.all(answers)).flat();
  if (reply.value.length === 0) return openPicker('again');
  if (permitted.length > 0) report(await call('uploads.permitted', { ids: permitted }));
  if (permitted.length < reply.value.length) trouble.value = 'FILE_UNREADABLE';
}

function report(reply: { ok: true } | { ok: false; code: ErrorCode }): void {
  trouble.value = reply.ok ? null : reply.code;
}
