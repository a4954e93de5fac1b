import { MAX_FILES_PER_CALL } from '../shared/api.ts';
import { HoldfastError } from '../shared/errors.ts';
import { partBytesFor, partCount, partSpan } from '../shared/parts.ts';
import type { InboxFile, News } from '../shared/protocol.ts';
import { type ShareOutcome, sharedAddress } from '../shared/share-target.ts';
import type { InboxRecord, Store } from './store.ts';

interface Host {
  store: Store;
  /** Bytes that may still be kept. */
  room: () => Promise<number>;
  /** Ms since the epoch. */
  now: () => number;
  post: (news: News) => void;
  log: (text: string) => void;
}

/** Whether `request` brings files from another app (Web Share Target). */
export function isShare(request: Request): boolean {
  return request.method === 'POST' && new URL(request.url).pathname === '/share-target';
}

/**
 * Files that other apps have shared, or that were opened with ours, until a person says what is to become of them.
 * Nobody need be signed in, nor have a network: the bytes are kept at once, as staged parts, so that accepting copies
 * none.
 */
export class Inbox {
  #host: Host;
  /** Files this worker is just keeping. What is half kept and not among them was left by one that died. */
  #arriving = new Set<string>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Keeps what is shared, and sends the browser to the page that asks about it. */
  async take(request: Request): Promise<Response> {
    const form = await request.formData().catch(() => null);
    const outcome = await this.keep(form?.getAll('files').filter((value) => value instanceof File) ?? []);
    return Response.redirect(sharedAddress(outcome), 303);
  }

  /** Keeps `files`, all of them or none, and says which. */
  async keep(files: readonly File[]): Promise<ShareOutcome> {
    const outcome = await this.#keepAll(files);
    this.#host.log(`files for the inbox: ${outcome}`);
    this.tell();
    return outcome;
  }

  /** What waits for a decision, the oldest first. */
  async list(): Promise<InboxFile[]> {
    const records = await this.#host.store.inbox();
    const left = records.filter(({ id, whole }) => !whole && !this.#arriving.has(id));
    if (left.length > 0) await this.#host.store.dropFromInbox(left.map(({ id }) => id));
    return records.filter(({ whole }) => whole).map(({ whole: _whole, ...file }) => file);
  }

  async discard(ids: readonly string[]): Promise<void> {
    await this.#host.store.dropFromInbox(ids);
    this.tell();
  }

  /** Tells the pages that the inbox is another than before. */
  tell(): void {
    this.#host.post({ type: 'inbox' });
  }

  async #keepAll(files: readonly File[]): Promise<ShareOutcome> {
    const { store, room, now } = this.#host;
    if (files.length === 0) return 'unreadable';
    if (files.length > MAX_FILES_PER_CALL) return 'too-many';
    if (files.reduce((sum, { size }) => sum + size, 0) > (await room())) return 'full';
    const records = files.map((file) => recordOf(file, now()));
    const ids = records.map(({ id }) => id);
    for (const id of ids) this.#arriving.add(id);
    try {
      await store.noteInInbox(records);
      for (const [n, file] of files.entries()) await this.#keep(ids[n] ?? '', file);
      await store.noteInInbox(records.map((record) => ({ ...record, whole: true })));
      return 'kept';
    } catch (cause) {
      await store.dropFromInbox(ids).catch(() => undefined); // half kept: dropped when the list is next read
      return cause instanceof HoldfastError && cause.code === 'DEVICE_FULL' ? 'full' : 'unreadable';
    } finally {
      for (const id of ids) this.#arriving.delete(id);
    }
  }

  /** Part by part, so that no file is ever in memory as a whole. */
  async #keep(id: string, file: File): Promise<void> {
    const partBytes = partBytesFor(file.size);
    for (let part = 0; part < partCount(file.size, partBytes); part++) {
      const { start, length } = partSpan(file.size, partBytes, part);
      await this.#host.store.keepInInbox(id, part, await file.slice(start, start + length).arrayBuffer());
    }
  }
}

function recordOf({ name, size, type, lastModified }: File, sharedAt: number): InboxRecord {
  return { id: crypto.randomUUID(), name, size, type, lastModified, sharedAt, whole: false };
}
