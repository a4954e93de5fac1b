import { spanOf, type Upload } from '../shared/upload.ts';
import type { NeedsFileWhy } from '../shared/upload-view.ts';
import type { Store } from './store.ts';

/** A part's bytes and their SHA-256 (base64), which may still be on its way. */
export interface ReadPart {
  ok: true;
  bytes: ArrayBuffer;
  digest: Promise<string>;
}
/** Why a part can't be read now. */
export interface Unreadable {
  ok: false;
  why: NeedsFileWhy | 'permission';
}

/** Parts read ahead and not yet sent: each is up to 8 MiB of memory, beside those in flight. */
const MAX_READ = 5;

/** Where the bytes of uploads come from: staged copies, `File`s that pages handed over, stored handles. */
export class PartBytes {
  #store: Store;
  #files = new Map<string, File>();
  #handles = new Map<string, FileSystemFileHandle | null>();
  #staged = new Map<string, Set<number>>();
  #read = new Map<string, Promise<ReadPart | Unreadable>>();

  constructor(store: Store) {
    this.#store = store;
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

  reaches(id: string, part: number): boolean {
    return this.#files.has(id) || this.#handles.has(id) || this.stagedParts(id).has(part);
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
   * Reads a part once, whole: what is hashed is what is sent, whatever happens to the file meanwhile. Kept in
   * memory until it is released, since a part may go out in several segments.
   */
  read(upload: Upload, part: number): Promise<ReadPart | Unreadable> {
    const key = `${upload.id}:${part}`;
    const known = this.#read.get(key);
    if (known) return known;
    const reading = this.#fetch(upload, part);
    this.#read.set(key, reading);
    void reading.then((result) => {
      if (!result.ok && this.#read.get(key) === reading) this.#read.delete(key);
    });
    return reading;
  }

  /** Starts to read a part that is likely to be next, if there is room in memory. */
  readAhead(upload: Upload, part: number): void {
    if (this.#read.size < MAX_READ) void this.read(upload, part);
  }

  async #fetch(upload: Upload, part: number): Promise<ReadPart | Unreadable> {
    const { start, length } = spanOf(upload, part);
    const staged = this.stagedParts(upload.id).has(part) ? await this.#store.staged(upload.id, part) : null;
    if (staged && staged.byteLength === length) return hashed(staged);
    if (this.stagedParts(upload.id).has(part)) this.#staged.get(upload.id)?.delete(part);
    const file = this.#files.get(upload.id) ?? (await this.#fromHandle(upload.id));
    if (file === 'permission') return { ok: false, why: 'permission' };
    if (file === null) return { ok: false, why: staged === null ? 'restarted' : 'bytes-lost' };
    // Only Chromium refuses to read a file that has changed; its size and date tell in every engine that keeps them.
    if (file.size !== upload.size) return { ok: false, why: 'changed' };
    try {
      const bytes = await file.slice(start, start + length).arrayBuffer();
      return bytes.byteLength === length ? hashed(bytes) : { ok: false, why: 'changed' };
    } catch (cause) {
      return { ok: false, why: readTrouble(cause) };
    }
  }

  async #fromHandle(id: string): Promise<File | 'permission' | null> {
    if (!this.#handles.has(id)) return null;
    const handle = this.#handles.get(id) ?? (await this.#store.handle(id));
    if (!handle) return null;
    this.#handles.set(id, handle);
    // Only a page can ask for permission (it takes a click); a worker can look whether it was given.
    if ((await permissionOf(handle)) !== 'granted') return 'permission';
    const file = await handle.getFile().catch(() => null);
    if (file) this.#files.set(id, file);
    return file;
  }
}

function hashed(bytes: ArrayBuffer): ReadPart {
  return { ok: true, bytes, digest: sha256(bytes) };
}

/** SHA-256 of `bytes` in base64. */
export async function sha256(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return btoa(String.fromCharCode(...digest));
}

// Chromium 156: NotReadableError when the file has changed, NotFoundError when it is gone; Firefox 153: AbortError
// when it is gone; WebKitGTK 2.50: NotFoundError for both.
function readTrouble(cause: unknown): NeedsFileWhy {
  const name = cause instanceof DOMException ? cause.name : '';
  if (name === 'NotReadableError') return 'changed';
  return name === 'NotFoundError' || name === 'AbortError' ? 'gone' : 'unreadable';
}

async function permissionOf(handle: FileSystemFileHandle): Promise<PermissionState> {
  // Chromium only, and not yet in TypeScript's library.
  const asking = handle as FileSystemFileHandle & { queryPermission?: () => Promise<PermissionState> };
  return (await asking.queryPermission?.()) ?? 'granted';
}
