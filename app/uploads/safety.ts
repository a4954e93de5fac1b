import type { UploadState, UploadView } from '../../shared/upload-view.ts';

/** What closing this tab would mean, over all rows. */
export interface TabFacts {
  /** Uploads that go on by themselves. */
  underway: number;
  /** Those of them whose bytes are in a page alone, and how many bytes these still have to send. */
  unsafeFiles: number;
  unsafeBytes: number;
  /** Some of those are files of this very page, not of another tab or of this one before it was reloaded. */
  isHere: boolean;
  /** Those of them that need a click once the page is closed. */
  oneClick: number;
}

/** In these states an upload's bytes are within reach; in all others closing a tab loses nothing. */
const underway: ReadonlySet<UploadState['at']> = new Set([
  'queued',
  'sending',
  'waiting',
  'held',
  'expired',
  'paused',
  'verifying',
]);

/** The facts for a page that has the files of the uploads that `has` knows. */
export function tabFactsOf(rows: readonly UploadView[], has: (id: string) => boolean): TabFacts {
  const facts: TabFacts = { underway: 0, unsafeFiles: 0, unsafeBytes: 0, isHere: false, oneClick: 0 };
  for (const view of rows) {
    if (!underway.has(view.state.at)) continue;
    facts.underway += 1;
    if (view.safe === 'one-click') facts.oneClick += 1;
    if (view.safe !== 'no') continue;
    facts.unsafeFiles += 1;
    facts.isHere ||= has(view.id);
    facts.unsafeBytes += view.size - view.shownBytes;
  }
  return facts;
}

/** What is true about closing this tab. */
export type SafeLine = 'none' | 'done' | 'yes' | 'needsYou' | 'oneClick' | 'no' | 'noElsewhere';

/** Which line to show: never "you can close this" while a byte would be lost by it. */
export function safeLine(tab: TabFacts, list: { stored: number; needsYou: number }): SafeLine {
  if (tab.unsafeFiles > 0) return tab.isHere ? 'no' : 'noElsewhere';
  if (tab.oneClick > 0) return 'oneClick';
  if (tab.underway > 0) return 'yes';
  if (list.needsYou > 0) return 'needsYou';
  return list.stored > 0 ? 'done' : 'none';
}
