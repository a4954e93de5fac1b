import { signal } from '@preact/signals';
import type { ErrorCode } from '../shared/errors.ts';
import type { Calls, PickedFile } from '../shared/protocol.ts';
import type { UploadAction, UploadView } from '../shared/upload-view.ts';
import { keep, permit } from './files.ts';
import { pickedFrom, pickedFromTransfer } from './picking.ts';
import { allRows, session, tabFacts } from './state.ts';
import { call } from './worker.ts';

/** What a person asks for: files to send, and what to do with those that are listed. */

/** Something dragged over the window could be dropped. */
export const isDragging = signal(false);
/** A dropped folder is still being read. */
export const isReading = signal(false);
/** The last thing that was asked for and did not work, until dismissed. */
export const trouble = signal<ErrorCode | null>(null);
/** Files that were selected again and fit no upload. */
export const refusals = signal<Calls['uploads.select']['reply']['refused']>([]);

/** The hidden inputs, which live as long as someone is signed in. */
const inputs: { files?: HTMLInputElement; folder?: HTMLInputElement; again?: HTMLInputElement } = {};

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
  const files = pickedFrom(input);
  input.value = '';
  if (name === 'again') await select(files);
  else await take(files);
}

/** Asks the worker to do something with these uploads. */
export async function act(action: UploadAction, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  if (action === 'select') return openPicker('again');
  if (action === 'permit') {
    // A file whose handle this page does not have can still be chosen again.
    if ((await permit(ids)).length > 0) openPicker('again');
    return;
  }
  report(await call('uploads.act', { action, ids }));
}

/** Files may be dropped or pasted anywhere, on any page; and whoever leaves while bytes would be lost is asked. */
export function watchWindow(): void {
  addEventListener('dragover', (event) => {
    if (!canTake(event.dataTransfer)) return;
    event.preventDefault(); // else the browser opens the file instead
    isDragging.value = true;
  });
  addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) isDragging.value = false;
  });
  addEventListener('drop', (event) => {
    isDragging.value = false;
    if (!event.dataTransfer || !canTake(event.dataTransfer)) return;
    event.preventDefault();
    void takeAll(pickedFromTransfer(event.dataTransfer));
  });
  addEventListener('paste', (event) => {
    if (!event.clipboardData || !canTake(event.clipboardData)) return;
    event.preventDefault();
    void takeAll(pickedFromTransfer(event.clipboardData));
  });
  addEventListener('beforeunload', (event) => {
    if (tabFacts.peek().unsafeFiles > 0) event.preventDefault();
  });
}

function canTake(transfer: DataTransfer | null): boolean {
  return session.peek().state === 'signed-in' && transfer?.types.includes('Files') === true;
}

async function takeAll(batches: AsyncGenerator<PickedFile[]>): Promise<void> {
  isReading.value = true;
  try {
    for await (const batch of batches) await take(batch);
  } finally {
    isReading.value = false;
  }
}

/** Files that an upload is waiting for go to it; the others are new. */
async function take(files: PickedFile[]): Promise<void> {
  const waiting = new Set(allRows().filter(canSelect).map(looks));
  const again = files.filter((picked) => waiting.has(looks(asView(picked))));
  const fresh = files.filter((picked) => !again.includes(picked));
  if (again.length > 0) await select(again);
  if (fresh.length === 0) return;
  for (const picked of fresh) keep(picked);
  report(await call('uploads.add', { files: fresh, again: false }));
}

/** Offers files to the uploads that ask for theirs; the worker compares their bytes with what was sent. */
async function select(files: PickedFile[]): Promise<void> {
  if (files.length === 0) return;
  const reply = await call('uploads.select', { files });
  report(reply);
  if (!reply.ok) return;
  refusals.value = reply.value.refused;
  const byId = new Map(files.map((picked) => [picked.id, picked]));
  for (const { id, picked } of reply.value.matched) {
    const file = byId.get(picked);
    if (file) keep({ ...file, id });
  }
}

function canSelect(view: UploadView): boolean {
  return view.can.includes('select');
}

function asView({ file }: PickedFile): { name: string; size: number } {
  return file;
}

function looks({ name, size }: { name: string; size: number }): string {
  return `${size} ${name}`;
}

function report(reply: { ok: true } | { ok: false; code: ErrorCode }): void {
  trouble.value = reply.ok ? null : reply.code;
}
