import { MAX_FILES_PER_CALL } from './api.ts';
import { CAREFUL_SEGMENT_BYTES } from './pace.ts';

/** How many files the next registration of a session carries. A refusal does not say which of them it is for. */
export interface Batch {
  files: number;
  /** The server has refused the next so many for one of them, at least; 0 when none of them is suspected. */
  suspects: number;
}

export const wholeBatch: Batch = { files: MAX_FILES_PER_CALL, suspects: 0 };

/** The batch after `files` of them were taken. */
export function batchAfterSuccess(batch: Batch, files: number): Batch {
  // Not doubled while one is searched for: it would be among them for sure.
  const suspects = batch.suspects - files;
  if (suspects > 0) return { files: Math.ceil(suspects / 2), suspects };
  return { files: Math.min(MAX_FILES_PER_CALL, batch.files * 2), suspects: 0 };
}

/**
 * The batch after the server refused `files` of them. Where it was a single one, that one is out, and the next goes alone
 * too: what was wrong with it, no room above all, may be wrong with all of them.
 */
export function batchAfterRefusal(files: number): Batch {
  return files === 1 ? { files: 1, suspects: 0 } : { files: Math.ceil(files / 2), suspects: files };
}

/** The batch after a proxy refused the body with `files` of them as too large. */
export function batchAfterTooLarge(batch: Batch, files: number): Batch {
  return { ...batch, files: Math.ceil(files / 2) };
}

/** The batch after the body with `files` of them, `bytes` long, got no answer; a small one is not to blame for that. */
export function batchAfterSilence(batch: Batch, files: number, bytes: number): Batch {
  return bytes < CAREFUL_SEGMENT_BYTES ? batch : batchAfterTooLarge(batch, files);
}
