import type { ErrorCode } from './errors.ts';
import { secondsLeft } from './speed.ts';
import { acknowledgedBytes, isOver, isWhole, UNDO_MS, type Upload } from './upload.ts';

/** Why an upload asks for its file again. */
export type NeedsFileWhy = 'restarted' | 'changed' | 'gone' | 'unreadable' | 'bytes-lost';

/** What one upload is doing, as a person sees it. */
export type UploadState =
  | { at: 'queued' }
  | { at: 'sending' }
  /** `until` in ms of the device's clock; it goes on by itself then, or sooner. */
  | { at: 'waiting'; why: 'offline' | 'until'; until: number }
  /** For a connection that does not cost by the byte, as a person has asked. */
  | { at: 'waiting'; why: 'metered' }
  | { at: 'held' }
  | { at: 'expired' }
  | { at: 'needs-file'; why: NeedsFileWhy }
  | { at: 'needs-permission' }
  | { at: 'paused' }
  | { at: 'verifying' }
  | { at: 'stored' }
  /** `limit` in bytes where the code names one (`TOO_LARGE`, `QUOTA_EXCEEDED`). */
  | { at: 'failed'; code: ErrorCode; limit?: number }
  /** Until `undoUntil` (ms of the device's clock) it can be taken back; then the server is told. */
  | { at: 'cancelled'; undoUntil: number };

/** What a person may ask for one upload now. */
export type UploadAction =
  | 'pause'
  | 'resume'
  | 'retry'
  | 'cancel'
  | 'undo'
  | 'refresh'
  | 'select'
  | 'remove'
  | 'permit';

/**
 * Whether the tab may be closed: `yes` when every remaining byte is in the browser's own storage or at the
 * server, `one-click` when it goes on after a click (a stored handle), else `no`.
 */
export type Safety = 'yes' | 'one-click' | 'no';

/** A row of the list, whole: pages replace the row they have by it. */
export interface UploadView {
  id: string;
  path: string;
  name: string;
  size: number;
  addedAt: number;
  /** When the batch it belongs to was chosen, ms since the epoch. A release older does not say. */
  batchAt?: number;
  state: UploadState;
  /** Bytes that are verified and on stable storage. */
  acknowledgedBytes: number;
  /** Bytes acknowledged or received: what progress shows. Never falls. */
  shownBytes: number;
  safe: Safety;
  /** Smoothed; null when nothing moves. */
  bytesPerSecond: number | null;
  secondsLeft: number | null;
  /** When its upload session ends if nothing moves until then (ms of the device's clock); null while that is far. */
  sessionEndsAt: number | null;
  can: readonly UploadAction[];
}

/** All uploads of the list together. Finished and cancelled ones count as files, not as bytes to go. */
export interface Totals {
  files: number;
  stored: number;
  unfinished: number;
  /** Uploads that go on by themselves, now or once the network, the sign-in or the upload session is back. */
  going: number;
  /** Uploads that go on only when a person acts. */
  needsYou: number;
  bytes: number;
  shownBytes: number;
  bytesPerSecond: number | null;
  secondsLeft: number | null;
  /** The least safe of all unfinished uploads; `yes` when there are none. */
  safe: Safety;
}

/** What the engine knows beside the checkpoint, to show one upload. */
export interface ViewFacts {
  /** Requests of this upload in flight. */
  inFlight: number;
  /** The account is signed in here. */
  signedIn: boolean;
  /** Our server can't be reached, and the next try is then (ms since the epoch); null when it can. */
  offlineUntil: number | null;
  /** It was told to wait until then (ms since the epoch); null when not. */
  waitUntil: number | null;
  /** A person wants nothing to be sent over a connection like this one. */
  heldBack: boolean;
  safe: Safety;
  /** A `File` or handle to go on with is at hand. */
  hasSource: boolean;
  bytesPerSecond: number | null;
  sessionEndsAt: number | null;
}

/** The row of `upload`. */
export function viewUpload(upload: Upload, facts: ViewFacts): UploadView {
  const state = stateOf(upload, facts);
  const bytesPerSecond = state.at === 'sending' ? facts.bytesPerSecond : null;
  const { id, path, name, size, addedAt, shownBytes } = upload;
  return {
    id,
    path,
    name,
    size,
    addedAt,
    batchAt: upload.batchAt ?? Math.floor(addedAt),
    state,
    acknowledgedBytes: acknowledgedBytes(upload),
    shownBytes,
    safe: isOver(upload) || isWhole(upload) ? 'yes' : facts.safe,
    bytesPerSecond,
    secondsLeft: secondsLeft(size - shownBytes, bytesPerSecond),
    // One that ran out does not end once more.
    sessionEndsAt: isOver(upload) || state.at === 'expired' ? null : facts.sessionEndsAt,
    can: actionsFor(state, facts),
  };
}

function stateOf(upload: Upload, facts: ViewFacts): UploadState {
  const { life } = upload;
  switch (life.at) {
    case 'going':
      if (!facts.signedIn) return { at: 'held' };
      if (isWhole(upload)) return { at: 'verifying' };
      if (facts.offlineUntil !== null) return { at: 'waiting', why: 'offline', until: facts.offlineUntil };
      if (facts.inFlight > 0) return { at: 'sending' };
      if (facts.heldBack) return { at: 'waiting', why: 'metered' };
      if (facts.waitUntil !== null) return { at: 'waiting', why: 'until', until: facts.waitUntil };
      return { at: 'queued' };
    case 'cancelled':
      return { at: 'cancelled', undoUntil: life.told ? 0 : life.since + UNDO_MS };
    case 'removed':
      return { at: 'cancelled', undoUntil: 0 };
    default:
      return life;
  }
}

function actionsFor(state: UploadState, { hasSource, safe }: ViewFacts): UploadAction[] {
  // It will ask for its file as soon as it goes on: that need not wait.
  const select: UploadAction[] = hasSource || safe === 'yes' ? [] : ['select'];
  switch (state.at) {
    case 'waiting':
      return [...select, 'pause', 'cancel'];
    case 'queued':
    case 'sending':
    case 'held':
      return ['pause', 'cancel'];
    case 'verifying':
      return ['cancel'];
    case 'expired':
      return ['refresh', ...select, 'cancel'];
    case 'needs-file':
      return ['select', 'cancel'];
    case 'needs-permission':
      return ['permit', 'select', 'cancel']; // a browser that was told no asks no more
    case 'paused':
      return ['resume', ...select, 'cancel'];
    case 'failed':
      return hasSource ? ['retry', 'remove'] : ['select', 'remove'];
    case 'cancelled':
      if (state.undoUntil > 0) return ['undo', 'remove'];
      return hasSource ? ['retry', 'remove'] : ['select', 'remove'];
    case 'stored':
      return ['remove'];
  }
}

const needsPerson: ReadonlySet<UploadState['at']> = new Set([
  'needs-file',
  'needs-permission',
  'failed',
  'expired',
]);
/** Unfinished, and nothing moves them but a person. One that is expired is refreshed by itself as a rule. */
const stands: ReadonlySet<UploadState['at']> = new Set(['needs-file', 'needs-permission', 'paused']);
const safetyOrder: readonly Safety[] = ['no', 'one-click', 'yes'];

/** All of `rows` together; `bytesPerSecond` is the speed of the whole, which is not the sum of smoothed rows. */
export function totalsOf(rows: Iterable<UploadView>, bytesPerSecond: number | null): Totals {
  const totals: Totals = {
    files: 0,
    stored: 0,
    unfinished: 0,
    going: 0,
    needsYou: 0,
    bytes: 0,
    shownBytes: 0,
    bytesPerSecond,
    secondsLeft: null,
    safe: 'yes',
  };
  for (const row of rows) {
    const { at } = row.state;
    totals.files++;
    if (at === 'stored') totals.stored++;
    if (at === 'stored' || at === 'cancelled') continue;
    if (needsPerson.has(at)) totals.needsYou++;
    if (at === 'failed') continue;
    totals.unfinished++;
    if (!stands.has(at)) totals.going++;
    totals.bytes += row.size;
    totals.shownBytes += row.shownBytes;
    if (safetyOrder.indexOf(row.safe) < safetyOrder.indexOf(totals.safe)) totals.safe = row.safe;
  }
  totals.secondsLeft = totals.unfinished
    ? secondsLeft(totals.bytes - totals.shownBytes, bytesPerSecond)
    : null;
  return totals;
}
