import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { PartPlace, PartStore, PartWriter } from './part-store.ts';

/** Chunks are gathered to about this many bytes for one write. */
const BATCH_BYTES = 512 * 1024;
/** With more than this waiting to be written, the source is asked to pause. */
const BACKLOG_BYTES = 2 * 1024 * 1024;
/** A writer notes its progress at least this often, so that a killed server loses no more than this. */
const NOTE_BYTES = 1024 * 1024;
/** One record of the notes: the bytes held of one part, as a little-endian double. */
const RECORD_BYTES = 8;

/**
 * Parts on disk, written in place into one sparse file per upload: `uploads/KEY`, and `files/KEY` when it is whole.
 *
 * Beside it, `uploads/KEY.held` notes how many bytes of each unfinished part are there. A note is written after
 * its bytes and not synced: a killed process loses neither, and after a power cut a note that is ahead of its
 * bytes makes the part's digest fail, which empties the part.
 */
export class DiskStore implements PartStore {
  readonly #uploads: string;
  readonly #files: string;
  /** Keys whose directory entry this process knows to be on stable storage. */
  readonly #entrySynced = new Set<string>();

  private constructor(folder: string) {
    this.#uploads = join(folder, 'uploads');
    this.#files = join(folder, 'files');
  }

  /** Opens the store in `folder`, making what is missing. */
  static async open(folder: string): Promise<DiskStore> {
    const store = new DiskStore(folder);
    await mkdir(store.#uploads, { recursive: true });
    await mkdir(store.#files, { recursive: true });
    await syncFolder(folder);
    return store;
  }

  async write(key: string, part: PartPlace, offset: number): Promise<PartWriter> {
    const handle = await open(join(this.#uploads, key), constants.O_RDWR | constants.O_CREAT, 0o600);
    return new DiskWriter(handle, this.#notes(key), part, offset, () => this.#syncEntry(key));
  }

  async held(key: string, number: number): Promise<number> {
    const handle = await openIfThere(this.#notes(key));
    if (!handle) return 0;
    try {
      const record = Buffer.alloc(RECORD_BYTES);
      const { bytesRead } = await handle.read(record, 0, RECORD_BYTES, number * RECORD_BYTES);
      return bytesRead === RECORD_BYTES ? record.readDoubleLE() : 0;
    } finally {
      await handle.close();
    }
  }

  async heldParts(key: string): Promise<ReadonlyMap<number, number>> {
    const notes = await readFile(this.#notes(key)).catch(unlessMissing);
    const held = new Map<number, number>();
    for (let at = 0; notes && at + RECORD_BYTES <= notes.length; at += RECORD_BYTES) {
      const bytes = notes.readDoubleLE(at);
      if (bytes > 0) held.set(at / RECORD_BYTES, bytes);
    }
    return held;
  }

  async empty(key: string, number: number): Promise<void> {
    await note(this.#notes(key), number, 0);
  }

  async keep(key: string): Promise<void> {
    // No sync of the folders: the bytes are safe under either name, `read` looks at both, `recover` moves them again.
    await rename(join(this.#uploads, key), join(this.#files, key)).catch(unlessMissing);
    await rm(this.#notes(key), { force: true });
    this.#entrySynced.delete(key);
  }

  async read(key: string, start: number, end: number): Promise<Readable> {
    const handle =
      (await openIfThere(join(this.#files, key))) ??
      (await open(join(this.#uploads, key), constants.O_RDONLY));
    return handle.createReadStream({ start, end: end - 1, highWaterMark: BATCH_BYTES });
  }

  async remove(key: string): Promise<void> {
    for (const path of [this.#notes(key), join(this.#uploads, key), join(this.#files, key)]) {
      await rm(path, { force: true });
    }
    this.#entrySynced.delete(key);
  }

  async recover(isKept: (key: string) => Promise<boolean>): Promise<void> {
    for (const name of await readdir(this.#uploads)) {
      if (!name.endsWith('.held') && (await isKept(name))) await this.keep(name);
    }
  }

  async check(): Promise<void> {
    const path = join(this.#uploads, '.check');
    const handle = await open(path, 'w');
    try {
      await handle.write('ok');
      await handle.datasync();
    } finally {
      await handle.close();
      await rm(path, { force: true });
    }
  }

  #notes(key: string): string {
    return join(this.#uploads, `${key}.held`);
  }

  /** A new file is only there after a crash if its folder was synced, too (fsync(2)). */
  async #syncEntry(key: string): Promise<void> {
    if (this.#entrySynced.has(key)) return;
    await syncFolder(this.#uploads);
    this.#entrySynced.add(key);
  }
}

class DiskWriter implements PartWriter {
  readonly #handle: FileHandle;
  readonly #notesPath: string;
  readonly #part: PartPlace;
  readonly #from: number;
  readonly #syncEntry: () => Promise<void>;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | null = null;
  #held: number;
  #noted: number;
  #failure: Error | null = null;

  constructor(
    handle: FileHandle,
    notesPath: string,
    part: PartPlace,
    offset: number,
    syncEntry: () => Promise<void>,
  ) {
    this.#handle = handle;
    this.#notesPath = notesPath;
    this.#part = part;
    this.#from = offset;
    this.#held = offset;
    this.#noted = offset;
    this.#syncEntry = syncEntry;
  }

  get heldBytes(): number {
    return this.#held;
  }

  get failure(): Error | null {
    return this.#failure;
  }

  add(chunk: Buffer): boolean {
    if (this.#failure) return true; // what comes now is thrown away: the prefix ends where the write failed
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= BATCH_BYTES) this.#writing ??= this.#write(BATCH_BYTES);
    return this.#waitingBytes < BACKLOG_BYTES;
  }

  async drained(): Promise<void> {
    await this.#writing;
  }

  async settle(): Promise<number> {
    await this.#flush();
    await this.#note(this.#held).catch((error: Error) => {
      this.#failure ??= error;
    });
    return this.#held;
  }

  async seal(): Promise<number> {
    await this.#flush();
    if (this.#failure) throw this.#failure;
    await Promise.all([this.#handle.datasync(), this.#syncEntry()]);
    return this.#held;
  }

  async undo(): Promise<void> {
    await this.#flush();
    this.#held = this.#from;
    await this.#note(this.#held);
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
  }

  async #flush(): Promise<void> {
    await this.#writing;
    await this.#write(1);
  }

  /** Writes all that is waiting, over and over, until less than `least` bytes are left. */
  async #write(least: number): Promise<void> {
    try {
      while (this.#waitingBytes >= least && !this.#failure) {
        const chunks = this.#waiting;
        this.#waiting = [];
        this.#waitingBytes = 0;
        await this.#writeAll(chunks);
        if (this.#held - this.#noted >= NOTE_BYTES) await this.#note(this.#held);
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#waiting = [];
      this.#waitingBytes = 0;
    } finally {
      this.#writing = null;
    }
  }

  /** A write may take only some of the bytes, on a disk that is nearly full above all. */
  async #writeAll(chunks: Buffer[]): Promise<void> {
    let rest = chunks;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(rest, this.#part.start + this.#held);
      this.#held += bytesWritten;
      rest = withoutFirst(rest, bytesWritten);
    }
  }

  async #note(heldBytes: number): Promise<void> {
    if (heldBytes === this.#noted) return;
    await note(this.#notesPath, this.#part.number, heldBytes);
    this.#noted = heldBytes;
  }
}

function withoutFirst(chunks: Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  let first = 0;
  for (const chunk of chunks) {
    if (skip < chunk.length) break;
    skip -= chunk.length;
    first++;
  }
  const [head, ...tail] = chunks.slice(first);
  return head ? [head.subarray(skip), ...tail] : [];
}

async function note(path: string, number: number, heldBytes: number): Promise<void> {
  const record = Buffer.alloc(RECORD_BYTES);
  record.writeDoubleLE(heldBytes);
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    await handle.write(record, 0, RECORD_BYTES, number * RECORD_BYTES);
  } finally {
    await handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows has no handles of folders, and journals their entries itself
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  return open(path, constants.O_RDONLY).catch(unlessMissing);
}

function unlessMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}
