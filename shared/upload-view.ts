import type { ErrorCode } from './errors.ts';

/** Why an upload asks for its file again. */
export type NeedsFileWhy = 'restarted' | 'changed' | 'gone' | 'unreadable' | 'bytes-lost';

/** What one upload is doing, as a person sees it. */
export type UploadState =
  | { at: 'queued' }
  | { at: 'sending' }
  /** `until` in ms of the device's clock; it goes on by itself then, or sooner. */
  | { at: 'waiting'; why: 'offline' | 'until'; until: number }
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
  state: UploadState;
  /** Bytes that are verified and on stable storage. */
  acknowledgedBytes: number;
  /** Bytes acknowledged or received: what progress shows. Never falls. */
  shownBytes: number;
  safe: Safety;
  /** Smoothed; null when nothing moves. */
  bytesPerSecond: number | null;
  secondsLeft: number | null;
  can: readonly UploadAction[];
}

/** All uploads of the list together. Finished and cancelled ones count as files, not as bytes to go. */
export interface Totals {
  files: number;
  stored: number;
  unfinished: number;
  /** Uploads that go on only when a person acts. */
  needsYou: number;
  bytes: number;
  shownBytes: number;
  bytesPerSecond: number | null;
  secondsLeft: number | null;
  /** The least safe of all unfinished uploads; `yes` when there are none. */
  safe: Safety;
}
