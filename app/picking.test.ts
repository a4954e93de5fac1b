import { expect, test } from 'vitest';
import { pickedFromHandles } from './picking.ts';

const file = (name: string, canBeRead = true) => ({
  kind: 'file',
  name,
  getFile: async () => {
    if (!canBeRead) throw new DOMException('', 'NotReadableError');
    return new File(['x'], name);
  },
});

/** A folder that, where it is `torn`, can't be read to its end. */
const folder = (name: string, children: object[], torn = false) => ({
  kind: 'directory',
  name,
  async *values() {
    yield* children;
    if (torn) throw new DOMException('', 'NotAllowedError');
  },
});

test('what of a folder can’t be read is counted, and keeps nothing else from being taken', async () => {
  const handles = [
    folder('trip', [
      file('one'),
      folder('shut', [], true),
      folder('torn', [file('two')], true),
      file('three', false),
      folder('day', [file('four')]),
    ]),
    file('five', false),
    file('six'),
  ];
  let unread = 0;
  const taken: string[] = [];
  const batches = pickedFromHandles(handles as unknown as FileSystemHandle[], () => unread++);
  for await (const batch of batches) taken.push(...batch.map(({ path, file }) => `${path}/${file.name}`));
  expect(taken).toEqual(['trip/one', 'trip/torn/two', 'trip/day/four', '/six']);
  expect(unread).toBe(4);
});
