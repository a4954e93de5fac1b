import { missingParts, spanOf, type Upload } from './upload.ts';

/** An upload that is on its way for longer than this is worth copying into the browser's storage, in seconds. */
const WORTH_IT_SECONDS = 5;
/** … and one on a link so fast that copying would slow it down, only when it takes this long, in seconds. */
const WORTH_IT_ON_FAST_LINK_SECONDS = 60;
/** Bytes per second from which a link is fast: a fair part of what a browser's storage takes. */
const FAST_LINK = 16 * 1024 * 1024;
/** How long an upload may run before its speed is believed, in ms. */
const PATIENCE_MS = 2500;
/** Share of the storage that is still free which staging may fill. */
const QUOTA_SHARE = 0.5;

export interface StagingFacts {
  upload: Upload;
  /** A `File` is at hand to copy from. */
  hasFile: boolean;
  staged: ReadonlySet<number>;
  /** Parts being sent now: their bytes are in memory, and they come last. */
  busy: ReadonlySet<number>;
}

/** Whether staging may run now: never while a fast link could be slowed by it. */
export interface StagingPace {
  /** Ms since sending began; null when nothing is being sent. */
  sendingForMs: number | null;
  /** For all uploads together; null when not known. */
  secondsLeft: number | null;
  /** Of all uploads together; null when not known. */
  bytesPerSecond: number | null;
}

/** Whether copying bytes aside is worth its work now. */
export function isStagingWorthIt({ sendingForMs, secondsLeft, bytesPerSecond }: StagingPace): boolean {
  if (sendingForMs === null) return true;
  if (sendingForMs < PATIENCE_MS) return false;
  const isFast = bytesPerSecond !== null && bytesPerSecond >= FAST_LINK;
  return secondsLeft === null || secondsLeft > (isFast ? WORTH_IT_ON_FAST_LINK_SECONDS : WORTH_IT_SECONDS);
}

/** Bytes that may still be staged, from the browser's own estimate (bytes, both). */
export function stagingBudget(quota: number, usage: number): number {
  return Math.max(0, Math.floor((quota - usage) * QUOTA_SHARE));
}

/**
 * The next part to copy, or null when nothing is left to copy that fits into `budgetBytes`. Parts are taken from
 * the end of the file, since sending takes them from the front: what is staged is seldom about to go out anyway.
 */
export function nextToStage(
  uploads: Iterable<StagingFacts>,
  budgetBytes: number,
): { id: string; part: number } | null {
  for (const { upload, hasFile, staged, busy } of uploads) {
    if (!hasFile || !wantsBytes(upload)) continue;
    const open = [...missingParts(upload)].filter((part) => !staged.has(part));
    const part = open.findLast((n) => !busy.has(n)) ?? open.at(-1);
    if (part !== undefined && spanOf(upload, part).length <= budgetBytes) return { id: upload.id, part };
  }
  return null;
}

function wantsBytes({ life }: Upload): boolean {
  return life.at === 'going' || life.at === 'paused' || life.at === 'expired';
}
