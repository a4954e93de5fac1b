import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { header } from '../shared/api.ts';
import { PART_BYTES } from '../shared/parts.ts';
import {
  offsetOf,
  openUpload,
  partHeaders,
  partPath,
  putPart,
  rawPut,
  signIn,
  startTestServer,
  type TestAccount,
  type TestFile,
  type TestServer,
  testFile,
} from './testing.ts';

const KIB = 1024;
let server: TestServer;
let me: TestAccount;
beforeAll(async () => {
  server = await startTestServer({ BODY_STALL_SECONDS: '1.5' });
  me = await signIn(server);
});
afterAll(() => server.stop());

/** A file of one part, announced, with the address of that part. */
async function onePart(size: number): Promise<TestFile & { sid: string; fid: string; path: string }> {
  const file = testFile(size);
  const sid = await openUpload(me, [file]);
  const fid = file.announced.id;
  return { ...file, sid, fid, path: partPath(sid, fid, 0) };
}

async function code(answer: Response): Promise<string> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await answer.json()) as { code: string; status: number };
  expect(problem.status).toBe(answer.status);
  return `${problem.status} ${problem.code}`;
}

function rawCode(answer: string): string {
  return `${/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]} ${/"code":"(\w+)"/.exec(answer)?.[1] ?? ''}`;
}

async function storedContent(fid: string): Promise<Buffer> {
  return Buffer.from(await (await me.request('GET', `/api/files/${fid}/content`)).arrayBuffer());
}

test('the prefix of a cut body is kept, and the rest completes the part', async () => {
  const { bytes, fid, path, sid } = await onePart(3_000_000);
  const put = await rawPut(me, path, partHeaders(bytes), bytes.length);
  await put.send(bytes.subarray(0, 1_234_567));
  await expect.poll(() => offsetOf(me, path)).toBeGreaterThan(500 * KIB);
  put.cut();
  await expect.poll(() => offsetOf(me, path)).toBe(1_234_567);
  const session = await (await me.request('GET', `/api/upload-sessions/${sid}`)).json();
  expect(session.files[0].offsets).toEqual({ 0: 1_234_567 });
  expect((await putPart(me, path, bytes, 1_234_567)).status).toBe(201);
  expect((await storedContent(fid)).equals(bytes)).toBe(true);
});

test('a HEAD right after the cut sees every byte that arrived', async () => {
  const { bytes, path } = await onePart(2_000_000);
  for (const upTo of [100_000, 100_001, 700_000]) {
    const offset = await offsetOf(me, path);
    const put = await rawPut(me, path, partHeaders(bytes, offset), bytes.length - offset);
    await put.send(bytes.subarray(offset, upTo));
    put.socket.end(); // in order behind the bytes, unlike a reset
    await put.answer;
    expect(await offsetOf(me, path)).toBe(upTo);
  }
});

test('a HEAD after the cut waits for a disk that is behind, so that nothing that arrived is sent again', async () => {
  const { bytes, path } = await onePart(2_000_000);
  const { store } = server.services;
  const write = store.write.bind(store);
  const slow = vi.spyOn(store, 'write').mockImplementation(async (...place) => {
    const writer = await write(...place);
    const add = writer.add.bind(writer);
    const drained = writer.drained.bind(writer);
    let isFirst = true;
    return Object.assign(writer, {
      add: (chunk: Buffer) => add(chunk) && !isFirst,
      // Once, longer than a connection may be silent that has nothing more to bring.
      async drained() {
        isFirst = false;
        await setTimeout(900);
        await drained();
      },
    });
  });
  try {
    const put = await rawPut(me, path, partHeaders(bytes), bytes.length);
    await put.send(bytes.subarray(0, 1_500_000));
    put.socket.end();
    expect(await offsetOf(me, path)).toBe(1_500_000);
  } finally {
    slow.mockRestore();
  }
});

test('a segment that does not reach the end of the part is kept and answered 204', async () => {
  const { bytes, path } = await onePart(1000);
  const headers = partHeaders(bytes, 0, false);
  const first = await me.request('PUT', path, bytes.subarray(0, 400), headers);
  expect([first.status, first.headers.get(header.offset), first.headers.get(header.complete)]).toEqual([
    204,
    '400',
    '?0',
  ]);
  expect((await putPart(me, path, bytes, 400)).status).toBe(201);
});

test('another offset than what is there is refused, with the true one', async () => {
  const { bytes, path } = await onePart(1000);
  const answer = await putPart(me, path, bytes, 10);
  expect(answer.headers.get(header.offset)).toBe('0');
  expect(await code(answer)).toBe('409 OFFSET_MISMATCH');
});

test('all bytes are here but nobody said so: an empty body with the digest completes the part', async () => {
  const { bytes, path } = await onePart(1000);
  expect((await me.request('PUT', path, bytes, partHeaders(bytes, 0, false))).status).toBe(204);
  expect((await putPart(me, path, bytes, 1000)).status).toBe(201);
});

test('a digest that does not match empties the part', async () => {
  const { bytes, path } = await onePart(2_000_000);
  const wrong = Buffer.from(bytes);
  wrong[77] = (wrong[77] ?? 0) ^ 1;
  const answer = await me.request('PUT', path, wrong, partHeaders(bytes));
  expect(answer.headers.get('connection')).toBe('close');
  expect(await code(answer)).toBe('422 DIGEST_MISMATCH');
  expect(await offsetOf(me, path)).toBe(0);
  expect((await putPart(me, path, bytes)).status).toBe(201);
});

test('a digest over bytes that came in several segments is checked as one', async () => {
  const { bytes, path } = await onePart(900_000);
  const wrong = Buffer.from(bytes);
  wrong[5] = (wrong[5] ?? 0) ^ 1;
  await me.request('PUT', path, wrong.subarray(0, 300_000), partHeaders(bytes, 0, false));
  await me.request('PUT', path, bytes.subarray(300_000, 600_000), partHeaders(bytes, 300_000, false));
  expect(await code(await putPart(me, path, bytes, 600_000))).toBe('422 DIGEST_MISMATCH');
});

test('a stored part answers the same request as the first time, and refuses another digest', async () => {
  const file = testFile(PART_BYTES + 10);
  const sid = await openUpload(me, [file]);
  const tail = file.bytes.subarray(PART_BYTES);
  const path = partPath(sid, file.announced.id, 1);
  expect((await putPart(me, path, tail)).status).toBe(204);
  expect((await putPart(me, path, tail)).status).toBe(204);
  expect((await putPart(me, path, tail, 10)).status).toBe(204);
  expect(await code(await putPart(me, path, Buffer.alloc(10)))).toBe('409 PART_EXISTS');
});

test('a segment for a part that another device has finished meanwhile is too late, and no other file', async () => {
  const file = testFile(PART_BYTES + 10);
  const sid = await openUpload(me, [file]);
  const tail = file.bytes.subarray(PART_BYTES);
  const path = partPath(sid, file.announced.id, 1);
  expect((await putPart(me, path, tail)).status).toBe(204);
  const late = await me.request('PUT', path, tail.subarray(2, 5), partHeaders(tail, 2, false));
  expect(late.headers.get(header.offset)).toBe('10');
  expect(await code(late)).toBe('409 OFFSET_MISMATCH');
  expect((await putPart(me, path, tail, 10)).status).toBe(204);
});

test('the last answer is given again, also when the session is long over and the file is gone from the library', async () => {
  const { bytes, fid, path } = await onePart(1000);
  const first = await (await putPart(me, path, bytes)).json();
  expect((await me.request('DELETE', `/api/files/${fid}`)).status).toBe(204);
  server.advance(90 * 86_400_000);
  me = await signIn(server, me.email);
  const again = await putPart(me, path, bytes);
  expect([again.status, await again.json()]).toEqual([201, first]);
  expect(await code(await putPart(me, path, Buffer.alloc(1000)))).toBe('409 PART_EXISTS');
});

test('a newer attempt takes the part over; the older is told so, and cannot come back', async () => {
  const { bytes, fid, path } = await onePart(3_000_000);
  const older = partHeaders(bytes);
  const put = await rawPut(me, path, older, bytes.length);
  await put.send(bytes.subarray(0, 1_000_000));
  await expect.poll(() => offsetOf(me, path)).toBeGreaterThan(0);
  const probe = await putPart(me, path, bytes, 2_999_999);
  expect(rawCode(await put.answer)).toBe('409 TAKEN_OVER');
  expect(probe.headers.get(header.offset)).toBe('1000000'); // read after the older one had settled
  const back = await me.request('PUT', path, bytes.subarray(1_000_000), {
    ...partHeaders(bytes, 1_000_000),
    [header.attempt]: older[header.attempt] ?? '',
  });
  expect(await code(back)).toBe('409 TAKEN_OVER');
  expect((await putPart(me, path, bytes, 1_000_000)).status).toBe(201);
  expect((await storedContent(fid)).equals(bytes)).toBe(true);
});

test('the same attempt again takes the place of its own dead copy, and may go on afterwards', async () => {
  const { bytes, path } = await onePart(2_000_000);
  const headers = partHeaders(bytes);
  const put = await rawPut(me, path, headers, bytes.length);
  await put.send(bytes.subarray(0, 700_000));
  await expect.poll(() => offsetOf(me, path)).toBeGreaterThan(0);
  const again = await me.request('PUT', path, bytes, headers); // as a browser sends it again: from the same offset
  expect(again.headers.get(header.offset)).toBe('700000');
  expect(await code(again)).toBe('409 OFFSET_MISMATCH');
  const attempt = { [header.attempt]: headers[header.attempt] ?? '' };
  expect((await putPart(me, path, bytes, 700_000, attempt)).status).toBe(201);
});

test('three attempts at once: one wins, the others are taken over, and the bytes are right', async () => {
  const { bytes, fid, path } = await onePart(4_000_000);
  const answers = await Promise.all([1, 2, 3].map(() => putPart(me, path, bytes)));
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses.filter((status) => status !== 409).every((status) => status === 201)).toBe(true);
  const offset = await offsetOf(me, path);
  if (!statuses.includes(201)) expect((await putPart(me, path, bytes, offset)).status).toBe(201);
  expect((await storedContent(fid)).equals(bytes)).toBe(true);
});

test('a body that stops coming is answered 408, and what came is kept', async () => {
  const { bytes, path } = await onePart(1_000_000);
  const put = await rawPut(me, path, partHeaders(bytes), bytes.length);
  await put.send(bytes.subarray(0, 300_000));
  const answer = await put.answer;
  expect(rawCode(answer)).toBe('408 BODY_STALLED');
  expect(answer).toMatch(/Connection: close/i);
  expect(await offsetOf(me, path)).toBe(300_000);
});

test('large bodies, what a cut has left of one, and HEAD leave no connection for the next request; small files do', async () => {
  const large = await onePart(64 * KIB);
  const cut = await onePart(64 * KIB);
  const small = await onePart(64 * KIB - 1);
  expect((await putPart(me, large.path, large.bytes)).headers.get('connection')).toBe('close');
  expect((await putPart(me, small.path, small.bytes)).headers.get('connection')).not.toBe('close');
  const put = await rawPut(me, cut.path, partHeaders(cut.bytes), cut.bytes.length);
  await put.send(cut.bytes.subarray(0, 1000));
  put.socket.end();
  await put.answer;
  const rest = await putPart(me, cut.path, cut.bytes, 1000);
  expect([rest.status, rest.headers.get('connection')]).toEqual([201, 'close']);
  expect((await me.request('HEAD', small.path)).headers.get('connection')).toBe('close');
});

test('a request that is refused before its body is answered at once, and the body is not pulled in', async () => {
  const { bytes, path } = await onePart(PART_BYTES);
  const headers = { ...partHeaders(bytes), [header.account]: 'someone else' };
  const put = await rawPut(me, path, headers, bytes.length);
  let sent = 0;
  let open = true;
  put.socket.on('close', () => {
    open = false;
  });
  for (; open && sent < bytes.length; sent += 64 * KIB) {
    if (!put.socket.write(bytes.subarray(sent, sent + 64 * KIB))) {
      await Promise.race([new Promise((resolve) => put.socket.once('drain', resolve)), put.answer]);
    }
  }
  const answer = await put.answer;
  expect(rawCode(answer)).toBe('403 WRONG_ACCOUNT');
  expect(answer).toMatch(/Connection: close/i);
});

test('HEAD says what is there: nothing, some, all', async () => {
  const { bytes, path } = await onePart(1000);
  const facts = async () => {
    const answer = await me.request('HEAD', path);
    return [
      answer.headers.get(header.offset),
      answer.headers.get(header.complete),
      answer.headers.get('cache-control'),
    ];
  };
  expect(await facts()).toEqual(['0', '?0', 'no-store']);
  await me.request('PUT', path, bytes.subarray(0, 10), partHeaders(bytes, 0, false));
  expect(await facts()).toEqual(['10', '?0', 'no-store']);
  await putPart(me, path, bytes, 10);
  expect(await facts()).toEqual(['1000', '?1', 'no-store']);
});

test('headers that are wrong in any way are refused, and leave nothing behind', async () => {
  const { bytes, path, fid } = await onePart(1000);
  const good = partHeaders(bytes);
  const wrong: [string, Record<string, string>, Uint8Array?][] = [
    ['400 INVALID_INPUT', { [header.attempt]: 'seven' }],
    ['400 INVALID_INPUT', { [header.offset]: '-1' }],
    ['400 INVALID_INPUT', { [header.offset]: '1e2' }],
    ['400 INVALID_INPUT', { [header.offset]: '99999999999999999999' }],
    ['400 INVALID_INPUT', { [header.offset]: '1001' }],
    ['400 INVALID_INPUT', { [header.complete]: 'true' }],
    ['400 INVALID_INPUT', { [header.digest]: 'sha-256=:AAAA:' }],
    ['400 INVALID_INPUT', { [header.digest]: 'md5=:AAAA:' }],
    ['415 WRONG_CONTENT_TYPE', { 'Content-Type': 'multipart/form-data' }],
    ['400 INVALID_INPUT', {}, bytes.subarray(1)],
    ['400 INVALID_INPUT', {}, Buffer.concat([bytes, bytes])],
    ['400 INVALID_INPUT', { [header.complete]: '?0' }, Buffer.concat([bytes, bytes])],
  ];
  for (const [expected, headers, body] of wrong) {
    const answer = await me.request('PUT', path, body ?? bytes, { ...good, ...headers });
    expect([headers, await code(answer)]).toEqual([headers, expected]);
  }
  for (const n of ['1', '-1', '01', '1e0', '99999999999', 'x', '0x0', '%00']) {
    const answer = await me.request('PUT', path.replace(/0$/, n), bytes, good);
    expect([n, await code(answer)]).toEqual([n, '404 NOT_FOUND']);
  }
  expect(await offsetOf(me, path)).toBe(0);
  const { storage_key: key } = await server.services.db
    .selectFrom('uploads')
    .select('storage_key')
    .where('id', '=', fid)
    .executeTakeFirstOrThrow();
  const left = await readdir(join(server.dataDir, 'uploads'));
  expect(left.filter((name) => name.startsWith(key))).toEqual([]);
});

test('a chunked body is held to the same bounds', async () => {
  const { bytes, path } = await onePart(1000);
  const chunk = (data: Uint8Array) =>
    Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]);
  const last = Buffer.from('0\r\n\r\n');
  const send = async (...bodies: Uint8Array[]) => {
    const put = await rawPut(me, path, { ...partHeaders(bytes), Connection: 'close' }, null);
    await put.send(Buffer.concat(bodies));
    return rawCode(await put.answer);
  };
  expect(await send(chunk(bytes), chunk(bytes), last)).toBe('400 INVALID_INPUT');
  expect(await send(chunk(bytes.subarray(3)), last)).toBe('400 INVALID_INPUT');
  expect(await offsetOf(me, path)).toBe(0);
  expect(await send(chunk(bytes.subarray(0, 400)), chunk(bytes.subarray(400)), last)).toBe('201 ');
});

test('parts of another account, session or upload are not there', async () => {
  const { bytes, path, sid, fid } = await onePart(1000);
  const other = await signIn(server);
  expect(await code(await putPart(other, path, bytes))).toBe('404 NOT_FOUND');
  expect((await other.request('HEAD', path)).status).toBe(404);
  expect(await code(await other.request('DELETE', `/api/upload-sessions/${sid}/files/${fid}`))).toBe(
    '404 NOT_FOUND',
  );
  expect(await code(await putPart(me, partPath(randomUUID(), fid, 0), bytes))).toBe('404 NOT_FOUND');
  expect(await code(await putPart(me, partPath(sid, '../../etc', 0), bytes))).toBe('404 NOT_FOUND');
  expect(await offsetOf(me, path)).toBe(0);
});

test('what is on disk is the file, under a name of our own', async () => {
  const { bytes, fid, path } = await onePart(100_000);
  await putPart(me, path, bytes);
  const row = await server.services.db
    .selectFrom('files')
    .select('storage_key')
    .where('id', '=', fid)
    .executeTakeFirstOrThrow();
  expect((await readFile(join(server.dataDir, 'files', row.storage_key))).equals(bytes)).toBe(true);
  expect(
    (await readdir(join(server.dataDir, 'uploads'))).filter((name) => name.startsWith(row.storage_key)),
  ).toEqual([]);
});
