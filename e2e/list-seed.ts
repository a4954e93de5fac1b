import type { Tab } from './tab.ts';

/** Batches that they were chosen in, of the same size. */
export const BATCHES = 4;

/**
 * Makes `count` uploads in the worker's store of the one that the person in `tab` has on the list, past the worker: it
 * reads them when it starts next.
 */
export async function seedList(tab: Tab, count: number): Promise<void> {
  await tab.evaluate(
    (wanted, batches) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open('holdfast');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const change = opening.result.transaction('uploads', 'readwrite');
          change.oncomplete = () => resolve();
          change.onabort = () => reject(change.error);
          const uploads = change.objectStore('uploads');
          uploads.getAll().onsuccess = ({ target }) => {
            const [there] = (target as IDBRequest<{ id: string; batchAt: number }[]>).result;
            if (!there) return change.abort();
            for (let n = 1; n < wanted; n++) {
              const name = `note-${String(n).padStart(5, '0')}.txt`;
              const batchAt = there.batchAt + 60_000 * Math.floor((n * batches) / wanted);
              const path = `field/day ${n % 40}`;
              uploads.put({ ...there, id: crypto.randomUUID(), name, path, batchAt });
            }
          };
        };
      }),
    count,
    BATCHES,
  );
}
