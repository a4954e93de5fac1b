import type { UploadState, UploadView } from '../../shared/upload-view.ts';
import { type AllAction, allActions, isFor } from './order.ts';

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

/** What is true of all rows together, kept as they come, change and go, so that nothing has to look at each. */
export class Tally {
  /** Cancelled ones are left out, here and in the bytes; stored ones count with all of theirs. */
  files = 0;
  bytes = 0;
  shownBytes = 0;
  /** Uploads that go on by themselves. */
  underway = 0;
  /** Those of them that need a click once the page is closed. */
  oneClick = 0;
  /** Those of them whose bytes are in a page alone, and how many bytes these still have to send. */
  readonly unsafe = new Set<string>();
  unsafeBytes = 0;
  /** Rows that ask for their file again, or could take it. */
  readonly selectable = new Set<string>();
  /** How many rows each button for all is about. */
  readonly actions: Record<AllAction, number> = {
    select: 0,
    permit: 0,
    retry: 0,
    refresh: 0,
    resume: 0,
    pause: 0,
    cancel: 0,
    remove: 0,
  };

  /** Counts `now` in place of `before`, the same row as it was; either may be missing. */
  replace(before: UploadView | undefined, now: UploadView | undefined): void {
    if (before) {
      this.unsafe.delete(before.id);
      this.selectable.delete(before.id);
      this.#count(before, -1);
    }
    if (!now) return;
    this.#count(now, 1);
    if (isUnsafe(now)) this.unsafe.add(now.id);
    if (now.can.includes('select')) this.selectable.add(now.id);
  }

  #count(view: UploadView, by: 1 | -1): void {
    const { at } = view.state;
    if (at !== 'cancelled') {
      this.files += by;
      this.bytes += by * view.size;
      this.shownBytes += by * (at === 'stored' ? view.size : view.shownBytes);
    }
    if (underway.has(at)) {
      this.underway += by;
      if (view.safe === 'one-click') this.oneClick += by;
      if (view.safe === 'no') this.unsafeBytes += by * (view.size - view.shownBytes);
    }
    for (const action of allActions) if (isFor(action, view)) this.actions[action] += by;
  }
}

function isUnsafe(view: UploadView): boolean {
  return view.safe === 'no' && underway.has(view.state.at);
}
