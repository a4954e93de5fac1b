import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DiskStore } from './disk-store.ts';
import { isStorageFull, type PartStore } from './part-store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** How any store must behave; `open` opens the same one each time, as a restarted server does. */
function behavesAsPartStore(name: string, open: () => Promise<PartStore>): void {
  const contentOf = async (store: PartStore, key: string, start: number, end: number) =>
    buffer(await store.read(key, start, end));

  test(`${name}: what was written is held, and is read back, by the next server too`, async () => {
    const store = await open();
    const bytes = randomBytes(3_000_000);
    const writer = await store.write('k', { number: 2, start: 5000 }, 0);
    for (let at = 0; at < bytes.length; at += 65_536) {
      if (!writer.add(bytes.subarray(at, at + 65_536))) await writer.drained();
    }
    expect(await writer.settle()).toBe(bytes.length);
    await writer.close();
    for (const again of [store, await open()]) {
      expect(await again.held('k', 2)).toBe(bytes.length);
      expect(await again.heldParts('k')).toEqual(new Map([[2, bytes.length]]));
      expect((await contentOf(again, 'k', 5000, 5000 + bytes.length)).equals(bytes)).toBe(true);
    }
  });

  test(`${name}: a writer goes on where the last one settled`, async () => {
    const store = await open();
    const bytes = randomBytes(1000);
    for (const [from, to] of [
      [0, 10],
      [10, 11],
      [11, 1000],
    ] as const) {
      const writer = await store.write('k', { number: 0, start: 0 }, from);
      writer.add(bytes.subarray(from, to));
      expect(await writer.settle()).toBe(to);
      await writer.close();
    }
    expect((await contentOf(store, 'k', 0, 1000)).equals(bytes)).toBe(true);
  });

  test(`${name}: parts are written at the same time, in any order, without touching one another`, async () => {
    const store = await open();
    const parts = Array.from({ length: 5 }, () => randomBytes(700_000));
    const writers = await Promise.all(
      parts.map((_, n) => store.write('k', { number: n, start: n * 700_000 }, 0)),
    );
    for (let at = 0; at < 700_000; at += 70_000) {
      for (const n of [4, 0, 3, 1, 2])
        writers[n]?.add(parts[n]?.subarray(at, at + 70_000) ?? Buffer.alloc(0));
    }
    for (const writer of writers) {
      await writer.seal();
      await writer.close();
    }
    expect((await contentOf(store, 'k', 0, 3_500_000)).equals(Buffer.concat(parts))).toBe(true);
  });

  test(`${name}: undo takes back what one writer added, empty what all did`, async () => {
    const store = await open();
    const place = { number: 1, start: 100 };
    const first = await store.write('k', place, 0);
    first.add(randomBytes(50));
    await first.settle();
    await first.close();
    const second = await store.write('k', place, 50);
    second.add(randomBytes(2_000_000));
    await second.undo();
    await second.close();
    expect(await store.held('k', 1)).toBe(50);
    await store.empty('k', 1);
    expect([await store.held('k', 1), [...(await store.heldParts('k'))]]).toEqual([0, []]);
  });

  test(`${name}: nothing is held of what was never written`, async () => {
    const store = await open();
    expect([await store.held('none', 7), [...(await store.heldParts('none'))]]).toEqual([0, []]);
  });

  test(`${name}: a kept file is read as before, and keeping it twice is no error`, async () => {
    const store = await open();
    const writer = await store.write('k', { number: 0, start: 0 }, 0);
    writer.add(Buffer.from('whole'));
    await writer.seal();
    await writer.close();
    await store.keep('k');
    await store.keep('k');
    expect((await contentOf(store, 'k', 1, 4)).toString()).toBe('hol');
    expect(await store.held('k', 0)).toBe(0);
  });

  test(`${name}: recovering keeps what is finished, and leaves the rest as it is`, async () => {
    const store = await open();
    for (const key of ['finished', 'open']) {
      const writer = await store.write(key, { number: 0, start: 0 }, 0);
      writer.add(Buffer.from(key));
      await writer.settle();
      await writer.close();
    }
    const again = await open();
    await again.recover(async (key) => key === 'finished');
    expect([await again.held('finished', 0), await again.held('open', 0)]).toEqual([0, 4]);
    expect((await contentOf(again, 'finished', 0, 8)).toString()).toBe('finished');
  });

  test(`${name}: what is removed is gone, and removing it again is no error`, async () => {
    const store = await open();
    const writer = await store.write('k', { number: 0, start: 0 }, 0);
    writer.add(Buffer.from('x'));
    await writer.settle();
    await writer.close();
    await store.remove('k');
    await store.remove('k');
    expect(await store.held('k', 0)).toBe(0);
    await expect(store.read('k', 0, 1)).rejects.toThrow('ENOENT');
  });

  test(`${name}: it says when it can be written to`, async () => {
    await (await open()).check();
  });
}

behavesAsPartStore('disk', () => DiskStore.open(folder));

test('an upload on disk takes no more room than what was written of it', async () => {
  const store = await DiskStore.open(folder);
  const writer = await store.write('k', { number: 100, start: 800_000_000 }, 0);
  writer.add(randomBytes(1000));
  await writer.seal();
  await writer.close();
  const { size, blocks } = await stat(join(folder, 'uploads', 'k'));
  expect(size).toBe(800_001_000);
  expect(blocks * 512).toBeLessThan(1_000_000);
});

test('removing leaves no file of an upload behind', async () => {
  const store = await DiskStore.open(folder);
  const writer = await store.write('k', { number: 0, start: 0 }, 0);
  writer.add(Buffer.from('x'));
  await writer.settle();
  await writer.close();
  await store.remove('k');
  expect([await readdir(join(folder, 'uploads')), await readdir(join(folder, 'files'))]).toEqual([[], []]);
});

test('a disk that is full cuts the prefix short, and never breaks it', async () => {
  // `/dev/full` answers every write with ENOSPC.
  if (process.platform !== 'linux') return;
  const store = await DiskStore.open(folder);
  const { symlink } = await import('node:fs/promises');
  await symlink('/dev/full', join(folder, 'uploads', 'k'));
  const writer = await store.write('k', { number: 0, start: 0 }, 0);
  writer.add(randomBytes(1000));
  expect(await writer.settle()).toBe(0);
  expect(isStorageFull(writer.failure)).toBe(true);
  await expect(writer.seal()).rejects.toThrow('ENOSPC');
  await writer.close();
  expect(await store.held('k', 0)).toBe(0);
});
