import type { ErrorCode } from './errors.ts';
import { bytesOfParts, partBytesFor, partCount, partSpan } from './parts.ts';
import { addToRanges, countRanges, inRanges, type Ranges } from './ranges.ts';
import type { NeedsFileWhy } from './upload-view.ts';

/** One upload as its checkpoint holds it: enough to go on after worker, browser or machine died. */
export interface Upload {
  readonly id: string;
  readonly account: string;
  /** Id of the upload session that carries it. */
  readonly session: string;
  readonly path: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  /** Of the file, in ms since the epoch. */
  readonly lastModified: number;
  /** When a person added it, in ms since the epoch. */
  readonly addedAt: number;
  /** When the batch it belongs to was chosen, in ms since the epoch: those chosen in one go are one. */
  readonly batchAt?: number;
  readonly partBytes: number;
  readonly acknowledged: Ranges;
  /** Bytes the server keeps of parts that are not acknowledged, by part number. */
  readonly received: Readonly<Record<number, number>>;
  /** The most that progress has shown, in bytes: it never goes back. */
  readonly shownBytes: number;
  readonly life: Life;
  /** A person wants it again after the server was told to free it. */
  readonly reopen?: true;
}

/** What is to become of an upload. Whether it is just now sending, waiting or held is not part of it. */
export type Life =
  | { at: 'going' }
  | { at: 'expired' }
  | { at: 'needs-file'; why: NeedsFileWhy }
  | { at: 'needs-permission' }
  | { at: 'paused' }
  | { at: 'failed'; code: ErrorCode; limit?: number }
  /** `told` once the server has freed its parts; until then it can be undone, and is paused again if it `wasPaused`. */
  | { at: 'cancelled'; since: number; told: boolean; wasPaused?: true }
  /** Off the list; forgotten as soon as the server has freed its parts. */
  | { at: 'removed' }
  | { at: 'stored' };

/** What the server says of a file, on registering or reading its session. */
export interface ServerFacts {
  state: 'open' | 'stored' | 'cancelled';
  partBytes: number;
  acknowledged: Ranges;
  received: Record<number, number>;
}

export type UploadEvent =
  | { type: 'attached'; facts: ServerFacts; now: number }
  | { type: 'received'; part: number; bytes: number }
  | { type: 'acknowledged'; part: number }
  | { type: 'emptied'; part: number }
  | { type: 'stored' }
  | { type: 'session-expired' }
  | { type: 'refresh' }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'retry' }
  | { type: 'cancel'; now: number }
  | { type: 'undo' }
  | { type: 'remove' }
  | { type: 'told' }
  /** Cancelled from another device: the server holds nothing of it any more. */
  | { type: 'freed'; now: number }
  | { type: 'source-lost'; why: NeedsFileWhy }
  /** The same file by its content; its date may be another. */
  | { type: 'source-found'; lastModified: number }
  | { type: 'permission-needed' }
  | { type: 'permitted' }
  | { type: 'failed'; code: ErrorCode; limit?: number };

/** How long a cancelled upload can be taken back, in ms. */
export const UNDO_MS = 10_000;

/** A new upload of a file that was just added. */
export function newUpload(
  file: Pick<
    Upload,
    'id' | 'account' | 'session' | 'path' | 'name' | 'size' | 'type' | 'lastModified' | 'addedAt' | 'batchAt'
  >,
): Upload {
  const partBytes = partBytesFor(file.size);
  return { ...file, partBytes, acknowledged: [], received: {}, shownBytes: 0, life: { at: 'going' } };
}

/**
 * The upload after `event`. What the server has done counts in every state, since an answer may come after a
 * pause or a cancel; what does not fit changes nothing and returns the same object.
 */
export function nextUpload(upload: Upload, event: UploadEvent): Upload {
  const { life } = upload;
  if (life.at === 'stored') return event.type === 'remove' ? { ...upload, life: { at: 'removed' } } : upload;
  switch (event.type) {
    case 'attached':
      return attach(upload, event.facts, event.now);
    case 'received':
      if (inRanges(upload.acknowledged, event.part)) return upload;
      return withShown({ ...upload, received: { ...upload.received, [event.part]: event.bytes } });
    case 'acknowledged':
      return withShown({
        ...upload,
        acknowledged: addToRanges(upload.acknowledged, event.part),
        received: without(upload.received, event.part),
      });
    case 'emptied':
      return { ...upload, received: without(upload.received, event.part) };
    case 'stored':
      return {
        ...upload,
        acknowledged: [[0, partCount(upload.size, upload.partBytes) - 1]],
        received: {},
        shownBytes: upload.size,
        life: { at: 'stored' },
      };
    case 'session-expired':
      return life.at === 'going' ? { ...upload, life: { at: 'expired' } } : upload;
    case 'refresh':
      return life.at === 'expired' ? { ...upload, life: { at: 'going' } } : upload;
    case 'pause':
      return isOpen(life) ? { ...upload, life: { at: 'paused' } } : upload;
    case 'resume':
      return life.at === 'paused' ? { ...upload, life: { at: 'going' } } : upload;
    case 'retry':
      return retry(upload);
    case 'cancel':
      if (life.at === 'cancelled' || life.at === 'removed') return upload;
      return {
        ...upload,
        life: {
          at: 'cancelled',
          since: event.now,
          told: false,
          ...(life.at === 'paused' && { wasPaused: true }),
        },
      };
    case 'undo':
      if (life.at !== 'cancelled' || life.told) return upload;
      return { ...upload, life: { at: life.wasPaused ? 'paused' : 'going' } };
    case 'remove':
      return life.at === 'failed' || life.at === 'cancelled'
        ? { ...upload, life: { at: 'removed' } }
        : upload;
    case 'told':
      return life.at === 'cancelled' && !life.told ? { ...upload, life: { ...life, told: true } } : upload;
    case 'freed':
      return isOpen(life) || life.at === 'paused' ? freed(upload, event.now) : upload;
    case 'source-lost':
      return isOpen(life) || life.at === 'paused'
        ? { ...upload, life: { at: 'needs-file', why: event.why } }
        : upload;
    case 'source-found': {
      const { lastModified } = event;
      const waited = life.at === 'needs-file' || life.at === 'needs-permission';
      if (!waited && lastModified === upload.lastModified) return upload;
      return { ...upload, lastModified, life: waited ? { at: 'going' } : life };
    }
    case 'permitted':
      return life.at === 'needs-permission' ? { ...upload, life: { at: 'going' } } : upload;
    case 'permission-needed':
      return isOpen(life) ? { ...upload, life: { at: 'needs-permission' } } : upload;
    case 'failed': {
      if (!isOpen(life)) return upload;
      const { code, limit } = event;
      return {
        ...upload,
        life: limit === undefined ? { at: 'failed', code } : { at: 'failed', code, limit },
      };
    }
  }
}

/**
 * Which of `fresh` are on their way already, or waiting: the same name in the same folder, with the same size and date. A
 * file that was dropped twice, or in two tabs, is one upload unless a person means otherwise.
 */
export function findKnown(
  uploads: readonly Upload[],
  fresh: readonly Upload[],
): { picked: string; of: string }[] {
  const key = ({ path, name, size, lastModified }: Upload) =>
    JSON.stringify([path, name, size, lastModified]);
  const known = new Map(
    uploads.filter((upload) => !isOver(upload)).map((upload) => [key(upload), upload.id]),
  );
  return fresh.flatMap((upload) => {
    const of = known.get(key(upload));
    return of === undefined ? [] : [{ picked: upload.id, of }];
  });
}

/** Whether the upload is over, for good or until a person wants it back. */
export function isOver(upload: Upload): boolean {
  const { at } = upload.life;
  return at === 'stored' || at === 'failed' || at === 'cancelled' || at === 'removed';
}

/** Bytes of the upload that are verified and on stable storage. */
export function acknowledgedBytes({ size, partBytes, acknowledged }: Upload): number {
  return bytesOfParts(size, partBytes, acknowledged);
}

/** Parts that are not acknowledged, in order. */
export function* missingParts({ size, partBytes, acknowledged }: Upload): Generator<number> {
  const count = partCount(size, partBytes);
  let n = 0;
  for (const [from, to] of acknowledged) {
    for (; n < from; n++) yield n;
    n = to + 1;
  }
  for (; n < count; n++) yield n;
}

/** Whether every part is acknowledged; the file itself may still have to be committed. */
export function isWhole({ size, partBytes, acknowledged }: Upload): boolean {
  return countRanges(acknowledged) === partCount(size, partBytes);
}

/** Where a part begins in the file, and its length, in bytes. */
export function spanOf({ size, partBytes }: Upload, part: number): { start: number; length: number } {
  return partSpan(size, partBytes, part);
}

function isOpen(life: Life): boolean {
  return (
    life.at === 'going' || life.at === 'expired' || life.at === 'needs-file' || life.at === 'needs-permission'
  );
}

function attach(upload: Upload, facts: ServerFacts, now: number): Upload {
  if (upload.life.at === 'removed') return upload;
  if (facts.state === 'stored') return nextUpload(upload, { type: 'stored' });
  if (facts.state === 'cancelled') return nextUpload(upload, { type: 'freed', now });
  const { reopen: _done, ...rest } = upload;
  return withShown({
    ...rest,
    partBytes: facts.partBytes,
    acknowledged: facts.acknowledged,
    received: facts.received,
  });
}

function freed(upload: Upload, now: number): Upload {
  return { ...upload, life: { at: 'cancelled', since: now, told: true } };
}

function retry(upload: Upload): Upload {
  const { life } = upload;
  if (life.at === 'failed') return { ...upload, life: { at: 'going' } };
  if (life.at !== 'cancelled') return upload;
  if (!life.told) return { ...upload, life: { at: 'going' } };
  // The server has freed what it had: this is a new start, and progress may honestly begin again.
  return { ...upload, acknowledged: [], received: {}, shownBytes: 0, life: { at: 'going' }, reopen: true };
}

function withShown(upload: Upload): Upload {
  const receivedBytes = Object.values(upload.received).reduce((sum, bytes) => sum + bytes, 0);
  const known = acknowledgedBytes(upload) + receivedBytes;
  return known > upload.shownBytes ? { ...upload, shownBytes: Math.min(known, upload.size) } : upload;
}

function without(received: Readonly<Record<number, number>>, part: number): Record<number, number> {
  const { [part]: _gone, ...rest } = received;
  return rest;
}
