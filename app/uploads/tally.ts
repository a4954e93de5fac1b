import type { UploadState, UploadView } from '../../shared/upload-view.ts';
import { type AllAction, allActions, batchOf, isFor } from './order.ts';

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

/** Of those that were chosen in one go. Cancelled ones are left out; stored ones count with all of their bytes. */
interface Batch {
  files: number;
  stored: number;
  bytes: number;
  shownBytes: number;
}

/** What is true of all rows together, kept as they come, change and go, so that nothing has to look at each. */
export class Tally {
  readonly #batches = new Map<number, Batch>();
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

  /**
   * The batches that are not all stored, together; all of them once nothing is left to do. What arrived long ago says
   * nothing of how far the others are.
   */
  get batches(): Batch {
    const all = [...this.#batches.values()];
    const open = all.filter(({ files, stored }) => stored < files);
    const sum = { files: 0, stored: 0, bytes: 0, shownBytes: 0 };
    for (const batch of open.length > 0 ? open : all) {
      sum.files += batch.files;
      sum.stored += batch.stored;
      sum.bytes += batch.bytes;
      sum.shownBytes += batch.shownBytes;
    }
    return sum;
  }

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
    if (at !== 'cancelled') this.#countInBatch(view, by);
    if (underway.has(at)) {
      this.underway += by;
      if (view.safe === 'one-click') this.oneClick += by;
      if (view.safe === 'no') this.unsafeBytes += by * (view.size - view.shownBytes);
    }
    for (const action of allActions) if (isFor(action, view)) this.actions[action] += by;
  }

  #countInBatch(view: UploadView, by: 1 | -1): void {
    const key = batchOf(view);
    const batch = this.#batches.get(key) ?? { files: 0, stored: 0, bytes: 0, shownBytes: 0 };
    const isStored = view.state.at === 'stored';
    batch.files += by;
    if (isStored) batch.stored += by;
    batch.bytes += by * view.size;
    batch.shownBytes += by * (isStored ? view.size : view.shownBytes);
    if (batch.files > 0) this.#batches.set(key, batch);
    else this.#batches.delete(key);
  }
}

function isUnsafe(view: UploadView): boolean {
  return view.safe === 'no' && underway.has(view.state.at);
}
