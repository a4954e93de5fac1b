import type { Totals, UploadState, UploadView } from '../../shared/upload-view.ts';

/** What would be lost with the page: rows whose bytes are in it alone, and how many bytes those still have to send. */
export interface Unsafe {
  files: number;
  bytes: number;
}

/** In these states an upload's file is within reach; in all others there is nothing that closing a tab could lose. */
const underway: ReadonlySet<UploadState['at']> = new Set([
  'queued',
  'sending',
  'waiting',
  'held',
  'expired',
  'paused',
  'verifying',
]);

export function unsafeOf(rows: readonly UploadView[]): Unsafe {
  const found: Unsafe = { files: 0, bytes: 0 };
  for (const view of rows) {
    if (view.safe !== 'no' || !underway.has(view.state.at)) continue;
    found.files += 1;
    found.bytes += view.size - view.shownBytes;
  }
  return found;
}

/** What is true about closing this tab. */
export type SafeLine = 'none' | 'done' | 'yes' | 'needsYou' | 'oneClick' | 'no';

/** Which line to show: never "you can close this" while a byte would be lost by it. */
export function safeLine(totals: Totals, unsafe: Unsafe): SafeLine {
  if (totals.files === 0) return 'none';
  if (unsafe.files > 0) return 'no';
  if (totals.unfinished === 0) return totals.stored > 0 ? 'done' : 'none';
  if (totals.needsYou >= totals.unfinished) return 'needsYou';
  return totals.safe === 'one-click' ? 'oneClick' : 'yes';
}
