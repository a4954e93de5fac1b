import type { Tab } from './tab.ts';

/**
 * Puts `count` uploads of the person in `tab` into the worker's store, all of them stored, as they are after an afternoon
 * with a big folder. Made from the one that is on the list, by whoever can wait for no more than that.
 */
export async function seedList(tab: Tab, count: number): Promise<void> {
  await tab.evaluate(
    (wanted) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open('holdfast');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const change = opening.result.transaction('uploads', 'readwrite');
          change.oncomplete = () => resolve();
          change.onabort = () => reject(change.error);
          const uploads = change.objectStore('uploads');
          uploads.getAll().onsuccess = ({ target }) => {
            const [there] = (target as IDBRequest<{ id: string }[]>).result;
            for (let n = 1; n < wanted; n++) {
              const name = `note-${String(n).padStart(5, '0')}.txt`;
              uploads.put({ ...there, id: crypto.randomUUID(), name, path: `field/day ${n % 40}` });
            }
          };
        };
      }),
    count,
  );
}
