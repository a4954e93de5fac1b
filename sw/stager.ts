import { isStagingWorthIt, nextToStage, type StagingPace } from '../shared/staging.ts';
import { missingParts, type Upload } from '../shared/upload.ts';
import { sha256, type Unreadable } from './part-bytes.ts';
import type { Entry, UploadList } from './upload-list.ts';

interface Host {
  list: UploadList;
  /** Bytes that may still be staged. */
  room: () => Promise<number>;
  /** Checks a part's digest against what it was when first read, and fixes it if this is the first time. */
  digestOf: (
    entry: Entry,
    part: number,
    reading: Promise<string | Unreadable>,
  ) => Promise<string | Unreadable>;
  onUnreadable: (entry: Entry, why: Unreadable['why']) => Promise<void>;
  /** A part was copied: there may be more to do. */
  onStaged: () => void;
  log: (line: string) => void;
}

/** Copies parts that wait behind into the browser's own storage, so that the tab may go. One at a time. */
export class Stager {
  #host: Host;
  #isAtWork = false;
  #isFull = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Copies the next part if that is worth it at this pace. */
  async consider(pace: StagingPace): Promise<void> {
    if (this.#isAtWork || this.#isFull || !isStagingWorthIt(pace)) return;
    this.#isAtWork = true;
    let staged = false;
    try {
      staged = await this.#next();
    } catch (cause) {
      // No room, or a browser that keeps no bytes: uploads go on without, and their rows say so.
      this.#isFull = true;
      this.#host.log(`staging stops: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
    this.#isAtWork = false;
    if (staged) this.#host.onStaged();
  }

  async #next(): Promise<boolean> {
    const { list } = this.#host;
    const next = nextToStage(this.#facts(), await this.#host.room());
    const entry = next ? list.entry(next.id) : null;
    if (!next || !entry) return false;
    await this.#stage(entry, next.part);
    return true;
  }

  async #stage(entry: Entry, part: number): Promise<void> {
    const { list, digestOf, onUnreadable } = this.#host;
    const { id } = entry.upload;
    const bytes = await list.bytes.copy(entry.upload, part);
    if ('ok' in bytes) return onUnreadable(entry, bytes.why);
    const value = await digestOf(entry, part, sha256(bytes));
    if (typeof value !== 'string') return onUnreadable(entry, value.why);
    if (!isMissing(entry.upload, part)) return;
    await list.save({ stage: { id, part, bytes }, digest: { id, part, value } }, 'strict');
    list.bytes.noteStaged(id, part);
    // Acknowledged while it was being written: the record that was to go with it has gone already.
    if (!isMissing(entry.upload, part)) {
      await list.save({ unstage: { id, part } }, 'relaxed');
      list.bytes.release(id, part, true);
    }
    list.touch([id]);
  }

  *#facts() {
    const { bytes } = this.#host.list;
    for (const { upload, busy } of this.#host.list.mine()) {
      const { id } = upload;
      yield { upload, hasFile: bytes.hasFile(id), staged: bytes.stagedParts(id), busy };
    }
  }
}

function isMissing(upload: Upload, part: number): boolean {
  for (const missing of missingParts(upload)) if (missing >= part) return missing === part;
  return false;
}
