import type { UploadView } from '../../shared/upload-view.ts';
import { Tally } from './tally.ts';

/** A row for tests: a queued file of 100 bytes, unless `facts` say otherwise. */
export function viewOf(facts: Partial<UploadView> = {}): UploadView {
  return {
    id: 'u1',
    path: '',
    name: 'a.txt',
    size: 100,
    addedAt: 0,
    state: { at: 'queued' },
    acknowledgedBytes: 0,
    shownBytes: 0,
    safe: 'yes',
    bytesPerSecond: null,
    secondsLeft: null,
    sessionEndsAt: null,
    can: [],
    ...facts,
  };
}

/** What is counted of `rows`; those without an id of their own are given one. */
export function tallyOf(rows: readonly UploadView[]): Tally {
  const tally = new Tally();
  rows.forEach((view, n) => {
    tally.replace(undefined, { ...view, id: `${view.id} ${n}` });
  });
  return tally;
}
