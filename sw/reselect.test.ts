import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Life, newUpload, type Upload, type UploadEvent } from '../shared/upload.ts';
import type { Engine } from './engine.ts';
import { reselect } from './reselect.ts';

const text = '0123456789abcdefghijKLMNO';
const digest = (part: string) => createHash('sha256').update(part).digest('base64');

function upload(id: string, change: Partial<Upload> = {}): Upload {
  const base = newUpload({
    id,
    account: 'a1',
    session: 's1',
    path: '',
    name: 'film.bin',
    size: text.length,
    type: '',
    lastModified: 7,
    addedAt: 1,
  });
  return { ...base, partBytes: 10, life: { at: 'needs-file', why: 'restarted' }, ...change };
}

/** An engine with these uploads and digests of their parts; `done` lists what it was told. */
function engineOf(uploads: Upload[], digests: Record<string, Record<number, string>> = {}) {
  const done: string[] = [];
  const engine = {
    uploads: () => uploads,
    digestsOf: async (id: string) =>
      new Map(Object.entries(digests[id] ?? {}).map(([part, value]) => [Number(part), value])),
    giveFile: async (id: string, file: File, handle?: FileSystemFileHandle) =>
      void done.push(`${id} gets ${file.name}${handle ? ` by ${handle.name}` : ''}`),
    apply: async (id: string, event: UploadEvent) => void done.push(`${id} ${event.type}`),
  };
  return { engine: engine as unknown as Engine, done };
}

let ids = 0;
function picked(content = text, name = 'film.bin', lastModified = 7) {
  return { id: `p${ids++}`, path: '', file: new File([content], name, { lastModified }) };
}

test('a file whose acknowledged parts agree goes on, whatever it is called now', async () => {
  const { engine, done } = engineOf([upload('u1', { acknowledged: [[0, 0]] })], {
    u1: { 0: digest('0123456789') },
  });
  expect(await reselect(engine, [picked(text, 'renamed.bin', 99)])).toEqual({ matched: ['u1'], refused: [] });
  expect(done).toEqual(['u1 gets renamed.bin']);
});

test('a file whose bytes differ from what was sent is refused by name, and given to nobody', async () => {
  const uploads = [upload('u1', { acknowledged: [[0, 1]] })];
  const digests = { u1: { 0: digest('0123456789'), 1: digest('abcdefghij') } };
  const { engine, done } = engineOf(uploads, digests);
  const other = text.replace('j', 'J');
  expect(await reselect(engine, [picked(other)])).toEqual({
    matched: [],
    refused: [{ name: 'film.bin', code: 'DIFFERENT_FILE' }],
  });
  expect(done).toEqual([]);
});

test('a part the server has begun to keep is compared as well', async () => {
  const { engine } = engineOf([upload('u1', { received: { 2: 3 } })], { u1: { 2: digest('KLMNO') } });
  expect((await reselect(engine, [picked()])).matched).toEqual(['u1']);
  expect((await reselect(engine, [picked(text.replace('O', 'o'))])).matched).toEqual([]);
});

test('a digest of a part of which nothing was sent decides nothing', async () => {
  const { engine } = engineOf([upload('u1')], { u1: { 0: digest('another one') } });
  expect((await reselect(engine, [picked()])).matched).toEqual(['u1']);
});

test('with nothing sent yet, name and date must agree', async () => {
  const one = async (name: string, lastModified: number) =>
    (await reselect(engineOf([upload('u1')]).engine, [picked(text, name, lastModified)])).matched;
  expect([await one('film.bin', 7), await one('film.bin', 8), await one('b.bin', 7)]).toEqual([
    ['u1'],
    [],
    [],
  ]);
});

test('the handle a file was picked by goes along', async () => {
  const { engine, done } = engineOf([upload('u1')]);
  const handle = { kind: 'file', name: 'the handle' } as FileSystemFileHandle;
  await reselect(engine, [{ ...picked(), handle }]);
  expect(done).toEqual(['u1 gets film.bin by the handle']);
});

test('a file that cannot be read is refused by name, and those after it are looked at', async () => {
  const uploads = [upload('u1', { acknowledged: [[0, 0]] })];
  const { engine, done } = engineOf(uploads, { u1: { 0: digest('0123456789') } });
  const unread = { ...picked(text, 'locked.bin') };
  unread.file.slice = () => {
    throw new DOMException('no', 'NotReadableError');
  };
  expect(await reselect(engine, [unread, picked(text, 'copy.bin')])).toEqual({
    matched: ['u1'],
    refused: [{ name: 'locked.bin', code: 'FILE_UNREADABLE' }],
  });
  expect(done).toEqual(['u1 gets copy.bin']);
});

test('a file of another size is refused without a look', async () => {
  const { engine } = engineOf([upload('u1')]);
  const longer = `${text}!`;
  expect(await reselect(engine, [picked(longer)])).toEqual({
    matched: [],
    refused: [{ name: 'film.bin', code: 'DIFFERENT_FILE' }],
  });
});

test('many files find many uploads, each of its own, and content decides between equal sizes', async () => {
  const other = text.toUpperCase();
  const uploads = [
    upload('u1', { acknowledged: [[0, 2]] }),
    upload('u2', { acknowledged: [[1, 1]] }),
    upload('u3', { name: 'fresh.bin' }),
  ];
  const digests = {
    u1: { 0: digest('0123456789'), 1: digest('abcdefghij'), 2: digest('KLMNO') },
    u2: { 1: digest('ABCDEFGHIJ') },
  };
  const { engine, done } = engineOf(uploads, digests);
  const files = [picked(other, 'a'), picked(text, 'fresh.bin'), picked(text, 'b'), picked(text, 'c')];
  expect(await reselect(engine, files)).toEqual({
    matched: ['u2', 'u3', 'u1'],
    refused: [{ name: 'c', code: 'DIFFERENT_FILE' }],
  });
  expect(done).toEqual(['u2 gets a', 'u3 gets fresh.bin', 'u1 gets b']);
});

test.each([
  { at: 'failed', code: 'FILE_GONE' },
  { at: 'cancelled', since: 1, told: true },
  { at: 'cancelled', since: 1, told: false },
] as const satisfies Life[])('an upload that is $at is tried again with its file', async (life) => {
  const { engine, done } = engineOf([upload('u1', { life })]);
  await reselect(engine, [picked()]);
  expect(done).toEqual(['u1 gets film.bin', 'u1 retry']);
});

test('an upload that is under way is left alone', async () => {
  const { engine, done } = engineOf([upload('u1', { life: { at: 'going' } })]);
  expect((await reselect(engine, [picked()])).matched).toEqual([]);
  expect(done).toEqual([]);
});
