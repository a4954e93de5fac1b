import { appendFile, open, rename, rm, stat, truncate } from 'node:fs/promises';
import { MIB } from './journey.ts';
import { makeFile } from './test-file.ts';

/** What may happen to a file on disk while it is on its way. */
export const fileChanges: readonly [what: string, change: (path: string) => Promise<void>][] = [
  ['appended to', (path) => appendFile(path, 'x')],
  ['truncated', (path) => truncate(path, 5 * MIB)],
  ['deleted', (path) => rm(path)],
  [
    'replaced by another of its size',
    async (path) => {
      const other = `${path}.new`;
      await makeFile(other, (await stat(path)).size, 2);
      await rename(other, path);
    },
  ],
  [
    'edited in place',
    async (path) => {
      const handle = await open(path, 'r+');
      await handle.write(Buffer.from('other'), 0, 5, 40 * MIB);
      await handle.close();
    },
  ],
];
