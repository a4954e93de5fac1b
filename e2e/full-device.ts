import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from './journey.ts';

const dist = join(import.meta.dirname, '..', 'dist');

/**
 * What a worker runs before its own script so that it finds no room for a part of a file. The limit that DevTools would
 * set does not hold (Chromium 156).
 */
export const NO_ROOM = `{
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...args) {
    if (this.name === 'staged') throw new DOMException('No room', 'QuotaExceededError');
    return put.apply(this, args);
  };
}
`;

/** A journey on a device that has no room for a part of a file. */
export const test = base.extend<{ app: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads the names of fixtures from the pattern
  app: async ({}, use) => {
    const app = await mkdtemp(join(tmpdir(), 'holdfast-app-'));
    await cp(dist, app, { recursive: true });
    const worker = join(app, 'sw.js');
    await writeFile(worker, NO_ROOM + (await readFile(worker, 'utf8')));
    await use(app);
    await rm(app, { recursive: true, force: true });
  },
  env: async ({ app }, use) => use({ APP_DIR: app }),
});
