import { type ErrorCode, isErrorCode } from './errors.ts';
import type { Notices } from './notification.ts';
import type { ShareOutcome } from './share-target.ts';
import type { Totals, UploadView } from './upload-view.ts';

/**
 * The contract between pages and the worker. A call goes by `registration.active.postMessage` with a port and
 * has exactly one reply on that port; news goes to every page on one BroadcastChannel.
 */

/** The one BroadcastChannel. */
export const NEWS_CHANNEL = 'holdfast';

/** What is known of the account session, for every page. */
export interface SessionView {
  /** Goes up at each sign-in, sign-out and expiry. */
  epoch: number;
  /** `unknown` until the worker has asked the server for the first time. */
  state: 'unknown' | 'signed-in' | 'expired' | 'signed-out';
  account: { id: string; email: string } | null;
  /** The instance of the worker whose word this is. One a release older does not say. */
  by?: string;
}

/** A file handed to the worker. The page made the id (UUID), so that it can offer the same `File` again. */
export interface PickedFile {
  id: string;
  file: File;
  /** Folder path of the file, empty for the top. */
  path: string;
  /** When a person chose it, ms since the epoch: the same for all that were chosen in one go. A release older does not say. */
  pickedAt?: number;
  handle?: FileSystemFileHandle;
}

/** Everything the list shows, as of `rev`. */
export interface Snapshot {
  rev: number;
  totals: Totals;
  rows: UploadView[];
}

/** A file that does not fit any waiting upload. */
export interface RefusedFile {
  /** The id the page gave it. */
  picked: string;
  name: string;
  /** `UNREACHABLE`: what it is to be compared with is at the server, which does not answer now. */
  code: 'OTHER_SIZE' | 'OTHER_CONTENT' | 'OTHER_FILE' | 'FILE_UNREADABLE' | 'FILE_CHANGED' | 'UNREACHABLE';
  /** `OTHER_CONTENT`: the first part that differs, counted from 1. */
  fromPart?: number;
}

/** An unfinished upload of this account that was begun on another device. */
export interface ElsewhereView {
  id: string;
  session: string;
  device: string;
  path: string;
  name: string;
  size: number;
  acknowledgedBytes: number;
}

/** What the worker has to know of the person and the device, and can't see by itself. */
export interface DeviceFacts {
  /** The language shown (BCP 47), and its words for what the worker tells a person outside of the pages. */
  language: string;
  notices: Notices;
  /** Send only where that does not cost by the byte. */
  onlyUnmetered: boolean;
  /** Whether the connection may cost by the byte, as the page sees it; null where the browser does not tell. */
  metered: boolean | null;
}

/** A file that another app has shared with ours, or that was opened with it, and nobody has said yes or no to yet. */
export interface InboxFile {
  /** The upload that it becomes has the same. */
  id: string;
  name: string;
  /** Bytes. */
  size: number;
  type: string;
  /** Of the file, and of its arrival here; ms since the epoch. */
  lastModified: number;
  sharedAt: number;
}

/** One line of the diagnostics log: no names, no contents, no secrets. */
export interface LogEntry {
  /** Ms since the epoch, by the device's clock. */
  at: number;
  /** The first characters of the worker instance that wrote it. */
  worker: string;
  source: 'worker' | 'engine' | 'gateway' | 'account' | 'outbox' | 'page';
  text: string;
}

/** Who the worker is; also the stable answer to `{type: 'about'}` for tools outside. */
export interface About {
  build: string;
  /** Random, new at each start of the worker. */
  instance: string;
  epoch: number;
  engine: 'idle' | 'running' | 'draining';
}

/** What a page may ask of the worker, and what it is answered. */
export interface Calls {
  /**
   * Says that a page is here, and keeps the worker alive for as long as there is work. `wants` lists uploads
   * whose bytes the worker can't reach: the page offers those of its `File`s; `dropped` counts changes made offline
   * that could not be carried out, until a person has seen that. `leaving` asks for the long lease,
   * `eager` says that trying again now is worth it (`online`, a page that became visible).
   */
  ping: {
    ask: { build: string; leaving: boolean; eager: boolean };
    reply: About & { session: SessionView; rev: number; wants: string[]; busy: boolean; dropped: number };
  };
  /** Deletes these files of the library as soon as may be: of a page that goes away with them still in its hands. */
  'library.delete': { ask: { ids: string[] }; reply: null };
  /** A person has seen how many changes were dropped. */
  'outbox.seen': { ask: Record<never, never>; reply: null };
  /** Told by each page that starts, to each worker that starts, and when something of it has changed. */
  'device.tell': { ask: DeviceFacts; reply: null };
  'uploads.snapshot': { ask: Record<never, never>; reply: Snapshot };
  /**
   * New uploads. A file that is on its way already (same folder, name, size and date) is not added but named in
   * `known`, unless `again` says that it is meant.
   */
  'uploads.add': {
    ask: { files: PickedFile[]; again: boolean };
    reply: { ids: string[]; known: { picked: string; of: string }[] };
  };
  /** Files for uploads that the worker already knows by these ids. */
  'uploads.offer': { ask: { files: { id: string; file: File }[] }; reply: null };
  'uploads.act': {
    ask: { action: 'pause' | 'resume' | 'retry' | 'cancel' | 'undo' | 'refresh' | 'remove'; ids: string[] };
    reply: null;
  };
  /**
   * Files a person selected again; each waiting upload that one of them fits goes on with it, those begun on another
   * device too.
   */
  'uploads.select': {
    ask: { files: PickedFile[] };
    reply: { matched: { id: string; picked: string }[]; refused: RefusedFile[] };
  };
  /** Handles that wait for a person's permission; the page asks for all of them in one click. */
  'uploads.handles': { ask: { ids: string[] }; reply: { id: string; handle: FileSystemFileHandle }[] };
  /** The person has given permission for these. */
  'uploads.permitted': { ask: { ids: string[] }; reply: null };
  'uploads.elsewhere': { ask: Record<never, never>; reply: ElsewhereView[] };
  /** Files that were opened with the app while nobody is signed in: they wait in the inbox, all of them or none. */
  'inbox.keep': { ask: { files: File[] }; reply: ShareOutcome };
  /** What waits there, the oldest first. It is the device's, whoever is signed in. */
  'inbox.list': { ask: Record<never, never>; reply: InboxFile[] };
  /** These become uploads of whoever is signed in, or are thrown away. */
  'inbox.accept': { ask: { ids: string[] }; reply: null };
  'inbox.discard': { ask: { ids: string[] }; reply: null };
  'log.read': { ask: Record<never, never>; reply: LogEntry[] };
  /** Something a page saw that belongs into the log, such as a permission's state. */
  'log.note': { ask: { text: string }; reply: null };
  /** Stops sending, checkpoints, settles leases; then the waiting worker can take over. */
  drain: { ask: Record<never, never>; reply: null };
}
export type CallName = keyof Calls;

/** Those that read whole files, which may take longer than an event of the worker lasts. */
export const longCalls: ReadonlySet<CallName> = new Set(['uploads.select', 'inbox.keep']);

export type Reply<N extends CallName> =
  | { ok: true; value: Calls[N]['reply'] }
  | { ok: false; code: ErrorCode };

/** What the worker tells every open page, unasked. A gap in `rev` means: pull a snapshot. */
export type News =
  | { type: 'uploads'; rev: number; totals: Totals; rows: UploadView[]; removed: string[] }
  | { type: 'session'; session: SessionView }
  | { type: 'session-expired'; epoch: number }
  | { type: 'session-restored'; epoch: number; accountId: string }
  /** The library changed: a file arrived, or was renamed or deleted. */
  | { type: 'library' }
  /** Something came into the inbox, or a person has decided about it. */
  | { type: 'inbox' }
  /** A change to the library, made offline, waits for the network: pages keep asking for it to be tried. */
  | { type: 'outbox-waits' }
  /** So many changes to the library, made offline, were not carried out: the account had changed, or was refused. */
  | { type: 'outbox-dropped'; count: number };

/** The reply in a port message, or null when it is none. Its value is as trusted as our own worker is. */
export function parseReply<N extends CallName>(data: unknown): Reply<N> | null {
  if (typeof data !== 'object' || data === null || !('ok' in data)) return null;
  if (data.ok === true && 'value' in data) return data as Reply<N>;
  if (data.ok === false && 'code' in data && isErrorCode(data.code)) return { ok: false, code: data.code };
  return null;
}

const newsTypes: ReadonlySet<unknown> = new Set<News['type']>([
  'uploads',
  'session',
  'session-expired',
  'session-restored',
  'library',
  'inbox',
  'outbox-waits',
  'outbox-dropped',
]);

/** The news in a message of the channel, or null when it is of a kind this page does not know. */
export function parseNews(data: unknown): News | null {
  if (typeof data !== 'object' || data === null || !('type' in data)) return null;
  return newsTypes.has(data.type) ? (data as News) : null;
}
