/**
 * In the page: holds the worker's store, so that nothing can be written down, until the page says `letStoreGo` or is
 * gone. A busy disk does as much.
 */
export function holdStore(): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('holdfast');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const uploads = opening.result.transaction('uploads', 'readwrite').objectStore('uploads');
      const stay = () => {
        resolve();
        if (!Reflect.has(globalThis, 'isStoreLetGo')) uploads.getKey('').onsuccess = stay;
      };
      stay();
    };
  });
}

/** In the page: lets it go. */
export function letStoreGo(): void {
  Reflect.set(globalThis, 'isStoreLetGo', true);
}
