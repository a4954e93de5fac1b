import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import {
  type AccountEvent,
  type AccountState,
  firstAccountState,
  nextAccountState,
} from '../shared/account-session.ts';
import type { StoredFile } from '../shared/api.ts';
import { HoldfastError } from '../shared/errors.ts';
import type { LibraryFacts } from '../shared/library-memory.ts';
import type { DeviceFacts, InboxFile, LogEntry } from '../shared/protocol.ts';
import type { Upload } from '../shared/upload.ts';

/** What the worker keeps of an upload session: enough to see on the server's clock that it is over. */
export interface SessionRecord {
  id: string;
  account: string;
  /** Ms since the epoch, by the server's clock. */
  issuedAt: number;
  ttlMinutes: number;
  /** Server's clock minus the device's, in ms. */
  clockOffsetMs: number;
  /** The `issuedAt` of the expiry that was refreshed by itself, so that it happens once; null before. */
  refreshed: number | null;
}

/** A small change to the library that waits for the network. */
export interface Intent {
  account: string;
  method: string;
  path: string;
  body: string | null;
  /** When it was asked for, ms since the epoch. */
  at: number;
  /** It could not be made, and nobody has seen that yet. */
  isDropped?: true;
}

/** A file from another app; not `whole` while its bytes are still being kept, or when the worker died over that. */
export interface InboxRecord extends InboxFile {
  whole: boolean;
}

/** What is known of person and device when no page is there to ask. */
export type DeviceChoice = Omit<DeviceFacts, 'metered'>;

/** What was last heard of the library beside its files. */
export interface LibraryRecord extends LibraryFacts {
  account: string;
  /** When, ms since the epoch. */
  heardAt: number;
}

/** A change of what is remembered of the library. */
export interface LibraryChange {
  record?: LibraryRecord;
  keep?: readonly StoredFile[];
  drop?: readonly string[];
}

/** Lines of the log that are kept. */
const MAX_LOG = 2000;

type PartKey = [upload: string, part: number];

interface Schema extends DBSchema {
  uploads: { key: string; value: Upload };
  sessions: { key: string; value: SessionRecord };
  /** SHA-256 of a part in base64, fixed when the part is first read. */
  digests: { key: PartKey; value: string };
  /** A part's bytes, as an `ArrayBuffer`: the one form that every engine keeps, private windows too. */
  staged: { key: PartKey; value: ArrayBuffer };
  handles: { key: string; value: FileSystemFileHandle };
  /** The engine's generation, and what waits in the inbox: its bytes are staged already, by the same ids. */
  meta: { key: 'generation' | 'inbox'; value: number | InboxRecord[] };
  account: { key: 'now'; value: AccountState };
  outbox: { key: number; value: Intent };
  log: { key: number; value: LogEntry };
  person: { key: 'device'; value: DeviceChoice };
  /** What was last heard of the library of one account, for when nobody answers. */
  library: { key: string; value: StoredFile };
  libraryRecord: { key: 'now'; value: LibraryRecord };
}

const storeNames = ['uploads', 'sessions', 'digests', 'staged', 'handles', 'meta'] as const;

/** One checkpoint: all of it is written, or nothing. */
export interface Checkpoint {
  uploads?: readonly Upload[];
  sessions?: readonly SessionRecord[];
  digest?: { id: string; part: number; value: string };
  /** Parts whose digest is to be fixed anew. */
  undigest?: { id: string; parts: readonly number[] };
  stage?: { id: string; part: number; bytes: ArrayBuffer };
  unstage?: { id: string; part: number };
  /** Every staged part of these uploads. */
  unstageAll?: readonly string[];
  handles?: readonly { id: string; handle: FileSystemFileHandle }[];
  /** Files that leave the inbox, since they are uploads now; their staged bytes stay. */
  accepted?: readonly string[];
  /** Uploads to forget whole. */
  forget?: readonly string[];
  forgetSessions?: readonly string[];
}

/** Everything that is known of uploads, as read at the start of an engine. */
export interface Loaded {
  uploads: Upload[];
  sessions: SessionRecord[];
  digests: { id: string; part: number; value: string }[];
  staged: { id: string; part: number }[];
  handles: string[];
}

/** The worker's database. It reopens itself, since iOS drops connections of apps in the background. */
export class Store {
  #name: string;
  #open: Promise<IDBPDatabase<Schema>> | null = null;

  constructor(name = 'holdfast') {
    this.#name = name;
  }

  /**
   * Takes the engine's place: the new generation, which every older engine's checkpoints will fail against. It is above
   * `known`, also where the browser has thrown away what was stored.
   */
  async claim(known = 0): Promise<number> {
    return this.#with(async (db) => {
      const tx = db.transaction('meta', 'readwrite');
      const generation = Math.max(asGeneration(await tx.store.get('generation')), known) + 1;
      await tx.store.put(generation, 'generation');
      await tx.done;
      return generation;
    });
  }

  async load(): Promise<Loaded> {
    return this.#with(async (db) => {
      const tx = db.transaction(storeNames);
      const [uploads, sessions, digestKeys, digests, staged, handles] = await Promise.all([
        tx.objectStore('uploads').getAll(),
        tx.objectStore('sessions').getAll(),
        tx.objectStore('digests').getAllKeys(),
        tx.objectStore('digests').getAll(),
        tx.objectStore('staged').getAllKeys(),
        tx.objectStore('handles').getAllKeys(),
      ]);
      return {
        uploads: uploads.sort((a, b) => a.addedAt - b.addedAt),
        sessions,
        digests: digestKeys.map(([id, part], n) => ({ id, part, value: digests[n] ?? '' })),
        staged: staged.map(([id, part]) => ({ id, part })),
        handles,
      };
    });
  }

  /**
   * Writes `checkpoint` if this engine is still the one: throws `OUTDATED` when another has claimed its place,
   * `DEVICE_FULL` when the browser has no room.
   */
  async save(generation: number, checkpoint: Checkpoint, durability: 'strict' | 'relaxed'): Promise<void> {
    await this.#with(async (db) => {
      const tx = db.transaction(storeNames, 'readwrite', { durability });
      // A rejected request aborts the transaction, which is what gets reported; unheard it would be reported twice.
      const done = tx.done.catch((cause) => {
        throw asStoreError(cause);
      });
      if (asGeneration(await tx.objectStore('meta').get('generation')) !== generation) {
        tx.abort();
        await done.catch(() => undefined);
        throw new HoldfastError('OUTDATED', `Engine generation ${generation} was superseded`);
      }
      const { accepted } = checkpoint;
      const inbox = accepted ? asInbox(await tx.objectStore('meta').get('inbox')) : [];
      try {
        write(tx, checkpoint);
        if (accepted)
          void tx
            .objectStore('meta')
            .put(without(inbox, accepted), 'inbox')
            .catch(() => undefined);
      } catch (cause) {
        // A value that can't be stored is found at once; what was put before it must not stay without it.
        tx.abort();
        await done.catch(() => undefined);
        throw cause;
      }
      await done;
    });
  }

  /** The staged bytes of a part, or null when they are not (or no longer) there. */
  async staged(id: string, part: number): Promise<ArrayBuffer | null> {
    // A record can outlive its bytes (w3c/IndexedDB #423): whatever the reason, they are gone for us.
    const bytes = await this.#with((db) => db.get('staged', [id, part])).catch(() => undefined);
    return bytes ?? null;
  }

  async handle(id: string): Promise<FileSystemFileHandle | null> {
    return (await this.#with((db) => db.get('handles', id))) ?? null;
  }

  /** What other apps have shared, the oldest first. */
  async inbox(): Promise<InboxRecord[]> {
    return asInbox(await this.#with((db) => db.get('meta', 'inbox')));
  }

  /** Notes files whose bytes are about to be kept, or are now. */
  async noteInInbox(records: readonly InboxRecord[]): Promise<void> {
    await this.#with(async (db) => {
      const tx = db.transaction('meta', 'readwrite', { durability: 'strict' });
      const rest = without(
        asInbox(await tx.store.get('inbox')),
        records.map(({ id }) => id),
      );
      await tx.store.put([...rest, ...records], 'inbox');
      await tx.done;
    });
  }

  /** Keeps the bytes of a part of a file in the inbox. Throws `DEVICE_FULL` when the browser has no room. */
  async keepInInbox(id: string, part: number, bytes: ArrayBuffer): Promise<void> {
    await this.#with((db) => db.put('staged', bytes, [id, part])).catch((cause) => {
      throw asStoreError(cause);
    });
  }

  /** Forgets files of the inbox with their bytes; what is not in it (any more) is left alone. */
  async dropFromInbox(ids: readonly string[]): Promise<void> {
    await this.#with(async (db) => {
      const tx = db.transaction(['meta', 'staged'], 'readwrite');
      const inbox = asInbox(await tx.objectStore('meta').get('inbox'));
      for (const { id } of inbox) if (ids.includes(id)) void tx.objectStore('staged').delete(allPartsOf(id));
      await tx.objectStore('meta').put(without(inbox, ids), 'inbox');
      await tx.done;
    });
  }

  async addIntents(intents: readonly Intent[]): Promise<void> {
    await this.#with(async (db) => {
      const tx = db.transaction('outbox', 'readwrite');
      const done = tx.done; // reports whatever fails
      for (const intent of intents) void tx.store.add(intent).catch(() => undefined);
      await done;
    });
  }

  /** What waits in the outbox, the oldest first. */
  async intents(): Promise<{ key: number; intent: Intent }[]> {
    return this.#with(async (db) => {
      const tx = db.transaction('outbox');
      const [keys, intents] = await Promise.all([tx.store.getAllKeys(), tx.store.getAll()]);
      return intents.flatMap((intent, n) =>
        keys[n] === undefined || intent.isDropped ? [] : [{ key: keys[n], intent }],
      );
    });
  }

  /** An intent that waits no longer, and is kept until a person has seen that it could not be carried out. */
  async dropIntent(key: number): Promise<void> {
    await this.#with(async (db) => {
      const tx = db.transaction('outbox', 'readwrite');
      const intent = await tx.store.get(key);
      if (intent) await tx.store.put({ ...intent, isDropped: true }, key);
      await tx.done;
    });
  }

  /** How many were dropped since a person saw that any were. */
  async countDropped(): Promise<number> {
    return this.#with(async (db) => (await db.getAll('outbox')).filter(({ isDropped }) => isDropped).length);
  }

  async forgetDropped(): Promise<void> {
    await this.#with(async (db) => {
      const tx = db.transaction('outbox', 'readwrite');
      for await (const cursor of tx.store) if (cursor.value.isDropped) await cursor.delete();
      await tx.done;
    });
  }

  async removeIntent(key: number): Promise<void> {
    await this.#with((db) => db.delete('outbox', key));
  }

  /** Adds lines, and forgets the oldest beyond what is kept. */
  async appendLog(entries: readonly LogEntry[]): Promise<void> {
    await this.#with(async (db) => {
      const tx = db.transaction('log', 'readwrite', { durability: 'relaxed' });
      let newest = 0;
      for (const entry of entries) newest = await tx.store.add(entry);
      await tx.store.delete(IDBKeyRange.upperBound(newest - MAX_LOG));
      await tx.done;
    });
  }

  async readLog(): Promise<LogEntry[]> {
    return this.#with((db) => db.getAll('log'));
  }

  async setDevice(choice: DeviceChoice): Promise<void> {
    await this.#with((db) => db.put('person', choice, 'device'));
  }

  /** What the last page has said, or null before one ever did. */
  async device(): Promise<DeviceChoice | null> {
    return (await this.#with((db) => db.get('person', 'device'))) ?? null;
  }

  /** What is remembered of the library, and of whose; null when nothing is. */
  async library(): Promise<{ record: LibraryRecord; files: StoredFile[] } | null> {
    return this.#with(async (db) => {
      const tx = db.transaction(['library', 'libraryRecord']);
      const [record, files] = await Promise.all([
        tx.objectStore('libraryRecord').get('now'),
        tx.objectStore('library').getAll(),
      ]);
      return record ? { record, files } : null;
    });
  }

  /** Writes a change down; it can be heard again, so it need not outlive a crash. */
  async changeLibrary({ record, keep = [], drop = [] }: LibraryChange): Promise<void> {
    await this.#with(async (db) => {
      const tx = db.transaction(['library', 'libraryRecord'], 'readwrite', { durability: 'relaxed' });
      const done = tx.done; // reports whatever fails
      const quiet = (request: Promise<unknown>) => void request.catch(() => undefined);
      if (record) quiet(tx.objectStore('libraryRecord').put(record, 'now'));
      for (const file of keep) quiet(tx.objectStore('library').put(file));
      for (const id of drop) quiet(tx.objectStore('library').delete(id));
      await done;
    });
  }

  async forgetLibrary(): Promise<void> {
    await this.#with(async (db) => {
      const tx = db.transaction(['library', 'libraryRecord'], 'readwrite');
      await Promise.all([tx.objectStore('library').clear(), tx.objectStore('libraryRecord').clear()]);
      await tx.done;
    });
  }

  async account(): Promise<AccountState> {
    return (await this.#with((db) => db.get('account', 'now'))) ?? firstAccountState;
  }

  /**
   * Applies `event` to the account session in one transaction: of two that say the same, one changes it. Where the browser
   * has thrown the row away, `known` stands for it, so that no epoch comes twice.
   */
  async changeAccount(
    event: AccountEvent,
    known: AccountState = firstAccountState,
  ): Promise<{ before: AccountState; after: AccountState }> {
    return this.#with(async (db) => {
      const tx = db.transaction('account', 'readwrite', { durability: 'strict' });
      const row = await tx.store.get('now');
      const before = row ?? known;
      const after = nextAccountState(before, event);
      if (after !== row && after !== firstAccountState) await tx.store.put(after, 'now');
      await tx.done;
      return { before, after };
    });
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open) (await open).close();
  }

  async #with<T>(use: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    const opening = this.#connect();
    try {
      return await use(await opening);
    } catch (cause) {
      // Where it did not even open, somebody may just be deleting all that is stored. Nothing of it was written.
      const db = await opening.catch(() => null);
      if (db && !isLost(cause) && !isClosed(db)) throw cause;
      this.#forget(opening);
      return use(await this.#connect());
    }
  }

  #connect(): Promise<IDBPDatabase<Schema>> {
    if (this.#open) return this.#open;
    const opening = this.#start(() => this.#forget(opening));
    this.#open = opening;
    opening.catch(() => this.#forget(opening)); // or what failed once would fail for ever
    return opening;
  }

  /** The next one who asks gets another connection, unless that is so already. */
  #forget(opening: Promise<IDBPDatabase<Schema>>): void {
    if (this.#open === opening) this.#open = null;
  }

  /** `forget` is called when the connection is over. */
  async #start(forget: () => void): Promise<IDBPDatabase<Schema>> {
    return openDB<Schema>(this.#name, 2, {
      // Each step leads from one released version to the next and is never edited afterwards.
      upgrade(db, from) {
        if (from < 1) {
          db.createObjectStore('uploads', { keyPath: 'id' });
          db.createObjectStore('sessions', { keyPath: 'id' });
          for (const name of ['digests', 'staged', 'handles', 'meta', 'account', 'person'] as const)
            db.createObjectStore(name);
          for (const name of ['outbox', 'log'] as const) db.createObjectStore(name, { autoIncrement: true });
        }
        if (from < 2) {
          db.createObjectStore('library', { keyPath: 'id' });
          db.createObjectStore('libraryRecord');
        }
      },
      blocking: (_current, _blocked, event) => {
        forget();
        (event.target as IDBDatabase).close(); // a newer worker waits for this connection to close
      },
      terminated: forget,
    });
  }
}

/** "Connection to Indexed Database server lost" (WebKit) and closed connections come as these two. */
function isLost(cause: unknown): boolean {
  return cause instanceof DOMException && /^(InvalidState|Unknown)Error$/.test(cause.name);
}

/** Whether the browser has closed the connection, and aborted what was under way, as it does when it deletes all. */
function isClosed(db: IDBPDatabase<Schema>): boolean {
  try {
    db.transaction('meta');
    return false;
  } catch {
    return true;
  }
}

function write(tx: IDBPTransaction<Schema, typeof storeNames, 'readwrite'>, change: Checkpoint): void {
  // Puts of one transaction happen in order; only its end is awaited, since `tx.done` reports any failure.
  const quiet = (request: Promise<unknown>) => void request.catch(() => undefined);
  for (const upload of change.uploads ?? []) quiet(tx.objectStore('uploads').put(upload));
  for (const session of change.sessions ?? []) quiet(tx.objectStore('sessions').put(session));
  for (const { id, handle } of change.handles ?? []) quiet(tx.objectStore('handles').put(handle, id));
  const { digest, undigest, stage, unstage } = change;
  if (digest) quiet(tx.objectStore('digests').put(digest.value, [digest.id, digest.part]));
  for (const part of undigest?.parts ?? [])
    quiet(tx.objectStore('digests').delete([undigest?.id ?? '', part]));
  if (stage) quiet(tx.objectStore('staged').put(stage.bytes, [stage.id, stage.part]));
  if (unstage) quiet(tx.objectStore('staged').delete([unstage.id, unstage.part]));
  for (const id of [...(change.unstageAll ?? []), ...(change.forget ?? [])]) {
    quiet(tx.objectStore('staged').delete(allPartsOf(id)));
  }
  for (const id of change.forgetSessions ?? []) quiet(tx.objectStore('sessions').delete(id));
  for (const id of change.forget ?? []) {
    quiet(tx.objectStore('uploads').delete(id));
    quiet(tx.objectStore('handles').delete(id));
    quiet(tx.objectStore('digests').delete(allPartsOf(id)));
  }
}

function asGeneration(value: number | InboxRecord[] | undefined): number {
  return typeof value === 'number' ? value : 0;
}

function asInbox(value: number | InboxRecord[] | undefined): InboxRecord[] {
  return Array.isArray(value) ? value : [];
}

function without(inbox: readonly InboxRecord[], ids: readonly string[]): InboxRecord[] {
  return inbox.filter(({ id }) => !ids.includes(id));
}

function allPartsOf(id: string): IDBKeyRange {
  return IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);
}

function asStoreError(cause: unknown): unknown {
  // In a private window that has no room or does not take the value, WebKit aborts and names no reason.
  const full = cause instanceof DOMException && /^(QuotaExceeded|Abort)Error$/.test(cause.name);
  return full
    ? new HoldfastError('DEVICE_FULL', 'The browser has no room for this checkpoint', { cause })
    : cause;
}
