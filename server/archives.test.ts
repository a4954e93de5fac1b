import { randomBytes, randomUUID } from 'node:crypto';
import { unzipSync } from 'fflate';
import * as v from 'valibot';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Archive, MAX_FILES_PER_ARCHIVE, Share, type StoredFile } from '../shared/api.ts';
import { reap } from './reaper.ts';
import {
  CookieJar,
  problemOf,
  signIn,
  startTestServer,
  storeFile,
  type TestAccount,
  type TestServer,
} from './testing.ts';

const DAY_MS = 86_400_000;

let server: TestServer;
let me: TestAccount;
beforeEach(async () => {
  server = await startTestServer();
  me = await signIn(server);
});
afterEach(() => {
  vi.restoreAllMocks();
  return server.stop();
});

const post = (of: unknown, by = me) => by.request('POST', '/api/archives', { of });
const content = (id: string, headers = {}, by = me) =>
  by.request('GET', `/api/archives/${id}/content`, undefined, headers);
const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());

async function archive(of: unknown): Promise<Archive> {
  const answer = await post(of);
  expect(answer.status).toBe(201);
  return v.parse(Archive, await answer.json());
}

/** Names and contents of a ZIP; throws unless it is whole. */
function unzipped(zip: Buffer): Record<string, string> {
  const members = Object.entries(unzipSync(zip));
  return Object.fromEntries(members.map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]));
}

/** Three files in three folders, one of them empty, by their whole paths. */
async function threeFiles(): Promise<{ files: StoredFile[]; expected: Record<string, string> }> {
  const contents = {
    'trip/day one/häfen.bin': randomBytes(300_000),
    'trip/empty.txt': Buffer.alloc(0),
    'notes.txt': randomBytes(10),
  };
  const files: StoredFile[] = [];
  const expected: Record<string, string> = {};
  for (const [path, bytes] of Object.entries(contents)) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const folder = path.slice(0, Math.max(0, path.length - name.length - 1));
    files.push(await storeFile(me, bytes, { name, path: folder, lastModified: Date.UTC(2024, 4, 1, 12) }));
    expected[path] = bytes.toString('base64');
  }
  return { files, expected };
}

test('files come as one ZIP, in their folders, whole, with its length known before', async () => {
  const { files, expected } = await threeFiles();
  const made = await archive({ files: files.map(({ id }) => id) });
  const { id, name } = made;
  expect(name).toMatch(/^holdfast-\d{4}-\d\d-\d\d\.zip$/);
  const answer = await content(id);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/zip',
    'content-disposition': `attachment; filename="${name}"; filename*=UTF-8''${name}`,
    'content-length': String(made.bytes),
    'content-security-policy': "sandbox; default-src 'none'",
    'accept-ranges': 'bytes',
  });
  const zip = await bytesOf(answer);
  expect(zip.length).toBe(made.bytes);
  expect(unzipped(zip)).toEqual(expected);
  const head = await me.request('HEAD', `/api/archives/${id}/content`);
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(made.bytes)]);
});

test('a download that was cut goes on from any byte, and begins anew once a file is another', async () => {
  const { files } = await threeFiles();
  const { id, bytes: size } = await archive({ files: files.map((file) => file.id) });
  const whole = await content(id);
  const etag = whole.headers.get('etag') ?? '';
  const zip = await bytesOf(whole);
  for (const at of [1, 29, 30, 200_000, 300_100, size - 40, size - 1]) {
    const rest = await content(id, { Range: `bytes=${at}-`, 'If-Range': etag });
    expect([at, rest.status, rest.headers.get('content-range')]).toEqual([
      at,
      206,
      `bytes ${at}-${size - 1}/${size}`,
    ]);
    expect((await bytesOf(rest)).equals(zip.subarray(at))).toBe(true);
  }
  const middle = await content(id, { Range: 'bytes=100-299999' });
  expect((await bytesOf(middle)).equals(zip.subarray(100, 300_000))).toBe(true);
  expect(await problemOf(await content(id, { Range: `bytes=${size}-` }))).toBe('416 RANGE_NOT_SATISFIABLE');
  expect((await content(id, { 'If-None-Match': etag })).status).toBe(304);

  await me.request('PATCH', `/api/files/${files[0]?.id}`, { name: 'harbours.bin' });
  const another = await content(id, { Range: 'bytes=1000-', 'If-Range': etag });
  expect(another.status).toBe(200);
  expect(Object.keys(unzipped(await bytesOf(another)))).toContain('trip/day one/harbours.bin');
});

test('of a folder it is what is in it, as seen from itself', async () => {
  const { expected } = await threeFiles();
  const made = await archive({ folder: 'trip' });
  expect(made.name).toBe('trip.zip');
  expect(unzipped(await bytesOf(await content(made.id)))).toEqual({
    'day one/häfen.bin': expected['trip/day one/häfen.bin'],
    'empty.txt': expected['trip/empty.txt'],
  });
  expect((await archive({ folder: 'trip/day one' })).name).toBe('day one.zip');
  expect(await problemOf(await post({ folder: 'nowhere' }))).toBe('404 NOT_FOUND');
});

test('what is deleted meanwhile is left out, and without anything left there is no archive', async () => {
  const { files } = await threeFiles();
  const { id } = await archive({ files: files.map((file) => file.id) });
  await me.request('DELETE', `/api/files/${files[0]?.id}`);
  // Also where it was deleted on another device, and is selected here all the same.
  const chosen = await archive({ files: files.map((file) => file.id) });
  for (const made of [id, chosen.id])
    expect(Object.keys(unzipped(await bytesOf(await content(made)))).sort()).toEqual([
      'notes.txt',
      'trip/empty.txt',
    ]);
  for (const file of files.slice(1)) await me.request('DELETE', `/api/files/${file.id}`);
  expect(await problemOf(await content(id))).toBe('404 NOT_FOUND');
});

test('nobody gets at what is not theirs, and nothing is made of what is not there', async () => {
  const { files } = await threeFiles();
  const ids = files.map((file) => file.id);
  const { id } = await archive({ files: ids });
  const other = await signIn(server);
  expect(await problemOf(await post({ files: ids.slice(0, 1) }, other))).toBe('404 NOT_FOUND');
  expect(await problemOf(await content(id, {}, other))).toBe('404 NOT_FOUND');
  expect(await problemOf(await fetch(`${server.url}/api/archives/${id}/content`))).toBe('401 SIGNED_OUT');
  expect(await problemOf(await content(randomUUID()))).toBe('404 NOT_FOUND');
  expect(await problemOf(await post({ files: [randomUUID()] }))).toBe('404 NOT_FOUND');
  const { Cookie: _, ...withoutSession } = me.headers;
  const body = JSON.stringify({ of: { files: ids } });
  const wrong: [Record<string, string>, string][] = [
    [withoutSession, '401 SIGNED_OUT'],
    [{ ...me.headers, 'X-CSRF-Token': 'x' }, '403 CSRF_INVALID'],
  ];
  for (const [headers, refused] of wrong) {
    const asked = { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body };
    expect(await problemOf(await fetch(`${server.url}/api/archives`, asked))).toBe(refused);
  }
  for (const nothing of [{}, { files: [] }, { folder: '' }, { folder: '../x' }, { files: ['x'] }, null])
    expect(await problemOf(await post(nothing))).toBe('400 INVALID_INPUT');
  const tooMany = Array.from({ length: MAX_FILES_PER_ARCHIVE + 1 }, () => randomUUID());
  expect(await problemOf(await post({ files: tooMany }))).toBe('400 INVALID_INPUT');
});

test('it can be had for a day, and is forgotten then; of an account twenty are kept', async () => {
  const { files } = await threeFiles();
  const of = { files: files.map((file) => file.id) };
  const made: string[] = [];
  for (let n = 0; n < 21; n++) {
    made.push((await archive(of)).id);
    server.advance(1000);
  }
  const statuses = await Promise.all(made.map(async (id) => (await content(id)).status));
  expect(statuses).toEqual([404, ...Array.from({ length: 20 }, () => 200)]);

  server.advance(DAY_MS - 2000);
  expect((await content(made[20] ?? '')).status).toBe(200);
  server.advance(2000);
  expect(await problemOf(await content(made[20] ?? ''))).toBe('404 NOT_FOUND');
  await reap(server.services, server.now());
  expect(await server.services.db.selectFrom('archives').selectAll().execute()).toEqual([]);
});

test('bytes that can’t be read end the download short of its length, and nothing else', async () => {
  const file = await storeFile(me, 500_000, { name: 'gone.bin' });
  const { id } = await archive({ files: [file.id] });
  const row = await server.services.db.selectFrom('files').select('storage_key').executeTakeFirstOrThrow();
  await server.services.store.remove(row.storage_key);
  vi.spyOn(console, 'error').mockImplementation(() => undefined); // where the adapter says so
  const answer = await content(id);
  expect(answer.status).toBe(200);
  await expect(answer.arrayBuffer()).rejects.toThrow();
  expect((await me.request('GET', '/api/files')).status).toBe(200);
});

test('all of a share is one download of each of its files, which can be gone on with', async () => {
  const one = await storeFile(me, randomBytes(5000), { name: 'a.bin', path: 'x' });
  const two = await storeFile(me, randomBytes(100), { name: 'a.bin', path: 'y' });
  const made = await me.request('POST', '/api/shares', {
    of: { files: [one.id, two.id] },
    name: 'For you / both',
    expiresAt: null,
    password: null,
    maxDownloads: 3,
  });
  const { token } = v.parse(Share, await made.json());
  const downloads = async () => {
    const { shares } = (await (await me.request('GET', '/api/shares')).json()) as { shares: Share[] };
    return shares[0]?.downloads;
  };
  const guest = new CookieJar();
  const all = (headers = {}, jar = guest) =>
    jar.fetch(`${server.url}/api/shared/${token}/archive`, { headers });

  const answer = await all();
  expect(answer.headers.get('content-disposition')).toContain('filename="For you _ both.zip"');
  expect(answer.headers.getSetCookie()[0]).toContain(`Path=/api/shared/${token}/archive;`);
  const zip = await bytesOf(answer);
  const members = unzipSync(zip);
  expect(Object.keys(members)).toEqual(['a.bin', 'a (2).bin']);
  expect(Object.values(members).map(({ length }) => length)).toEqual(expect.arrayContaining([100, 5000]));
  expect(await downloads()).toBe(2);
  const rest = await all({ Range: 'bytes=2000-' });
  expect((await bytesOf(rest)).equals(zip.subarray(2000))).toBe(true);
  expect(await downloads()).toBe(2);

  // Another file in it, and so another archive: it is no part of what was counted.
  const changed = await all({ Range: 'bytes=2000-', 'If-Range': '"another"' });
  expect(await problemOf(changed)).toBe('404 NOT_FOUND');

  // One is left, which is not enough for two files; it is still good for one of them.
  expect(await problemOf(await all({}, new CookieJar()))).toBe('404 NOT_FOUND');
  expect(await downloads()).toBe(2);
  const stranger = await fetch(`${server.url}/api/shared/${token}/files/${one.id}/content`);
  expect((await bytesOf(stranger)).length).toBe(5000);
  expect(await problemOf(await all({}, new CookieJar()))).toBe('404 NOT_FOUND');
  expect((await all({ Range: 'bytes=2000-' })).status).toBe(206);
});
