import type { Tally } from './tally.ts';

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
  /** Files that were chosen here are still being handed over: the list does not know of all of them. */
  isTaking: boolean;
}

/** The facts for a page that has the files of the uploads that `has` knows. */
export function tabFactsOf(list: Tally, has: (id: string) => boolean, isTaking = false): TabFacts {
  const { underway, oneClick, unsafe, unsafeBytes } = list;
  return {
    underway,
    unsafeFiles: unsafe.size,
    unsafeBytes,
    isHere: hasSome(unsafe, has),
    oneClick,
    isTaking,
  };
}

/** Usually the first one tells: a page has the files of all that was added in it. */
function hasSome(ids: Iterable<string>, has: (id: string) => boolean): boolean {
  for (const id of ids) if (has(id)) return true;
  return false;
}

/** What is true about closing this tab. */
export type SafeLine = 'none' | 'done' | 'yes' | 'needsYou' | 'oneClick' | 'taking' | 'no' | 'noElsewhere';

/** Which line to show: never "you can close this" while a byte would be lost by it. */
export function safeLine(tab: TabFacts, list: { stored: number; needsYou: number }): SafeLine {
  if (tab.unsafeFiles > 0) return tab.isHere ? 'no' : 'noElsewhere';
  if (tab.isTaking) return 'taking';
  if (tab.oneClick > 0) return 'oneClick';
  if (tab.underway > 0) return 'yes';
  if (list.needsYou > 0) return 'needsYou';
  return list.stored > 0 ? 'done' : 'none';
}
