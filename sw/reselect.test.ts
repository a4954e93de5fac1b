import { createHash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import type { SessionFile, UploadSession } from '../shared/api.ts';
import type { PickedFile } from '../shared/protocol.ts';
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

/** What an engine is told of digests: nothing where the server can't be asked now. */
type Digests = Record<string, Record<number, string> | null>;

/** An engine with these uploads, and with those of other devices; `done` lists what it was told. */
function engineOf(uploads: Upload[], digests: Digests = {}, elsewhere: UploadSession[] | null = []) {
  const done: string[] = [];
  const mine = [...uploads];
  const list = {
    accountId: () => 'a1',
    wants: () => [],
    mine: () => mine.map((upload) => ({ upload })),
    entry: (id: string) => mine.map((upload) => ({ upload })).find(({ upload }) => upload.id === id) ?? null,
    add: async (fresh: Upload[]) => {
      mine.push(...fresh);
      for (const { id } of fresh) done.push(`${id} is adopted`);
    },
    replaceFile: async (id: string, file: File, handle?: FileSystemFileHandle) =>
      void done.push(`${id} gets ${file.name}${handle ? ` by ${handle.name}` : ''}`),
    applyAll: async (ids: string[], event: UploadEvent) => void done.push(`${ids} ${event.type}`),
  };
  const engine = {
    list,
    openSessions: async () => elsewhere,
    digestsOf: async ({ id }: Upload) => {
      const known = digests[id];
      if (known === null) return null;
      return new Map(Object.entries(known ?? {}).map(([part, value]) => [Number(part), value]));
    },
  };
  return { engine: engine as unknown as Engine, done };
}

/** Which uploads found a file. */
const idsOf = ({ matched }: Awaited<ReturnType<typeof reselect>>) => matched.map(({ id }) => id);

let ids = 0;
function picked(content = text, name = 'film.bin', lastModified = 7) {
  return { id: `p${ids++}`, path: '', file: new File([content], name, { lastModified }) };
}

test('a file whose acknowledged parts agree goes on, whatever it is called now', async () => {
  const { engine, done } = engineOf([upload('u1', { acknowledged: [[0, 0]] })], {
    u1: { 0: digest('0123456789') },
  });
  const renamed = picked(text, 'renamed.bin', 99);
  expect(await reselect(engine, [renamed])).toEqual({
    matched: [{ id: 'u1', picked: renamed.id }],
    refused: [],
  });
  expect(done).toEqual(['u1 gets renamed.bin', 'u1 retry']);
});

test('a file whose bytes differ from what was sent is refused by name, and given to nobody', async () => {
  const uploads = [upload('u1', { acknowledged: [[0, 1]] })];
  const digests = { u1: { 0: digest('0123456789'), 1: digest('abcdefghij') } };
  const { engine, done } = engineOf(uploads, digests);
  const other = picked(text.replace('j', 'J'));
  expect(await reselect(engine, [other])).toEqual({
    matched: [],
    refused: [{ picked: other.id, name: 'film.bin', code: 'OTHER_CONTENT', fromPart: 2 }],
  });
  expect(done).toEqual([]);
});

test('a part the server has begun to keep is compared as well', async () => {
  const { engine } = engineOf([upload('u1', { received: { 2: 3 } })], { u1: { 2: digest('KLMNO') } });
  expect(idsOf(await reselect(engine, [picked()]))).toEqual(['u1']);
  expect(idsOf(await reselect(engine, [picked(text.replace('O', 'o'))]))).toEqual([]);
});

test('a digest of a part of which nothing was sent decides nothing', async () => {
  const { engine } = engineOf([upload('u1')], { u1: { 0: digest('another one') } });
  expect(idsOf(await reselect(engine, [picked()]))).toEqual(['u1']);
});

test('with nothing sent yet, name and date must agree', async () => {
  const one = async (name: string, lastModified: number) =>
    idsOf(await reselect(engineOf([upload('u1')]).engine, [picked(text, name, lastModified)]));
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
  expect(done).toEqual(['u1 gets film.bin by the handle', 'u1 retry']);
});

test.each([
  ['NotReadableError', 'FILE_CHANGED'],
  ['NotFoundError', 'FILE_UNREADABLE'],
  ['SecurityError', 'FILE_UNREADABLE'],
])('a file that fails with %s is refused by name, and those after it are looked at', async (why, code) => {
  const uploads = [upload('u1', { acknowledged: [[0, 0]] })];
  const { engine, done } = engineOf(uploads, { u1: { 0: digest('0123456789') } });
  const unread = { ...picked(text, 'locked.bin') };
  unread.file.slice = () => {
    throw new DOMException('no', why);
  };
  const copy = picked(text, 'copy.bin');
  expect(await reselect(engine, [unread, copy])).toEqual({
    matched: [{ id: 'u1', picked: copy.id }],
    refused: [{ picked: unread.id, name: 'locked.bin', code }],
  });
  expect(done).toEqual(['u1 gets copy.bin', 'u1 retry']);
});

test('a file of another size is refused without a look', async () => {
  const { engine } = engineOf([upload('u1')]);
  const longer = picked(`${text}!`);
  expect(await reselect(engine, [longer])).toEqual({
    matched: [],
    refused: [{ picked: longer.id, name: 'film.bin', code: 'OTHER_SIZE' }],
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
  const answer = await reselect(engine, files);
  expect(idsOf(answer)).toEqual(['u2', 'u3', 'u1']);
  expect(answer.refused).toEqual([{ picked: files[3]?.id, name: 'c', code: 'OTHER_SIZE' }]);
  expect(done.filter((one) => one.includes('gets'))).toEqual(['u2 gets a', 'u3 gets fresh.bin', 'u1 gets b']);
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
  expect(idsOf(await reselect(engine, [picked()]))).toEqual([]);
  expect(done).toEqual([]);
});

const serverFile: SessionFile = {
  id: 'f1',
  path: 'films',
  name: 'film.bin',
  size: text.length,
  type: 'video/mp4',
  lastModified: 7,
  state: 'open',
  partBytes: 10,
  acknowledged: [[0, 0]],
  offsets: { 1: 4 },
};

function sessionOf(files: SessionFile[], id = 's2'): UploadSession {
  return { id, device: 'Phone', createdAt: 1, issuedAt: 2, sessionTtlMinutes: 30, now: 3, files };
}

test('an upload that another device has begun is adopted by a file with its bytes', async () => {
  const digests = { f1: { 0: digest('0123456789') } };
  const { engine, done } = engineOf([], digests, [sessionOf([serverFile])]);
  const file = picked(text, 'renamed.bin', 99);
  expect(await reselect(engine, [file])).toEqual({ matched: [{ id: 'f1', picked: file.id }], refused: [] });
  expect(done).toEqual(['f1 is adopted', 'f1 gets renamed.bin', 'f1 retry']);
});

test('an upload of another device is not adopted by other bytes', async () => {
  const digests = { f1: { 0: digest('0123456789') } };
  const { engine, done } = engineOf([], digests, [sessionOf([serverFile])]);
  const answer = await reselect(engine, [picked(text.replace('0', 'O'))]);
  expect(answer.refused).toMatchObject([{ code: 'OTHER_CONTENT', fromPart: 1 }]);
  expect(done).toEqual([]);
});

test('what another device has stored or cancelled, or this one knows, is not adopted', async () => {
  const files: SessionFile[] = [
    { ...serverFile, id: 'f2', state: 'stored' },
    { ...serverFile, id: 'f3', state: 'cancelled' },
    { ...serverFile, id: 'u1' },
  ];
  const mine = upload('u1', { life: { at: 'going' } });
  const { engine, done } = engineOf([mine], {}, [sessionOf(files)]);
  expect((await reselect(engine, [picked()])).refused).toMatchObject([{ code: 'OTHER_SIZE' }]);
  expect(done).toEqual([]);
});

test('with other devices out of reach those of this one still find their files', async () => {
  const { engine } = engineOf([upload('u1')], {}, null);
  expect(idsOf(await reselect(engine, [picked()]))).toEqual(['u1']);
});

test('a file is refused as not to be compared while the digests are out of reach', async () => {
  const { engine, done } = engineOf([upload('u1', { acknowledged: [[0, 0]] })], { u1: null });
  expect((await reselect(engine, [picked()])).refused).toMatchObject([{ code: 'UNREACHABLE' }]);
  expect(done).toEqual([]);
});

test('with nothing sent, another name or date is another file', async () => {
  const { engine, done } = engineOf([upload('u1')]);
  expect((await reselect(engine, [picked(text, 'film.bin', 8)])).refused).toMatchObject([
    { code: 'OTHER_FILE' },
  ]);
  expect(done).toEqual([]);
});

test('the first part that differs is named, and none after it is read', async () => {
  const uploads = [upload('u1', { acknowledged: [[0, 2]] })];
  const digests = { u1: { 0: digest('0123456789'), 1: digest('another one'), 2: digest('KLMNO') } };
  const { engine } = engineOf(uploads, digests);
  const watched = watch(picked());
  expect((await reselect(engine, [watched.picked])).refused).toMatchObject([
    { code: 'OTHER_CONTENT', fromPart: 2 },
  ]);
  expect(watched.reads()).toEqual([0, 10, 20]);
});

test('parts are read one ahead of their hashing, and never more', async () => {
  const uploads = [upload('u1', { acknowledged: [[0, 2]] })];
  const digests = { u1: { 0: digest('0123456789'), 1: digest('abcdefghij'), 2: digest('KLMNO') } };
  const { engine } = engineOf(uploads, digests);
  const watched = watch(picked());
  const order: string[] = [];
  const hash = crypto.subtle.digest.bind(crypto.subtle);
  const spy = vi.spyOn(crypto.subtle, 'digest').mockImplementation(async (name, bytes) => {
    order.push(`hash of ${bytes.byteLength} with ${watched.reads().length} begun`);
    return hash(name, bytes);
  });
  expect(idsOf(await reselect(engine, [watched.picked]))).toEqual(['u1']);
  spy.mockRestore();
  expect(order).toEqual(['hash of 10 with 2 begun', 'hash of 10 with 3 begun', 'hash of 5 with 3 begun']);
});

test('fifty files at once find fifty uploads, renamed and in another order', async () => {
  const name = (n: number) => `${n}`.padStart(2, '0');
  const contentOf = (n: number) => `${name(n)}34567890${name(n)}`;
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  const uploads = numbers.map((n) => upload(`u${n}`, { size: 12, acknowledged: [[0, 0]] }));
  const digests = Object.fromEntries(numbers.map((n) => [`u${n}`, { 0: digest(contentOf(n).slice(0, 10)) }]));
  const { engine, done } = engineOf(uploads, digests);
  const files = numbers.toReversed().map((n) => picked(contentOf(n), `renamed ${n}`, 99));
  const answer = await reselect(engine, files);
  expect(idsOf(answer)).toEqual(numbers.toReversed().map((n) => `u${n}`));
  expect(answer.refused).toEqual([]);
  expect(done.filter((one) => one.includes('gets'))).toHaveLength(50);
});

/** A picked file that notes where its reads begin. */
function watch(picked: PickedFile) {
  const reads: number[] = [];
  const { file } = picked;
  const slice = file.slice.bind(file);
  file.slice = (start = 0, end = file.size) => {
    reads.push(start);
    return slice(start, end);
  };
  return { picked, reads: () => reads };
}
