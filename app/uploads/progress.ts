import type { Totals, UploadView } from '../../shared/upload-view.ts';
import type { Tally } from './tally.ts';

/** Whole percents of a part of a whole, rounded down; 100 only when `done`. */
export function percentOf(part: number, whole: number, done: boolean): number {
  if (done) return 100;
  return whole > 0 ? Math.max(0, Math.min(99, Math.floor((100 * part) / whole))) : 0;
}

/** Whole percents of one upload: never 100 before it is stored. */
export function percentOfRow(view: UploadView): number {
  return percentOf(view.shownBytes, view.size, view.state.at === 'stored');
}

/** The batches under way as a whole, or the whole list once nothing is. */
export interface Overall {
  /** Cancelled ones are left out, here and in the bytes. */
  files: number;
  stored: number;
  unfinished: number;
  needsYou: number;
  bytes: number;
  shownBytes: number;
  /** Never 100 while one file is unfinished or failed. */
  percent: number;
}

/**
 * What is under way as a whole. Stored files of its batches count with their bytes, unlike in the worker's totals: they are
 * part of what was asked for, and the percentage must not fall as each one is done.
 */
export function overallOf({ batches }: Pick<Tally, 'batches'>, totals: Totals): Overall {
  const { files, stored, bytes, shownBytes } = batches;
  const { unfinished, needsYou } = totals;
  const isDone = stored > 0 && unfinished === 0 && needsYou === 0;
  const percent = percentOf(shownBytes, bytes, isDone);
  return { files, stored, unfinished, needsYou, bytes, shownBytes, percent };
}

/** What the window's title says: how far it is, or null when nothing is under way; and how many need a person. */
export function titleFacts(overall: Overall): { percent: number | null; needsYou: number } {
  return { percent: overall.unfinished > 0 ? overall.percent : null, needsYou: overall.needsYou };
}

/** What to say aloud. */
export type Announcement =
  | { say: 'percent'; percent: number }
  | { say: 'done'; files: number }
  | { say: 'needsYou'; files: number };

/** What is worth saying aloud between two moments: each quarter of the way once, and each new call for help. */
export function announcement(before: Overall, now: Overall): Announcement | null {
  if (now.needsYou > before.needsYou) return { say: 'needsYou', files: now.needsYou };
  if (now.unfinished === 0) {
    const isNews = before.unfinished > 0 && now.stored > before.stored && now.percent === 100;
    return isNews ? { say: 'done', files: now.stored } : null;
  }
  if (before.unfinished === 0) return { say: 'percent', percent: quarter(now) };
  return quarter(now) > quarter(before) ? { say: 'percent', percent: quarter(now) } : null;
}

function quarter(overall: Overall): number {
  return Math.floor(overall.percent / 25) * 25;
}
