import type { PickedFile } from '../shared/protocol.ts';
import { call } from './worker.ts';

/**
 * This page's own files, by upload id. The worker may be stopped at any moment and with it go the `File`s it
 * was handed; the page still has them and offers them again.
 */
const own = new Map<string, PickedFile>();

/** Remembers `picked` as the file of the upload with its id. */
export function keep(picked: PickedFile): void {
  own.set(picked.id, picked);
}

/** Whether this page has the file of the upload with this id. */
export function has(id: string): boolean {
  return own.has(id);
}

/** Lets go of files that nobody will ask for again. */
export function forget(ids: readonly string[]): void {
  for (const id of ids) own.delete(id);
}

/** Gives the worker those of the files it `wants` that this page has. */
export async function offer(wants: readonly string[]): Promise<void> {
  const files = wants.flatMap((id) => {
    const file = own.get(id)?.file;
    return file ? [{ id, file }] : [];
  });
  if (files.length > 0) await call('uploads.offer', { files });
}
