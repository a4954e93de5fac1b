import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { Archiver, archiveOf, type Entry } from './archive.ts';
import type { ContentPlan } from './content.ts';
import type { PartStore } from './part-store.ts';

const ask = { method: 'GET', range: undefined, ifRange: undefined, ifNoneMatch: undefined };
const GIB = 1024 ** 3;

function entry(name: string, size: number, { path = '', lastModified = 0 } = {}): Entry {
  const file = { id: '', path: '', name, size, type: '', lastModified, storedAt: 0, etag: name };
  return { path, file, storageKey: name };
}

/** A store of these bytes by their keys, and what was read of it. */
function storeOf(contents: Record<string, Buffer>) {
  const reads: [key: string, start: number, end: number][] = [];
  const read = async (key: string, start: number, end: number) => {
    reads.push([key, start, end]);
    return Readable.from(inPieces(contents[key]?.subarray(start, end) ?? Buffer.alloc(0)), {
      objectMode: false,
    });
  };
  return { store: { read } as unknown as PartStore, reads };
}

function* inPieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 50) yield bytes.subarray(at, at + 50);
}

async function bytesOf(archiver: Archiver, entries: readonly Entry[], start = 0, end?: number) {
  const archive = archiveOf('all', entries);
  const plan: ContentPlan = { at: 'bytes', start, end: end ?? archive.size, isRange: true };
  return Buffer.from(await (await archiver.answer(archive, ask, plan)).arrayBuffer());
}

test('any range is that of the whole, whichever checksums are known', async () => {
  const sizes = fc.array(fc.nat(400), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(3000), fc.nat(3000), fc.boolean(), async (of, from, length, knowsCrcs) => {
      const contents = Object.fromEntries(of.map((size, n) => [`ä ${n}`, randomBytes(size)]));
      const entries = of.map((size, n) => entry(`ä ${n}`, size, { path: n % 2 ? 'a/b' : '' }));
      const { store } = storeOf(contents);
      const archiver = new Archiver(store);
      const whole = await bytesOf(archiver, entries);
      expect(whole.length).toBe(archiveOf('all', entries).size);
      const unzipped = Object.values(unzipSync(whole)).map((bytes) => Buffer.from(bytes).toString('hex'));
      expect(unzipped).toEqual(Object.values(contents).map((bytes) => bytes.toString('hex')));
      const start = from % whole.length;
      const end = Math.min(whole.length, start + 1 + length);
      const part = await bytesOf(knowsCrcs ? archiver : new Archiver(store), entries, start, end);
      expect(part.equals(whole.subarray(start, end))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('who goes on is sent what is missing, and nothing else is read but once for a checksum', async () => {
  const contents = { a: randomBytes(1000), b: randomBytes(500), c: randomBytes(100) };
  const entries = [entry('a', 1000), entry('b', 500), entry('c', 100)];
  const { store, reads } = storeOf(contents);
  const archiver = new Archiver(store);
  const { layout, size } = archiveOf('all', entries);
  const inB = (layout.places[1]?.dataAt ?? 0) + 200;

  await bytesOf(archiver, entries, inB, inB + 100);
  expect(reads.splice(0)).toEqual([['b', 200, 300]]);
  await bytesOf(archiver, entries, inB);
  expect(reads.splice(0)).toEqual([
    ['a', 0, 1000],
    ['b', 0, 500],
    ['c', 0, 100],
  ]);
  await bytesOf(archiver, entries, inB);
  expect(reads.splice(0)).toEqual([
    ['b', 200, 500],
    ['c', 0, 100],
  ]);
  await bytesOf(archiver, entries, size - 1);
  expect(reads).toEqual([]);
});

test('bytes that are not what they should be end the download', async () => {
  const { store } = storeOf({ a: randomBytes(10) });
  await expect(bytesOf(new Archiver(store), [entry('a', 11)])).rejects.toThrow();
});

for (const [where, start] of [
  ['at its beginning', 0],
  ['where only a checksum is read', 900 * GIB],
] as const) {
  test(`whoever goes away leaves no file open: ${where}`, async () => {
    const streams: Readable[] = [];
    const read = async () => {
      const stream = Readable.from(endless(), { objectMode: false });
      streams.push(stream);
      return stream;
    };
    const archive = archiveOf('all', [entry('a', 800 * GIB), entry('b', 800 * GIB)]);
    const plan: ContentPlan = { at: 'bytes', start, end: archive.size, isRange: true };
    const answer = await new Archiver({ read } as unknown as PartStore).answer(archive, ask, plan);
    const reader = answer.body?.getReader();
    const first = reader?.read();
    await expect.poll(() => streams.length).toBe(1);
    await reader?.cancel();
    await first;
    await expect.poll(() => streams[0]?.destroyed).toBe(true);
    expect(streams).toHaveLength(1);
  });
}

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    yield Buffer.alloc(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('the same files are the same archive, and others are another', () => {
  const etag = (...entries: Entry[]) => archiveOf('all', entries).etag;
  const usual = etag(entry('a', 1));
  expect(etag(entry('a', 1))).toBe(usual);
  const others = [
    etag(entry('b', 1)),
    etag(entry('a', 1, { path: 'b' })),
    etag(entry('a', 1, { lastModified: 1 })),
    etag(entry('a', 1), entry('b', 1)),
  ];
  expect(new Set([usual, ...others]).size).toBe(5);
});

/** What the directory of an archive says of its members (APPNOTE 4.3.12, 4.5.3), by a reader of its own. */
function directoryOf(bytes: Buffer) {
  const end = bytes.length - 22;
  expect(bytes.readUInt32LE(end)).toBe(0x06054b50);
  const is64 = bytes.readUInt32LE(end + 16) === 0xffffffff;
  if (is64) expect(bytes.readUInt32LE(end - 20)).toBe(0x07064b50);
  const at64 = end - 20 - 56;
  if (is64) expect(bytes.readUInt32LE(at64)).toBe(0x06064b50);
  const count = is64 ? Number(bytes.readBigUInt64LE(at64 + 32)) : bytes.readUInt16LE(end + 10);
  const length = is64 ? Number(bytes.readBigUInt64LE(at64 + 40)) : bytes.readUInt32LE(end + 12);
  const directoryAt = is64 ? Number(bytes.readBigUInt64LE(at64 + 48)) : bytes.readUInt32LE(end + 16);
  let at = (is64 ? at64 : end) - length;
  const members: { name: string; size: number; headerAt: number; crc: number; seconds: number }[] = [];
  for (let n = 0; n < count; n++) {
    expect(bytes.readUInt32LE(at)).toBe(0x02014b50);
    const nameAt = at + 46;
    const extraAt = nameAt + bytes.readUInt16LE(at + 28);
    const next = extraAt + bytes.readUInt16LE(at + 30);
    let size = bytes.readUInt32LE(at + 24);
    let headerAt = bytes.readUInt32LE(at + 42);
    let seconds = 0;
    for (let field = extraAt; field < next; field += 4 + bytes.readUInt16LE(field + 2)) {
      if (bytes.readUInt16LE(field) === 0x5455) seconds = bytes.readInt32LE(field + 5);
      if (bytes.readUInt16LE(field) !== 0x0001) continue;
      let value = field + 4;
      const isLarge = size === 0xffffffff;
      if (isLarge) size = Number(bytes.readBigUInt64LE(value));
      if (isLarge) value += 16;
      if (headerAt === 0xffffffff) headerAt = Number(bytes.readBigUInt64LE(value));
    }
    const name = bytes.toString('utf8', nameAt, extraAt);
    members.push({ name, size, headerAt, crc: bytes.readUInt32LE(at + 16), seconds });
    at = next;
  }
  return { members, directoryAt };
}

test('sizes and places beyond 4 GiB, and numbers beyond 65,535, are said in full', async () => {
  const large = 5 * GIB;
  const entries = [entry('first', 3), entry('large', large), entry('last', 4)];
  const archive = archiveOf('all', entries);
  const small = { first: Buffer.from('abc'), last: Buffer.from('defg') };
  const { store } = storeOf(small);
  const archiver = new Archiver({
    // Of the large one it is said to be all zeros, fast.
    read: (key: string, start: number, end: number) =>
      key === 'large'
        ? Promise.resolve(Readable.from(zeros(end - start), { objectMode: false }))
        : store.read(key, start, end),
  } as unknown as PartStore);
  const tail = await bytesOf(archiver, entries, archive.layout.places[1]?.descriptorAt);
  expect(tail.readBigUInt64LE(8)).toBe(BigInt(large));
  const { members, directoryAt } = directoryOf(tail);
  expect(directoryAt).toBe(archive.layout.directoryAt);
  expect(members.map(({ name, size, headerAt }) => [name, size, headerAt])).toEqual([
    ['first', 3, 0],
    ['large', large, archive.layout.places[0]?.end],
    ['last', 4, archive.layout.places[1]?.end],
  ]);
  expect(members.map(({ crc }) => crc)).toEqual([crc32('abc'), tail.readUInt32LE(4), crc32('defg')]);

  const many = Array.from({ length: 65_535 }, (_, n) => entry(`${n}`, 0));
  const whole = await bytesOf(new Archiver(storeOf({}).store), many);
  expect(whole.readUInt16LE(whole.length - 22 + 10)).toBe(0xffff);
  expect(whole.readUInt32LE(whole.length - 22 - 20)).toBe(0x07064b50);
}, 60_000);

async function* zeros(bytes: number): AsyncGenerator<Buffer> {
  const block = Buffer.alloc(8 * 1024 * 1024);
  for (let left = bytes; left > 0; left -= block.length)
    yield block.subarray(0, Math.min(left, block.length));
}

test('each file keeps its date, and one that a ZIP can’t say is the nearest it can', async () => {
  const dates = [Date.UTC(2024, 4, 1, 12, 30, 20), -1e15, Number.MAX_SAFE_INTEGER];
  const entries = dates.map((lastModified, n) => entry(`${n}`, 0, { lastModified }));
  const { members } = directoryOf(await bytesOf(new Archiver(storeOf({}).store), entries));
  expect(members.map(({ seconds }) => seconds)).toEqual([1_714_566_620, -(2 ** 31), 2 ** 31 - 1]);
});
