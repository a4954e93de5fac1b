import * as v from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StoredFile, StoredFiles } from '../shared/api.ts';
import {
  openUpload,
  partPath,
  putPart,
  signIn,
  startTestServer,
  storeFile,
  type TestAccount,
  type TestServer,
  testFile,
} from './testing.ts';

let server: TestServer;
let me: TestAccount;
beforeAll(async () => {
  server = await startTestServer();
  me = await signIn(server);
});
afterAll(() => server.stop());

async function store(
  account: TestAccount,
  size: number,
  name: string,
  more = {},
): Promise<{ file: StoredFile; bytes: Buffer }> {
  const file = testFile(size, { name, ...more });
  const sid = await openUpload(account, [file]);
  const answer = await putPart(account, partPath(sid, file.announced.id, 0), file.bytes);
  expect(answer.status).toBe(201);
  return { file: (await answer.json()) as StoredFile, bytes: file.bytes };
}
const content = (id: string, headers: Record<string, string> = {}, method = 'GET') =>
  me.request(method, `/api/files/${id}/content`, undefined, headers);
async function code(answer: Response): Promise<string> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
}

test('the library comes in pages, the newest first, with the quota', async () => {
  const other = await signIn(server);
  const names = ['1', '2', '3', '4', '5'];
  for (const name of names) {
    await store(other, 10, name);
    server.advance(1000);
  }
  const page = async (query: string) =>
    v.parse(StoredFiles, await (await other.request('GET', `/api/files?${query}`)).json());
  const seen: string[] = [];
  let next: string | null = '';
  while (next !== null) {
    const {
      files,
      next: after,
      usedBytes,
      quotaBytes,
    } = await page(`limit=2${next ? `&after=${next}` : ''}`);
    seen.push(...files.map(({ name }) => name));
    expect([usedBytes, quotaBytes]).toEqual([50, 1024 ** 4]);
    next = after;
  }
  expect(seen).toEqual(names.toReversed());
  for (const query of ['limit=0', 'limit=1001', 'limit=-1', 'limit=x', 'after=zzz', "after=1'--"]) {
    expect([query, await code(await other.request('GET', `/api/files?${query}`))]).toEqual([
      query,
      '400 INVALID_INPUT',
    ]);
  }
});

test('two files of one name in one folder are both kept', async () => {
  const first = await store(me, 1, 'photo.jpg', { path: 'p' });
  const second = await store(me, 2, 'photo.jpg', { path: 'p' });
  const third = await store(me, 3, 'photo.jpg', { path: 'q' });
  expect([first, second, third].map(({ file }) => file.name)).toEqual([
    'photo.jpg',
    'photo (2).jpg',
    'photo.jpg',
  ]);
});

test('a file is renamed, to a free name if its own is taken, and to its own name without change', async () => {
  const { file } = await store(me, 1, 'before', { path: 'r' });
  await store(me, 1, 'taken.txt', { path: 'r' });
  const rename = (name: unknown) => me.request('PATCH', `/api/files/${file.id}`, { name });
  expect((await (await rename('after')).json()).name).toBe('after');
  expect((await (await rename('after')).json()).name).toBe('after');
  expect((await (await rename('taken.txt')).json()).name).toBe('taken (2).txt');
  for (const name of ['', '..', 'a/b', 'a\0', 'x'.repeat(10_000), 7, null]) {
    expect([name, await code(await rename(name))]).toEqual([name, '400 INVALID_INPUT']);
  }
  expect((await (await me.request('GET', `/api/files/${file.id}`)).json()).name).toBe('taken (2).txt');
});

test('a file of another account is not there, whatever is asked of it', async () => {
  const { file } = await store(me, 1, 'mine');
  const other = await signIn(server);
  const path = `/api/files/${file.id}`;
  const answers = [
    await other.request('GET', path),
    await other.request('GET', `${path}/content`),
    await other.request('PATCH', path, { name: 'x' }),
    await other.request('DELETE', path),
  ];
  for (const answer of answers) expect(await code(answer)).toBe('404 NOT_FOUND');
  expect((await me.request('GET', path)).status).toBe(200);
});

test('a deleted file is gone, with its bytes', async () => {
  const { file } = await store(me, 10, 'gone');
  expect((await me.request('DELETE', `/api/files/${file.id}`)).status).toBe(204);
  expect(await code(await content(file.id))).toBe('404 NOT_FOUND');
  expect(await code(await me.request('DELETE', `/api/files/${file.id}`))).toBe('404 NOT_FOUND');
});

test('content comes as a download that nothing can run from', async () => {
  const { file, bytes } = await store(me, 1000, `Übung "1";%41.html`, { type: 'text/html' });
  const answer = await content(file.id);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'text/html',
    'content-length': '1000',
    'content-disposition': `attachment; filename="_bung _1_;_41.html"; filename*=UTF-8''%C3%9Cbung%20%221%22%3B%2541.html`,
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    etag: `"${file.etag}"`,
  });
  expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
});

test('ranges, as the standard has them', async () => {
  const { file, bytes } = await store(me, 1000, 'ranged');
  const etag = `"${file.etag}"`;
  const cases: [Record<string, string>, number, string | null, number, number][] = [
    [{ Range: 'bytes=0-0' }, 206, 'bytes 0-0/1000', 0, 1],
    [{ Range: 'bytes=990-' }, 206, 'bytes 990-999/1000', 990, 1000],
    [{ Range: 'bytes=-10' }, 206, 'bytes 990-999/1000', 990, 1000],
    [{ Range: 'bytes=-5000' }, 206, 'bytes 0-999/1000', 0, 1000],
    [{ Range: 'bytes=5-99999' }, 206, 'bytes 5-999/1000', 5, 1000],
    [{ Range: 'bytes=0-1,5-6' }, 200, null, 0, 1000],
    [{ Range: 'bytes=7-3' }, 200, null, 0, 1000],
    [{ Range: 'items=0-1' }, 200, null, 0, 1000],
    [{ Range: 'bytes=0-9', 'If-Range': etag }, 206, 'bytes 0-9/1000', 0, 10],
    [{ Range: 'bytes=0-9', 'If-Range': '"other"' }, 200, null, 0, 1000],
    [{ Range: 'bytes=0-9', 'If-Range': `W/${etag}` }, 200, null, 0, 1000],
  ];
  for (const [headers, status, range, from, to] of cases) {
    const answer = await content(file.id, headers);
    expect([headers, answer.status, answer.headers.get('content-range')]).toEqual([headers, status, range]);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes.subarray(from, to))).toBe(true);
    const head = await content(file.id, headers, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([status, String(to - from)]);
  }
  for (const range of ['bytes=1000-', 'bytes=-0']) {
    const answer = await content(file.id, { Range: range });
    expect(answer.headers.get('content-range')).toBe('bytes */1000');
    expect(await code(answer)).toBe('416 RANGE_NOT_SATISFIABLE');
  }
});

test('content that the client has is not sent again', async () => {
  const { file } = await store(me, 10, 'cached');
  for (const tag of [`"${file.etag}"`, `W/"${file.etag}"`, `"x", "${file.etag}"`, '*']) {
    const answer = await content(file.id, { 'If-None-Match': tag });
    expect([tag, answer.status, answer.headers.get('etag')]).toEqual([tag, 304, `"${file.etag}"`]);
  }
  expect((await content(file.id, { 'If-None-Match': '"x"' })).status).toBe(200);
});

test('nothing that was uploaded can run here, whatever it says it is', async () => {
  const cases: [string, string, string][] = [
    ['page.html', 'text/html', 'text/html'],
    ['image.svg', 'image/svg+xml', 'image/svg+xml'],
    ['code.js', 'text/javascript', 'text/plain'],
    ['code.mjs', 'Application/JavaScript; charset=utf-8', 'text/plain'],
    ['style.css', 'text/css', 'text/plain'],
    ['code.wasm', 'application/wasm', 'text/plain'],
    ['no type', '', 'application/octet-stream'],
    ['header', 'text/html\r\nX-Evil: 1', 'application/octet-stream'],
  ];
  for (const [name, type, served] of cases) {
    const { file } = await store(me, 10, name, { type });
    for (const query of ['', '?show=pdf', '?show=html']) {
      const { headers } = await me.request('GET', `/api/files/${file.id}/content${query}`);
      expect([name, query, headers.get('content-type')]).toEqual([name, query, served]);
      expect(headers.get('content-disposition')).toMatch(/^attachment; /);
      expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  }
});

test('a PDF is shown to the app alone, by what it is and not by what it says', async () => {
  const pdf = Buffer.from('%PDF-1.7\n');
  const shown = async (bytes: Buffer, overrides: object, headers: Record<string, string> = {}) => {
    const { id } = await storeFile(me, bytes, overrides);
    return me.request('GET', `/api/files/${id}/content?show=pdf`, undefined, headers);
  };
  const answer = await shown(pdf, { name: 'a.bin', type: 'text/html' });
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/pdf',
    'content-disposition': `inline; filename="a.bin"; filename*=UTF-8''a.bin`,
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self' http://localhost:0",
    'x-content-type-options': 'nosniff',
  });
  expect(Buffer.from(await answer.arrayBuffer()).equals(pdf)).toBe(true);
  const range = await shown(pdf, { name: 'b.pdf' }, { Range: 'bytes=2-4' });
  expect([range.status, range.headers.get('content-type'), await range.text()]).toEqual([
    206,
    'application/pdf',
    'DF-',
  ]);
  for (const text of ['', '%PDF', ' %PDF-1.7', '<script>1</script>%PDF-1.7', '%pdf-1.7']) {
    const other = await shown(Buffer.from(text), { name: 'c.pdf', type: 'application/pdf' });
    expect([text, other.headers.get('content-disposition')?.slice(0, 10)]).toEqual([text, 'attachment']);
    expect(other.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
  }
});
