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

/** Files in one message, at most. */
const BATCH = 500;
let offering: Promise<void> | null = null;

/** Gives the worker those of the files it `wants` that this page has; not again while it is being given some. */
export function offer(wants: readonly string[]): Promise<void> {
  offering ??= offerAll(wants).finally(() => {
    offering = null;
  });
  return offering;
}

async function offerAll(wants: readonly string[]): Promise<void> {
  const files = wants.flatMap((id) => {
    const file = own.get(id)?.file;
    return file ? [{ id, file }] : [];
  });
  for (let at = 0; at < files.length; at += BATCH) {
    const reply = await call('uploads.offer', { files: files.slice(at, at + BATCH) });
    if (!reply.ok) return; // the next ping tells what is still wanted
  }
}
