import type { Readable } from 'node:stream';

/** Which bytes of an upload a part is: its number, and where it begins in the file. */
export interface PartPlace {
  readonly number: number;
  readonly start: number;
}

/**
 * Where the bytes are. The database says what they mean; this only keeps them, under keys that the server made.
 *
 * Parts of one upload may be written in any order and at the same time, but one part by one writer. Every
 * operation may be done again: after a crash the server repeats those it is not sure of.
 */
export interface PartStore {
  /** A writer that goes on at byte `offset` of a part, of which exactly so many are held. */
  write(key: string, part: PartPlace, offset: number): Promise<PartWriter>;
  /** How many bytes of the part's beginning are held, as of the last time a writer settled or noted its progress. */
  held(key: string, number: number): Promise<number>;
  /** `held` for all parts of an upload that have any, by part number. Finished parts may be among them. */
  heldParts(key: string): Promise<ReadonlyMap<number, number>>;
  /** Forgets what is held of a part. */
  empty(key: string, number: number): Promise<void>;
  /** The upload is whole: its bytes move to where finished files live. */
  keep(key: string): Promise<void>;
  /** Bytes `start` up to, not including, `end`, of a finished file or an unfinished upload. */
  read(key: string, start: number, end: number): Promise<Readable>;
  /** Frees everything under `key`. */
  remove(key: string): Promise<void>;
  /** Finishes what a crash cut short: `isKept` says whether the file under a key is finished. */
  recover(isKept: (key: string) => Promise<boolean>): Promise<void>;
  /** @throws if the store cannot be written to now. */
  check(): Promise<void>;
}

/** Takes one request's bytes for one part. */
export interface PartWriter {
  /** Takes `chunk`; false means that the source should pause until `drained`. Never throws: see `failure`. */
  add(chunk: Buffer): boolean;
  drained(): Promise<void>;
  /** Bytes of the part that are held now. */
  readonly heldBytes: number;
  /** Why the last write failed, if it did; what is held stays a true prefix. */
  readonly failure: Error | null;
  /** Writes out what was added, notes it, and returns the bytes of the part that are held. */
  settle(): Promise<number>;
  /** As `settle`, and what is held is on stable storage when it returns. @throws what went wrong. */
  seal(): Promise<number>;
  /** Takes back everything this writer added. */
  undo(): Promise<void>;
  /** Gives up its file handles; to be called once, last. */
  close(): Promise<void>;
}

/** Whether `error` says that the disk, or this user's share of it, is full. */
export function isStorageFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
