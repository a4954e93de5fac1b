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

/**
 * Asks for leave to read the files of these uploads again, and offers those it was given for. A browser asks
 * only right after a click. Returns the ids that this page has no handle of.
 */
export async function permit(ids: readonly string[]): Promise<string[]> {
  const without: string[] = [];
  for (const id of ids) {
    const handle = own.get(id)?.handle;
    if (!handle?.requestPermission) {
      without.push(id);
    } else if ((await handle.requestPermission({ mode: 'read' })) === 'granted') {
      await call('uploads.offer', { files: [{ id, file: await handle.getFile() }] });
    }
  }
  return without;
}
