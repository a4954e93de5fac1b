import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { header, PartDigests, StoredFile, UploadSession } from '../shared/api.ts';
import { PART_BYTES } from '../shared/parts.ts';
import { freeGarbage, reap } from './reaper.ts';
import {
  offsetOf,
  openUpload,
  partHeaders,
  partPath,
  putPart,
  rawPut,
  reprDigest,
  signIn,
  startTestServer,
  type TestAccount,
  type TestServer,
  testFile,
} from './testing.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
let server: TestServer;
let me: TestAccount;
beforeEach(async () => {
  const limits = {
    QUOTA_BYTES: '50000000',
    MAX_FILE_BYTES: '40000000',
    MAX_FILES_PER_SESSION: '6',
    MAX_OPEN_SESSIONS: '4',
  };
  server = await startTestServer({
    SESSION_TTL_MINUTES: '10',
    GRACE_DAYS: '1',
    MAX_BODY_BYTES: '20000',
    ...limits,
  });
  me = await signIn(server);
});
afterEach(() => server.stop());

const sessionPath = (sid: string) => `/api/upload-sessions/${sid}`;
async function code(answer: Response): Promise<string> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
}
async function register(account: TestAccount, sid: string, files: unknown[]): Promise<Response> {
  return account.request('PUT', sessionPath(sid), { files });
}
async function readSession(sid: string): Promise<UploadSession> {
  return v.parse(UploadSession, await (await me.request('GET', sessionPath(sid))).json());
}
async function rows(table: 'upload_sessions' | 'uploads' | 'parts' | 'files' | 'garbage'): Promise<number> {
  return (await server.services.db.selectFrom(table).selectAll().execute()).length;
}
const uploadFolder = () => readdir(join(server.dataDir, 'uploads'));
const usedBytes = async () => (await (await me.request('GET', '/api/files')).json()).usedBytes as number;

test('a file of three parts arrives, sent out of order', async () => {
  const file = testFile(PART_BYTES * 2 + 5, { name: 'three.bin', path: 'a/b', type: 'text/plain' });
  const sid = await openUpload(me, [file]);
  const fid = file.announced.id;
  const part = (n: number) => file.bytes.subarray(n * PART_BYTES, (n + 1) * PART_BYTES);
  for (const n of [2, 0]) {
    const answer = await putPart(me, partPath(sid, fid, n), part(n));
    expect(answer.status).toBe(204);
    expect(Number(answer.headers.get(header.issuedAt))).toBeGreaterThan(0);
  }
  expect((await readSession(sid)).files[0]).toEqual({
    ...file.announced,
    state: 'open',
    partBytes: PART_BYTES,
    acknowledged: [
      [0, 0],
      [2, 2],
    ],
    offsets: {},
  });
  const digests = await (await me.request('GET', `${sessionPath(sid)}/files/${fid}/digests`)).json();
  expect(v.parse(PartDigests, digests).digests).toEqual({ 0: digest(part(0)), 2: digest(part(2)) });
  const last = await putPart(me, partPath(sid, fid, 1), part(1));
  expect(last.status).toBe(201);
  const stored = v.parse(StoredFile, await last.json());
  expect(stored).toMatchObject({
    id: fid,
    name: 'three.bin',
    path: 'a/b',
    type: 'text/plain',
    size: file.bytes.length,
  });
  const content = await me.request('GET', `/api/files/${fid}/content`);
  expect(Buffer.from(await content.arrayBuffer()).equals(file.bytes)).toBe(true);
  expect((await readSession(sid)).files[0]).toMatchObject({ state: 'stored', acknowledged: [[0, 2]] });
});

function digest(part: Uint8Array): string {
  return reprDigest(part).slice('sha-256=:'.length, -1);
}

test('an empty file is one empty part', async () => {
  const file = testFile(0);
  const sid = await openUpload(me, [file]);
  expect((await putPart(me, partPath(sid, file.announced.id, 0), file.bytes)).status).toBe(201);
  const content = await me.request('GET', `/api/files/${file.announced.id}/content`);
  expect([content.status, content.headers.get('content-length')]).toEqual([200, '0']);
});

test('the PUT of a session creates it once, adds files, and changes nothing when it comes again', async () => {
  const sid = randomUUID();
  const [a, b] = [testFile(10, { name: 'a' }), testFile(20, { name: 'b' })];
  const first = await register(me, sid, [a.announced]);
  expect(first.status).toBe(201);
  const created = v.parse(UploadSession, await first.json());
  expect(created).toMatchObject({
    id: sid,
    sessionTtlMinutes: 10,
    files: [{ id: a.announced.id, state: 'open' }],
  });
  const again = await register(me, sid, [a.announced]);
  expect([again.status, (await again.json()).files]).toEqual([200, created.files]);
  const more = await register(me, sid, [b.announced]);
  expect([more.status, (await more.json()).files.map(({ id }: { id: string }) => id).sort()]).toEqual([
    200,
    [a.announced.id, b.announced.id].sort(),
  ]);
  expect([await rows('upload_sessions'), await rows('uploads'), await usedBytes()]).toEqual([1, 2, 30]);
});

test('an id that comes back as another file is refused, with all that came with it', async () => {
  const file = testFile(10);
  const sid = await openUpload(me, [file]);
  for (const change of [{ size: 11 }, { name: 'other' }, { path: 'x' }]) {
    const answer = await register(me, randomUUID(), [
      testFile(5).announced,
      { ...file.announced, ...change },
    ]);
    expect(await code(answer)).toBe('409 ID_REUSED');
  }
  expect(await code(await register(me, sid, [file.announced, file.announced]))).toBe('400 INVALID_INPUT');
  expect([await rows('upload_sessions'), await rows('uploads')]).toEqual([1, 1]);
});

test('the same ids of two accounts are two things', async () => {
  const file = testFile(1000);
  const other = await signIn(server);
  const sid = await openUpload(me, [file]);
  expect((await register(other, sid, [{ ...file.announced, size: 7 }])).status).toBe(201);
  expect((await putPart(me, partPath(sid, file.announced.id, 0), file.bytes)).status).toBe(201);
  expect(await (await other.request('GET', '/api/files')).json()).toMatchObject({ files: [], usedBytes: 7 });
});

test('input of every wrong kind is refused, and leaves nothing behind', async () => {
  const good = testFile(10).announced;
  const bad: [string, unknown][] = [
    ['no files', {}],
    ['an empty list', { files: [] }],
    ['too many', { files: Array.from({ length: 1001 }, () => good) }],
    ['no object', []],
    ['null', null],
    ['a path that leads up', { files: [{ ...good, path: '../etc' }] }],
    ['a path from the root', { files: [{ ...good, path: '/etc' }] }],
    ['a name that leads up', { files: [{ ...good, name: '..' }] }],
    ['a name with a slash', { files: [{ ...good, name: 'a/b' }] }],
    ['a name with a backslash', { files: [{ ...good, name: 'a\\b' }] }],
    ['a name with NUL', { files: [{ ...good, name: 'a\0b' }] }],
    ['a name of 10,000 characters', { files: [{ ...good, name: 'x'.repeat(10_000) }] }],
    ['no name', { files: [{ ...good, name: '' }] }],
    ['half a character', { files: [{ ...good, name: 'a\ud800' }] }],
    ['a negative size', { files: [{ ...good, size: -1 }] }],
    ['a broken size', { files: [{ ...good, size: 1.5 }] }],
    ['a size beyond numbers', { files: [{ ...good, size: 1e300 }] }],
    ['a size in a string', { files: [{ ...good, size: '10' }] }],
    ['an id that is none', { files: [{ ...good, id: '../../x' }] }],
    ['a type too long', { files: [{ ...good, type: 'x'.repeat(256) }] }],
  ];
  for (const [what, body] of bad) {
    const answer = await me.request('PUT', sessionPath(randomUUID()), body);
    expect([what, await code(answer)]).toEqual([
      what,
      what === 'too many' ? '413 TOO_LARGE' : '400 INVALID_INPUT',
    ]);
  }
  const json = { 'Content-Type': 'application/json' };
  const text = JSON.stringify({ files: [good] });
  const sid = randomUUID();
  expect(await code(await me.request('PUT', sessionPath(sid), text.slice(0, -3), json))).toBe(
    '400 INVALID_INPUT',
  );
  expect(await code(await me.request('PUT', sessionPath(sid), '', json))).toBe('400 INVALID_INPUT');
  expect(await code(await me.request('PUT', sessionPath(sid), Buffer.from([0x22, 0xff, 0x22]), json))).toBe(
    '400 INVALID_INPUT',
  );
  expect(await code(await me.request('PUT', sessionPath(sid), text, { 'Content-Type': 'text/plain' }))).toBe(
    '415 WRONG_CONTENT_TYPE',
  );
  expect(await code(await me.request('PUT', sessionPath('not-a-uuid'), { files: [good] }))).toBe(
    '400 INVALID_INPUT',
  );
  expect([await rows('upload_sessions'), await rows('uploads'), await uploadFolder()]).toEqual([0, 0, []]);
});

test('a type that is none is dropped, never a reason to refuse a file', async () => {
  const file = testFile(1, { type: 'text/html\r\nX-Evil: 1' });
  const sid = await openUpload(me, [file]);
  expect((await readSession(sid)).files[0]?.type).toBe('');
});

test('what is over a limit is refused with the limit and its name, before a byte, and rolled back', async () => {
  const problem = async (files: unknown[], sid = randomUUID()) => {
    const answer = await register(me, sid, files);
    const { code: name, limit, limitName } = await answer.json();
    return [answer.status, name, limit, limitName];
  };
  const many = (count: number, size = 1) => Array.from({ length: count }, () => testFile(size).announced);
  expect(await problem([{ ...testFile(1).announced, size: 40_000_001 }])).toEqual([
    413,
    'TOO_LARGE',
    40_000_000,
    'MAX_FILE_BYTES',
  ]);
  expect(await problem(many(7))).toEqual([413, 'TOO_LARGE', 6, 'MAX_FILES_PER_SESSION']);
  expect(await problem(many(2, 30_000_000))).toEqual([507, 'QUOTA_EXCEEDED', 50_000_000, 'QUOTA_BYTES']);
  expect([await rows('upload_sessions'), await rows('uploads')]).toEqual([0, 0]);
  const sids = [1, 2, 3, 4].map(() => randomUUID());
  for (const sid of sids) expect((await register(me, sid, many(1, 10_000_000))).status).toBe(201);
  expect(await problem(many(1))).toEqual([409, 'TOO_MANY_SESSIONS', 4, 'MAX_OPEN_SESSIONS']);
  expect(await problem(many(1, 10_000_001), sids[0])).toEqual([
    507,
    'QUOTA_EXCEEDED',
    50_000_000,
    'QUOTA_BYTES',
  ]);
  expect((await register(me, sids[0] ?? '', many(1, 10_000_000))).status).toBe(200);
  expect(await usedBytes()).toBe(50_000_000);
});

test('quota counts what is stored, and is free again when a file is deleted or cancelled', async () => {
  const [stored, cancelled] = [testFile(1000), testFile(2000)];
  const sid = await openUpload(me, [stored, cancelled]);
  await putPart(me, partPath(sid, stored.announced.id, 0), stored.bytes);
  expect(await usedBytes()).toBe(3000);
  await me.request('DELETE', `${sessionPath(sid)}/files/${cancelled.announced.id}`);
  expect(await usedBytes()).toBe(1000);
  await me.request('DELETE', `/api/files/${stored.announced.id}`);
  expect(await usedBytes()).toBe(0);
});

test('open sessions are listed for every device of the account; finished ones are not', async () => {
  const [open, done] = [testFile(10), testFile(10)];
  const sid = await openUpload(me, [open]);
  const finished = await openUpload(me, [done]);
  await putPart(me, partPath(finished, done.announced.id, 0), done.bytes);
  const elsewhere = await signIn(server, me.email);
  const { sessions } = await (await elsewhere.request('GET', '/api/upload-sessions?state=open')).json();
  expect(sessions.map(({ id }: { id: string }) => id)).toEqual([sid]);
  const stranger = await signIn(server);
  expect((await (await stranger.request('GET', '/api/upload-sessions?state=open')).json()).sessions).toEqual(
    [],
  );
  expect(await code(await stranger.request('GET', sessionPath(sid)))).toBe('404 NOT_FOUND');
  expect(
    await code(await stranger.request('GET', `${sessionPath(sid)}/files/${open.announced.id}/digests`)),
  ).toBe('404 NOT_FOUND');
  expect(await code(await me.request('GET', '/api/upload-sessions?state=closed'))).toBe('400 INVALID_INPUT');
});

test('a session that is over its time takes no parts until it is refreshed, and then knows what it had', async () => {
  const file = testFile(PART_BYTES + 1000);
  const sid = await openUpload(me, [file]);
  const path = (n: number) => partPath(sid, file.announced.id, n);
  server.advance(9 * MINUTE_MS);
  const moved = await putPart(me, path(0), file.bytes.subarray(0, PART_BYTES));
  expect(Number(moved.headers.get(header.issuedAt))).toBeGreaterThan(server.now() - MINUTE_MS);
  server.advance(9 * MINUTE_MS); // that part has moved the end on
  const tail = file.bytes.subarray(PART_BYTES);
  expect((await me.request('PUT', path(1), tail.subarray(0, 100), partHeaders(tail, 0, false))).status).toBe(
    204,
  );
  server.advance(2 * MINUTE_MS);
  expect(await code(await putPart(me, path(1), tail, 100))).toBe('410 EXPIRED_SESSION');
  expect((await me.request('HEAD', path(1))).status).toBe(410);
  const refreshed = v.parse(UploadSession, await (await register(me, sid, [file.announced])).json());
  expect(refreshed.issuedAt).toBeGreaterThan(server.now() - MINUTE_MS);
  expect(refreshed.files[0]).toMatchObject({ acknowledged: [[0, 0]], offsets: { 1: 100 } });
  expect((await putPart(me, path(1), tail, 100)).status).toBe(201);
});

test('a file that lived in another session moves with its parts', async () => {
  const file = testFile(PART_BYTES + 10);
  const fid = file.announced.id;
  const old = await openUpload(me, [file]);
  await putPart(me, partPath(old, fid, 0), file.bytes.subarray(0, PART_BYTES));
  const sid = await openUpload(me, [file]);
  expect((await readSession(sid)).files[0]?.acknowledged).toEqual([[0, 0]]);
  expect((await readSession(old)).files).toEqual([]);
  expect(await code(await putPart(me, partPath(old, fid, 1), file.bytes.subarray(PART_BYTES)))).toBe(
    '404 NOT_FOUND',
  );
  expect((await putPart(me, partPath(sid, fid, 1), file.bytes.subarray(PART_BYTES))).status).toBe(201);
  expect((await readSession(await openUpload(me, [file]))).files[0]?.state).toBe('stored');
});

test('the reaper frees what nobody came back to, says so, and a refresh begins again', async () => {
  const [file, stays] = [testFile(PART_BYTES + 1000), testFile(1000)];
  const fid = file.announced.id;
  const sid = await openUpload(me, [file]);
  await putPart(me, partPath(sid, fid, 0), file.bytes.subarray(0, PART_BYTES));
  await reap(server.services, server.now() + DAY_MS + 9 * MINUTE_MS);
  expect(await rows('parts')).toBe(1);
  const kept = await openUpload(me, [stays]);
  await putPart(me, partPath(kept, stays.announced.id, 0), stays.bytes);

  server.advance(DAY_MS + 11 * MINUTE_MS);
  await reap(server.services, server.now());
  expect([await rows('parts'), await rows('garbage'), await uploadFolder(), await usedBytes()]).toEqual([
    1,
    0,
    [],
    1000,
  ]);
  expect(await code(await putPart(me, partPath(sid, fid, 1), file.bytes.subarray(PART_BYTES)))).toBe(
    '410 EXPIRED_SESSION',
  );
  expect((await (await me.request('GET', '/api/upload-sessions?state=open')).json()).sessions).toEqual([]);
  const again = v.parse(UploadSession, await (await register(me, sid, [file.announced])).json());
  expect(again.files[0]).toMatchObject({ state: 'open', acknowledged: [], offsets: {} });
  expect(await usedBytes()).toBe(file.bytes.length + 1000);
  for (const n of [0, 1]) {
    const part = file.bytes.subarray(n * PART_BYTES, (n + 1) * PART_BYTES);
    expect((await putPart(me, partPath(sid, fid, n), part)).status).toBe(n === 0 ? 204 : 201);
  }
});

test('a file of a reaped session that the refresh did not name stays over', async () => {
  const [named, forgotten] = [testFile(10), testFile(10)];
  const sid = await openUpload(me, [named, forgotten]);
  server.advance(2 * DAY_MS);
  await reap(server.services, server.now());
  await openUpload(me, [named], sid);
  expect(await code(await putPart(me, partPath(sid, forgotten.announced.id, 0), forgotten.bytes))).toBe(
    '410 EXPIRED_SESSION',
  );
  expect((await putPart(me, partPath(sid, named.announced.id, 0), named.bytes)).status).toBe(201);
});

test('a cancelled upload is gone with its bytes, stops what runs, and begins at zero when it is reopened', async () => {
  const file = testFile(3_000_000);
  const fid = file.announced.id;
  const sid = await openUpload(me, [file]);
  const path = partPath(sid, fid, 0);
  const running = await rawPut(me, path, partHeaders(file.bytes), file.bytes.length);
  await running.send(file.bytes.subarray(0, 1_000_000));
  await expect.poll(() => offsetOf(me, path)).toBeGreaterThan(0);
  const cancel = () => me.request('DELETE', `${sessionPath(sid)}/files/${fid}`);
  expect((await cancel()).status).toBe(204);
  expect(await running.answer).toContain('"code":"CANCELLED"');
  expect((await cancel()).status).toBe(204);
  expect(await code(await putPart(me, path, file.bytes))).toBe('410 CANCELLED');
  expect((await readSession(sid)).files[0]).toMatchObject({
    state: 'cancelled',
    acknowledged: [],
    offsets: {},
  });
  expect([await uploadFolder(), await rows('garbage'), await usedBytes()]).toEqual([[], 0, 0]);
  await openUpload(me, [file], sid);
  expect((await readSession(sid)).files[0]?.state).toBe('cancelled');
  await openUpload(me, [{ ...file, announced: { ...file.announced, reopen: true } }], sid);
  expect(await offsetOf(me, path)).toBe(0);
  expect((await putPart(me, path, file.bytes)).status).toBe(201);
});

test('cancelling an upload that is stored leaves the file in the library', async () => {
  const file = testFile(10);
  const sid = await openUpload(me, [file]);
  await putPart(me, partPath(sid, file.announced.id, 0), file.bytes);
  expect((await me.request('DELETE', `${sessionPath(sid)}/files/${file.announced.id}`)).status).toBe(204);
  expect((await me.request('GET', `/api/files/${file.announced.id}`)).status).toBe(200);
  expect(await code(await me.request('DELETE', `${sessionPath(sid)}/files/${randomUUID()}`))).toBe(
    '404 NOT_FOUND',
  );
});

test('storage that a crash left to be freed is freed at the next chance', async () => {
  const file = testFile(10_000);
  const sid = await openUpload(me, [file]);
  await me.request(
    'PUT',
    partPath(sid, file.announced.id, 0),
    file.bytes.subarray(0, 9),
    partHeaders(file.bytes, 0, false),
  );
  const [key = ''] = await uploadFolder();
  await server.services.db
    .insertInto('garbage')
    .values({ storage_key: key.replace('.held', '') })
    .execute();
  await freeGarbage(server.services);
  expect([await uploadFolder(), await rows('garbage')]).toEqual([[], 0]);
});
