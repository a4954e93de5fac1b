import type { Totals, UploadView } from '../../shared/upload-view.ts';

/** Whole percents of a part of a whole, rounded down; 100 only when `done`. */
export function percentOf(part: number, whole: number, done: boolean): number {
  if (done) return 100;
  return whole > 0 ? Math.max(0, Math.min(99, Math.floor((100 * part) / whole))) : 0;
}

/** Whole percents of one upload: never 100 before it is stored. */
export function percentOfRow(view: UploadView): number {
  return percentOf(view.shownBytes, view.size, view.state.at === 'stored');
}

/** Whole percents of the whole list: never 100 while one file is unfinished. */
export function percentOfAll(totals: Totals): number {
  return percentOf(totals.shownBytes, totals.bytes, totals.unfinished === 0 && totals.stored > 0);
}

/** What the window's title says: whether someone is needed, and how far it is. */
export type TitleFacts = { percent: number | null; needsYou: number };

/** `percent` is null when nothing is under way. */
export function titleFacts(totals: Totals): TitleFacts {
  return { percent: totals.unfinished > 0 ? percentOfAll(totals) : null, needsYou: totals.needsYou };
}

/** What to say aloud. */
export type Announcement =
  | { say: 'percent'; percent: number }
  | { say: 'done'; files: number }
  | { say: 'needsYou'; files: number };

/** What is worth saying aloud between two moments: each quarter of the way once, and each new call for help. */
export function announcement(before: Totals, now: Totals): Announcement | null {
  if (now.needsYou > before.needsYou) return { say: 'needsYou', files: now.needsYou };
  if (now.unfinished === 0) {
    return before.unfinished > 0 && now.stored > before.stored ? { say: 'done', files: now.stored } : null;
  }
  if (before.unfinished === 0) return { say: 'percent', percent: quarter(now) };
  return quarter(now) > quarter(before) ? { say: 'percent', percent: quarter(now) } : null;
}

function quarter(totals: Totals): number {
  return Math.floor(percentOfAll(totals) / 25) * 25;
}
