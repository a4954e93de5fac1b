import { PART_BYTES } from '../shared/parts.ts';
import { spanOf, type Upload } from '../shared/upload.ts';
import type { NeedsFileWhy } from '../shared/upload-view.ts';
import type { Store } from './store.ts';

/** A part that can be sent. */
export interface ReadPart {
  ok: true;
  /** SHA-256 of the whole part in base64, or why it could not be read after all. */
  digest: Promise<string | Unreadable>;
  /** What to send of it: bytes `offset` to `offset + length` of the part. */
  body: (offset: number, length: number) => Blob | Uint8Array<ArrayBuffer>;
}
/** Why a part can't be read now. */
export interface Unreadable {
  ok: false;
  why: NeedsFileWhy | 'permission';
}

/** Bytes of parts that may be in memory before one more is read ahead, those in flight among them. */
const MAX_READ_BYTES = 5 * PART_BYTES;

/** Where the bytes of uploads come from: staged copies, `File`s that pages handed over, stored handles. */
export class PartBytes {
  #store: Store;
  #filesAreSnapshots: boolean;
  #files = new Map<string, File>();
  #handles = new Map<string, FileSystemFileHandle | null>();
  #staged = new Map<string, Set<number>>();
  #read = new Map<string, { bytes: number; reading: Promise<ReadPart | Unreadable> }>();

  /**
   * `filesAreSnapshots`: a `File` whose original was changed can't be read any more (Chromium), so it may be sent as it
   * is. Elsewhere it silently gives the new bytes (Firefox) or hangs (WebKit), and only bytes read before are sent.
   */
  constructor(store: Store, filesAreSnapshots: boolean) {
    this.#store = store;
    this.#filesAreSnapshots = filesAreSnapshots;
  }

  holdFile(id: string, file: File): void {
    this.#files.set(id, file);
  }

  /** Knows of a handle in the store; it is read from there when it is needed. */
  noteHandle(id: string): void {
    if (!this.#handles.has(id)) this.#handles.set(id, null);
  }

  noteStaged(id: string, part: number): void {
    const parts = this.#staged.get(id) ?? new Set();
    this.#staged.set(id, parts.add(part));
  }

  stagedParts(id: string): ReadonlySet<number> {
    return this.#staged.get(id) ?? new Set();
  }

  hasFile(id: string): boolean {
    return this.#files.has(id);
  }

  hasHandle(id: string): boolean {
    return this.#handles.has(id);
  }

  /** Whether there is more to read from than staged copies. */
  hasSource(id: string): boolean {
    return this.#files.has(id) || this.#handles.has(id);
  }

  reaches(id: string, part: number): boolean {
    return this.hasSource(id) || this.stagedParts(id).has(part);
  }

  /** Forgets where to read an upload from, its staged copies too where `all`. */
  drop(id: string, all: boolean): void {
    this.#files.delete(id);
    this.#handles.delete(id);
    if (all) this.#staged.delete(id);
    this.releaseRead(id);
  }

  forgetStaged(id: string): void {
    this.#staged.delete(id);
  }

  /** Lets go of what was read of an upload and is in memory only. */
  releaseRead(id: string): void {
    for (const key of this.#read.keys()) if (key.startsWith(`${id}:`)) this.#read.delete(key);
  }

  /** Lets go of a part that was sent, or that has to be read again. */
  release(id: string, part: number, unstaged: boolean): void {
    this.#read.delete(`${id}:${part}`);
    if (unstaged) this.#staged.get(id)?.delete(part);
  }

  /**
   * Gets a part ready to be sent, and its digest on the way. Kept until it is released, since a part may go out in
   * several segments.
   */
  read(upload: Upload, part: number): Promise<ReadPart | Unreadable> {
    const key = `${upload.id}:${part}`;
    const known = this.#read.get(key);
    if (known) return known.reading;
    const reading = this.#fetch(upload, part);
    this.#read.set(key, { bytes: spanOf(upload, part).length, reading });
    void reading.then((result) => {
      if (!result.ok && this.#read.get(key)?.reading === reading) this.#read.delete(key);
    });
    return reading;
  }

  /** Starts to read a part that is likely to be next, if there is room in memory. */
  readAhead(upload: Upload, part: number): void {
    let inMemory = spanOf(upload, part).length;
    for (const { bytes } of this.#read.values()) inMemory += bytes;
    if (inMemory <= MAX_READ_BYTES) void this.read(upload, part);
  }

  /** The bytes of a part, to be kept elsewhere. */
  async copy(upload: Upload, part: number): Promise<ArrayBuffer | Unreadable> {
    const file = await this.#fileOf(upload);
    return 'ok' in file ? file : readSlice(file, spanOf(upload, part));
  }

  /** Reads these parts of the file anew: null when all have the digest given, else why not. One at a time. */
  async differs(upload: Upload, digests: ReadonlyMap<number, string>): Promise<Unreadable | null> {
    if (digests.size === 0) return null;
    const file = await this.#fileOf(upload);
    if ('ok' in file) return file;
    for (const [part, digest] of digests) {
      const found = await hashSlice(file, spanOf(upload, part));
      if (typeof found !== 'string') return found;
      if (found !== digest) return { ok: false, why: 'changed' };
    }
    return null;
  }

  /** Whether the file can still be read: null if so, else why not. Tells a changed file from a dead network. */
  async trouble(upload: Upload): Promise<Unreadable | null> {
    const file = this.#files.get(upload.id);
    if (!file) return null;
    const read = await readSlice(file, { start: 0, length: Math.min(1, file.size) });
    return 'ok' in read ? read : null;
  }

  async #fetch(upload: Upload, part: number): Promise<ReadPart | Unreadable> {
    const span = spanOf(upload, part);
    const wasStaged = this.stagedParts(upload.id).has(part);
    const staged = wasStaged ? await this.#store.staged(upload.id, part) : null;
    if (staged?.byteLength === span.length) return fromBuffer(staged);
    if (wasStaged) this.#staged.get(upload.id)?.delete(part);
    const file = await this.#fileOf(upload);
    if ('ok' in file) return wasStaged && file.why === 'restarted' ? { ok: false, why: 'bytes-lost' } : file;
    if (this.#filesAreSnapshots) return fromFile(file, span);
    const bytes = await readSlice(file, span);
    return 'ok' in bytes ? bytes : fromBuffer(bytes);
  }

  async #fileOf(upload: Upload): Promise<File | Unreadable> {
    const file = this.#files.get(upload.id) ?? (await this.#fromHandle(upload));
    if ('ok' in file) return file;
    return file.size === upload.size ? file : { ok: false, why: 'changed' };
  }

  async #fromHandle(upload: Upload): Promise<File | Unreadable> {
    const { id } = upload;
    const handle = this.#handles.has(id) ? (this.#handles.get(id) ?? (await this.#store.handle(id))) : null;
    if (!handle) return { ok: false, why: 'restarted' };
    this.#handles.set(id, handle);
    // Only a page can ask for permission (it takes a click); a worker can look whether it was given.
    if ((await permissionOf(handle)) !== 'granted') return { ok: false, why: 'permission' };
    try {
      const file = await handle.getFile();
      // A handle gives whatever is there now: another date is another file, though its size be the same.
      const same = file.size === upload.size && file.lastModified === upload.lastModified;
      if (!same) return { ok: false, why: 'changed' };
      this.#files.set(id, file);
      return file;
    } catch (cause) {
      return { ok: false, why: readTrouble(cause) };
    }
  }
}

interface Span {
  start: number;
  length: number;
}

/** What is hashed is what is sent, whatever happens to the file meanwhile. */
function fromBuffer(bytes: ArrayBuffer): ReadPart {
  return { ok: true, digest: sha256(bytes), body: (offset, length) => new Uint8Array(bytes, offset, length) };
}

/**
 * The browser sends the file's bytes by itself, which costs a worker nothing; they are read once more to be hashed. If
 * the two reads could ever differ, the server would find the digest wrong and keep nothing.
 */
function fromFile(file: File, span: Span): ReadPart {
  const digest = hashSlice(file, span);
  const { start } = span;
  return { ok: true, digest, body: (offset, length) => file.slice(start + offset, start + offset + length) };
}

async function hashSlice(file: File, span: Span): Promise<string | Unreadable> {
  // Not given back by `transfer(0)` afterwards: Chromium 156 then keeps the memory for good.
  const bytes = await readSlice(file, span);
  return 'ok' in bytes ? bytes : sha256(bytes);
}

async function readSlice(file: File, { start, length }: Span): Promise<ArrayBuffer | Unreadable> {
  try {
    const bytes = await file.slice(start, start + length).arrayBuffer();
    return bytes.byteLength === length ? bytes : { ok: false, why: 'changed' };
  } catch (cause) {
    return { ok: false, why: readTrouble(cause) };
  }
}

/** SHA-256 of `bytes` in base64. */
export async function sha256(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return btoa(String.fromCharCode(...digest));
}

// Chromium 156: NotReadableError when the file has changed, NotFoundError when it is gone; Firefox 153: AbortError
// when it is gone; WebKitGTK 2.50: NotFoundError for both.
/** What a failed read of a file says of it. */
export function readTrouble(cause: unknown): NeedsFileWhy {
  const name = cause instanceof DOMException ? cause.name : '';
  if (name === 'NotReadableError') return 'changed';
  return name === 'NotFoundError' || name === 'AbortError' ? 'gone' : 'unreadable';
}

async function permissionOf(handle: FileSystemFileHandle): Promise<PermissionState> {
  // Chromium only, and not yet in TypeScript's library.
  const asking = handle as FileSystemFileHandle & { queryPermission?: () => Promise<PermissionState> };
  return (await asking.queryPermission?.()) ?? 'granted';
}
