import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { PART_BYTES } from '../shared/parts.ts';
import { newUpload, type Upload } from '../shared/upload.ts';
import { PartBytes, sha256 } from './part-bytes.ts';
import type { Store } from './store.ts';

const content = Buffer.from('0123456789abcdefghijKLMNO');
/** 25 bytes in parts of 10. */
const upload: Upload = {
  ...newUpload({
    id: 'u1',
    account: 'a1',
    session: 's1',
    path: '',
    name: 'film.bin',
    size: content.length,
    type: '',
    lastModified: 7,
    addedAt: 1,
  }),
  partBytes: 10,
};
const whole = new File([content], 'film.bin', { lastModified: 7 });

interface World {
  staged?: Record<number, Buffer>;
  handle?: unknown;
  /** Chromium, where a file that was changed can't be read any more. */
  snapshots?: boolean;
}

/** Bytes from a store with these parts and this handle; `asked` lists what was read from it. */
function bytesFrom({ staged = {}, handle = null, snapshots = false }: World = {}) {
  const asked: string[] = [];
  const store = {
    staged: async (id: string, part: number) => {
      asked.push(`${id}:${part}`);
      const bytes = staged[part];
      return bytes ? new Uint8Array(bytes).buffer : null;
    },
    handle: async () => handle,
  };
  return { bytes: new PartBytes(store as unknown as Store, snapshots), asked };
}

/** A file whose bytes cannot be read, for this reason. */
function broken(name: string, size = content.length) {
  let reads = 0;
  const arrayBuffer = async () => {
    reads++;
    throw new DOMException('no', name);
  };
  return { file: { size, slice: () => ({ arrayBuffer }) } as unknown as File, reads: () => reads };
}

/** A handle to this file, or one whose file cannot be had, for this reason. */
function pickedBy(file: File | string, permission?: PermissionState) {
  return {
    ...(permission && { queryPermission: async () => permission }),
    getFile: async () => {
      if (typeof file === 'string') throw new DOMException('no', file);
      return file;
    },
  };
}

async function outcome(reading: ReturnType<PartBytes['read']>, length = 10) {
  const read = await reading;
  if (!read.ok) return read.why;
  const digest = await read.digest;
  if (typeof digest !== 'string') return digest.why;
  return { text: await textOf(read.body(0, length)), digest };
}

function textOf(body: Blob | Uint8Array<ArrayBuffer>): Promise<string> {
  return new Blob([body]).text();
}

function expected(text: string) {
  return { text, digest: createHash('sha256').update(text).digest('base64') };
}

test('a digest is the SHA-256 in base64', async () => {
  expect(await sha256(new Uint8Array(0))).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
});

test.each([true, false])('a part is its range of the file (files are snapshots: %s)', async (snapshots) => {
  const { bytes } = bytesFrom({ snapshots });
  bytes.holdFile('u1', whole);
  expect(await outcome(bytes.read(upload, 0))).toEqual(expected('0123456789'));
  expect(await outcome(bytes.read(upload, 2), 5)).toEqual(expected('KLMNO'));
});

test.each([true, false])(
  'a segment is its range of the part (files are snapshots: %s)',
  async (snapshots) => {
    const { bytes } = bytesFrom({ snapshots });
    bytes.holdFile('u1', whole);
    const read = await bytes.read(upload, 1);
    if (!read.ok) throw new Error(read.why);
    const bodies = [read.body(0, 4), read.body(4, 6), read.body(10, 0)];
    expect(await Promise.all(bodies.map(textOf))).toEqual(['abcd', 'efghij', '']);
    expect(bodies.map((body) => body instanceof Blob)).toEqual([snapshots, snapshots, snapshots]);
  },
);

test.each([true, false])('an empty file has one empty part (files are snapshots: %s)', async (snapshots) => {
  const { bytes } = bytesFrom({ snapshots });
  bytes.holdFile('u1', new File([], 'empty'));
  expect(await outcome(bytes.read({ ...upload, size: 0 }, 0), 0)).toEqual(expected(''));
});

test('where files are no snapshots, what is sent is what was hashed, whatever becomes of the file', async () => {
  const { bytes } = bytesFrom();
  let now = content;
  const shifty = { size: 25, slice: (from: number, to: number) => new Blob([now.subarray(from, to)]) };
  bytes.holdFile('u1', shifty as unknown as File);
  const reading = bytes.read(upload, 0);
  await reading;
  now = Buffer.from(content.toString().toUpperCase());
  expect(await outcome(reading)).toEqual(expected('0123456789'));
});

test('a file that cannot be read is noticed by its digest where it is sent as it is', async () => {
  const { bytes } = bytesFrom({ snapshots: true });
  bytes.holdFile('u1', broken('NotReadableError').file);
  const read = await bytes.read(upload, 0);
  expect(read.ok && (await read.digest)).toEqual({ ok: false, why: 'changed' });
});

test('a staged copy comes before the file, and is enough without one', async () => {
  const { bytes, asked } = bytesFrom({ staged: { 1: Buffer.from('stagedcopy') } });
  bytes.noteStaged('u1', 1);
  expect(await outcome(bytes.read(upload, 1))).toEqual(expected('stagedcopy'));
  bytes.holdFile('u1', whole);
  expect(await outcome(bytes.read(upload, 0))).toEqual(expected('0123456789'));
  expect(asked).toEqual(['u1:1']);
});

test('a staged copy that is gone or cut is forgotten, and the file read instead', async () => {
  for (const staged of [{}, { 1: Buffer.from('cut') }]) {
    const { bytes } = bytesFrom({ staged });
    bytes.noteStaged('u1', 1);
    bytes.holdFile('u1', whole);
    expect(await outcome(bytes.read(upload, 1))).toEqual(expected('abcdefghij'));
    expect(bytes.stagedParts('u1').has(1)).toBe(false);
  }
});

test('a staged copy that is gone or cut, and no file, are bytes lost', async () => {
  for (const staged of [{}, { 1: Buffer.from('cut') }]) {
    const { bytes } = bytesFrom({ staged });
    bytes.noteStaged('u1', 1);
    expect(await outcome(bytes.read(upload, 1))).toBe('bytes-lost');
  }
});

test('a staged copy that is gone does not hide why the file cannot be read', async () => {
  const { bytes } = bytesFrom({ handle: pickedBy(whole, 'prompt') });
  bytes.noteStaged('u1', 1);
  bytes.noteHandle('u1');
  expect(await outcome(bytes.read(upload, 1))).toBe('permission');
});

test('a copy to be kept elsewhere is the bytes of the part, or why there are none', async () => {
  for (const snapshots of [true, false]) {
    const { bytes } = bytesFrom({ snapshots });
    expect(await bytes.copy(upload, 1)).toEqual({ ok: false, why: 'restarted' });
    bytes.holdFile('u1', whole);
    expect(await bytes.copy(upload, 1)).toEqual(new Uint8Array(content.subarray(10, 20)).buffer);
    bytes.holdFile('u1', broken('NotFoundError').file);
    expect(await bytes.copy(upload, 1)).toEqual({ ok: false, why: 'gone' });
  }
});

test('trouble with the file is told apart from trouble with the network', async () => {
  const { bytes } = bytesFrom();
  expect(await bytes.trouble(upload)).toBe(null);
  bytes.holdFile('u1', whole);
  expect(await bytes.trouble(upload)).toBe(null);
  bytes.holdFile('u1', new File([], 'empty'));
  expect(await bytes.trouble({ ...upload, size: 0 })).toBe(null);
  bytes.holdFile('u1', broken('NotReadableError').file);
  expect(await bytes.trouble(upload)).toEqual({ ok: false, why: 'changed' });
});

test('with nothing to read from, the file has to be picked again', async () => {
  expect(await outcome(bytesFrom().bytes.read(upload, 0))).toBe('restarted');
});

test('a part is read once, and again after it was released', async () => {
  const { bytes, asked } = bytesFrom({ staged: { 0: Buffer.from('0123456789') } });
  bytes.noteStaged('u1', 0);
  const first = bytes.read(upload, 0);
  expect(bytes.read(upload, 0)).toBe(first);
  await first;
  expect(bytes.read(upload, 0)).toBe(first);
  bytes.release('u1', 0, false);
  expect(bytes.read(upload, 0)).not.toBe(first);
  expect(asked).toEqual(['u1:0', 'u1:0']);
});

test('a part that could not be read is tried again', async () => {
  const { bytes } = bytesFrom();
  const trouble = broken('NotFoundError');
  bytes.holdFile('u1', trouble.file);
  expect([await outcome(bytes.read(upload, 0)), await outcome(bytes.read(upload, 0))]).toEqual([
    'gone',
    'gone',
  ]);
  expect(trouble.reads()).toBe(2);
  bytes.holdFile('u1', whole);
  expect(await outcome(bytes.read(upload, 0))).toEqual(expected('0123456789'));
});

test.each([
  ['NotReadableError', 'changed'],
  ['NotFoundError', 'gone'],
  ['AbortError', 'gone'],
  ['SecurityError', 'unreadable'],
])('a read that fails with %s means %s', async (error, why) => {
  const { bytes } = bytesFrom();
  bytes.holdFile('u1', broken(error).file);
  expect(await outcome(bytes.read(upload, 0))).toBe(why);
});

test('a file of another size has changed, and is not read', async () => {
  const { bytes } = bytesFrom();
  const trouble = broken('NotFoundError', 26);
  bytes.holdFile('u1', trouble.file);
  expect(await outcome(bytes.read(upload, 0))).toBe('changed');
  expect(trouble.reads()).toBe(0);
});

test('a file that gives fewer bytes than it has has changed', async () => {
  const { bytes } = bytesFrom();
  const short = { size: 25, slice: () => new Blob(['abc']) } as unknown as File;
  bytes.holdFile('u1', short);
  expect(await outcome(bytes.read(upload, 0))).toBe('changed');
});

test('a handle with permission gives the file', async () => {
  for (const permission of ['granted', undefined] as const) {
    const { bytes } = bytesFrom({ handle: pickedBy(whole, permission) });
    bytes.noteHandle('u1');
    expect([bytes.hasFile('u1'), bytes.hasHandle('u1')]).toEqual([false, true]);
    expect(await outcome(bytes.read(upload, 0))).toEqual(expected('0123456789'));
    expect(bytes.hasFile('u1')).toBe(true);
  }
});

test.each(['prompt', 'denied'] as const)(
  'a handle whose permission is %s needs a click',
  async (permission) => {
    const { bytes } = bytesFrom({ handle: pickedBy(whole, permission) });
    bytes.noteHandle('u1');
    expect(await outcome(bytes.read(upload, 0))).toBe('permission');
  },
);

test('a handle to another file of the same name is noticed by its size', async () => {
  const { bytes } = bytesFrom({ handle: pickedBy(new File(['other'], 'film.bin', { lastModified: 7 })) });
  bytes.noteHandle('u1');
  expect(await outcome(bytes.read(upload, 0))).toBe('changed');
});

test('a handle to another file of the same name and size is noticed by its date, and is not held', async () => {
  const { bytes } = bytesFrom({ handle: pickedBy(new File([content], 'film.bin', { lastModified: 8 })) });
  bytes.noteHandle('u1');
  expect(await outcome(bytes.read(upload, 0))).toBe('changed');
  expect(bytes.hasFile('u1')).toBe(false);
});

test.each([
  ['NotReadableError', 'changed'],
  ['NotFoundError', 'gone'],
  ['AbortError', 'gone'],
  ['SecurityError', 'unreadable'],
])('a handle whose file cannot be had for a %s means %s', async (error, why) => {
  const { bytes } = bytesFrom({ handle: pickedBy(error) });
  bytes.noteHandle('u1');
  expect(await outcome(bytes.read(upload, 0))).toBe(why);
});

test('a handle that the store no longer has is no source', async () => {
  const { bytes } = bytesFrom();
  bytes.noteHandle('u1');
  expect(await outcome(bytes.read(upload, 0))).toBe('restarted');
});

test('bytes are within reach by a file, a handle, or a staged copy of that part', () => {
  const { bytes } = bytesFrom();
  expect(bytes.reaches('u1', 0)).toBe(false);
  bytes.noteStaged('u1', 0);
  expect([bytes.reaches('u1', 0), bytes.reaches('u1', 1), bytes.reaches('u2', 0)]).toEqual([
    true,
    false,
    false,
  ]);
  bytes.noteHandle('u1');
  expect(bytes.reaches('u1', 1)).toBe(true);
  bytes.drop('u1', false);
  expect([bytes.reaches('u1', 0), bytes.reaches('u1', 1)]).toEqual([true, false]);
  bytes.holdFile('u1', whole);
  expect(bytes.reaches('u1', 1)).toBe(true);
  bytes.drop('u1', true);
  expect(bytes.reaches('u1', 0)).toBe(false);
});

test('a part that was acknowledged is let go of, its staged copy with it', () => {
  const { bytes } = bytesFrom();
  bytes.noteStaged('u1', 0);
  bytes.noteStaged('u1', 1);
  bytes.release('u1', 0, true);
  bytes.release('u1', 1, false);
  expect([...bytes.stagedParts('u1')]).toEqual([1]);
  bytes.forgetStaged('u1');
  expect([...bytes.stagedParts('u1')]).toEqual([]);
});

test('what was read of one upload is let go of without touching another whose id it begins', async () => {
  const { bytes } = bytesFrom();
  for (const id of ['u1', 'u12']) bytes.holdFile(id, whole);
  const first = bytes.read(upload, 0);
  const other = bytes.read({ ...upload, id: 'u12' }, 0);
  bytes.releaseRead('u1');
  expect(bytes.read(upload, 0)).not.toBe(first);
  expect(bytes.read({ ...upload, id: 'u12' }, 0)).toBe(other);
});

test('reading ahead stops at 40 MiB in memory', async () => {
  const { bytes } = bytesFrom();
  const long = { ...upload, size: 9 * PART_BYTES, partBytes: PART_BYTES };
  let slices = 0;
  const slice = () => {
    slices++;
    return new Blob([new Uint8Array(PART_BYTES)]);
  };
  bytes.holdFile('u1', { size: long.size, slice } as unknown as File);
  for (let part = 0; part < 9; part++) bytes.readAhead(long, part);
  await bytes.read(long, 0);
  expect(slices).toBe(5);
});
