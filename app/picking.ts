import { cleanFolderPath } from '../shared/file-name.ts';
import type { PickedFile } from '../shared/protocol.ts';
import { breathe, SLICE_MS } from './slices.ts';

/** Files handed on at a time: the first are on their way while a large folder is still being read. */
export const BATCH = 250;

/** Called for each file, and each folder, that was chosen and can't be read. */
export type Unread = () => void;

/** The files of an input, in batches, with the folders they came in if a folder was chosen. */
export function pickedFrom(input: HTMLInputElement): AsyncGenerator<PickedFile[]> {
  // The list is emptied with its input, so it is copied before anything else happens.
  return inBatches(Array.from(input.files ?? []), (file) => picked(file, folderOf(file.webkitRelativePath)));
}

/**
 * The files and folders that were dropped or pasted, in batches. Must be called within the event: its items are
 * gone once it is over, so everything that can be asked of them is asked before the first `await`.
 */
export function pickedFromTransfer(transfer: DataTransfer, unread: Unread): AsyncGenerator<PickedFile[]> {
  const items = Array.from(transfer.items)
    .filter((item) => item.kind === 'file')
    .map((item) => ({
      file: item.getAsFile(),
      entry: item.webkitGetAsEntry?.() ?? null,
      // Refused for some pasted items; the file itself is still there.
      handle: item.getAsFileSystemHandle?.().catch(() => null) ?? Promise.resolve(null),
    }));
  return inBatches(filesOf(items, unread), (file) => file);
}

/** The files behind handles, in batches; a folder's with the folders they are in. */
export function pickedFromHandles(
  handles: readonly FileSystemHandle[],
  unread: Unread,
): AsyncGenerator<PickedFile[]> {
  return inBatches(filesBehind(handles, unread), (file) => file);
}

interface Dropped {
  file: File | null;
  entry: FileSystemEntry | null;
  handle: Promise<FileSystemHandle | null>;
}

async function* filesOf(items: Dropped[], unread: Unread): AsyncGenerator<PickedFile> {
  for (const { file, entry, handle } of items) {
    const found = await handle;
    if (isDirectoryHandle(found)) yield* filesInHandle(found, found.name, unread);
    else if (isDirectoryEntry(entry)) yield* filesInEntry(entry, entry.name, unread);
    else if (file) yield picked(file, '', isFileHandle(found) ? found : undefined);
  }
}

async function* filesBehind(
  handles: readonly FileSystemHandle[],
  unread: Unread,
): AsyncGenerator<PickedFile> {
  for (const handle of handles) {
    if (isDirectoryHandle(handle)) yield* filesInHandle(handle, handle.name, unread);
    else if (isFileHandle(handle)) yield* fileIn(handle, '', unread);
  }
}

/** A file that can't be opened now would only fail later, without its bytes. */
async function* fileIn(
  handle: FileSystemFileHandle,
  path: string,
  unread: Unread,
): AsyncGenerator<PickedFile> {
  const file = await handle.getFile().catch(() => null);
  if (file) yield picked(file, path, handle);
  else unread();
}

async function* filesInHandle(
  folder: FileSystemDirectoryHandle,
  path: string,
  unread: Unread,
): AsyncGenerator<PickedFile> {
  const children = folder.values();
  for (;;) {
    // A folder that can't be read is like an empty one; the rest still counts.
    const child = await children.next().catch(() => null);
    if (child === null) unread();
    if (!child || child.done) return;
    const { value } = child;
    if (isDirectoryHandle(value)) yield* filesInHandle(value, `${path}/${value.name}`, unread);
    else if (isFileHandle(value)) yield* fileIn(value, path, unread);
  }
}

async function* filesInEntry(
  folder: FileSystemDirectoryEntry,
  path: string,
  unread: Unread,
): AsyncGenerator<PickedFile> {
  const reader = folder.createReader();
  // Chromium gives at most 100 entries at a time: an empty answer is the end, not the first one.
  for (let entries = await read(reader, unread); entries.length > 0; entries = await read(reader, unread)) {
    for (const entry of entries) {
      if (isDirectoryEntry(entry)) yield* filesInEntry(entry, `${path}/${entry.name}`, unread);
      else if (entry.isFile) {
        const file = await open(entry as FileSystemFileEntry);
        if (file) yield picked(file, path);
        else unread();
      }
    }
  }
}

/**
 * The browser has its turn every few ms, so that thousands of files never hold up the page. Chromium (156) looks at
 * the disk when a file's size is first asked for, at some 0.4 ms, and keeps it: done here, file by file, it is not
 * done for a whole batch at once when that is posted to the worker.
 */
async function* inBatches<T>(
  files: AsyncIterable<T> | Iterable<T>,
  asPicked: (file: T) => PickedFile,
): AsyncGenerator<PickedFile[]> {
  let batch: PickedFile[] = [];
  let until = performance.now() + SLICE_MS;
  const pickedAt = Date.now();
  for await (const file of files) {
    const next = { ...asPicked(file), pickedAt };
    void next.file.size;
    batch.push(next);
    if (batch.length === BATCH) {
      await breathe(); // posting a batch is work enough for one turn
      yield batch;
      batch = [];
    }
    if (performance.now() < until) continue;
    await breathe();
    until = performance.now() + SLICE_MS;
  }
  if (batch.length > 0) yield batch;
}

function picked(file: File, path: string, handle?: FileSystemFileHandle): PickedFile {
  return { id: crypto.randomUUID(), file, path: cleanFolderPath(path), ...(handle && { handle }) };
}

function folderOf(relativePath: string): string {
  return relativePath.slice(0, Math.max(0, relativePath.lastIndexOf('/')));
}

function read(reader: FileSystemDirectoryReader, unread: Unread): Promise<FileSystemEntry[]> {
  return new Promise((resolve) => {
    reader.readEntries(resolve, () => {
      unread();
      resolve([]);
    });
  });
}

function open(entry: FileSystemFileEntry): Promise<File | null> {
  return new Promise((resolve) => entry.file(resolve, () => resolve(null)));
}

function isDirectoryEntry(entry: FileSystemEntry | null): entry is FileSystemDirectoryEntry {
  return entry?.isDirectory === true;
}

function isDirectoryHandle(handle: FileSystemHandle | null): handle is FileSystemDirectoryHandle {
  return handle?.kind === 'directory';
}

/** Whether `handle` is a file's, and not a folder's. */
export function isFileHandle(handle: FileSystemHandle | null): handle is FileSystemFileHandle {
  return handle?.kind === 'file';
}
