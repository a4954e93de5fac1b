import type { Ranges } from './ranges.ts';

/** The usual size of a part, in bytes. */
export const PART_BYTES = 8 * 1024 * 1024;
/** No file has more parts than this; beyond, parts grow (S3 allows 10,000 as well). */
export const MAX_PARTS = 10_000;
const MIB = 1024 * 1024;

/** Bytes per part for a file of `size` bytes: 8 MiB, or the least whole MiB that keeps it within 10,000 parts. */
export function partBytesFor(size: number): number {
  const least = Math.ceil(size / MAX_PARTS / MIB) * MIB;
  return Math.max(PART_BYTES, least);
}

/** How many parts a file has; an empty file is one empty part. */
export function partCount(size: number, partBytes: number): number {
  return Math.max(1, Math.ceil(size / partBytes));
}

/** Where part `n` begins in its file and how long it is, in bytes. */
export function partSpan(size: number, partBytes: number, n: number): { start: number; length: number } {
  const start = n * partBytes;
  return { start, length: Math.max(0, Math.min(partBytes, size - start)) };
}

/** Bytes of all the parts in `ranges`; only the last part of a file is shorter than `partBytes`. */
export function bytesOfParts(size: number, partBytes: number, ranges: Ranges): number {
  return ranges.reduce((sum, [from, to]) => {
    const end = Math.min(size, (to + 1) * partBytes);
    return sum + Math.max(0, end - from * partBytes);
  }, 0);
}
