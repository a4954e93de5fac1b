import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { header } from '../shared/api.ts';
import { PART_BYTES } from '../shared/parts.ts';
import {
  openUpload,
  partPath,
  putPart,
  signIn,
  startTestServer,
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

test('a file of three parts arrives, sent out of order', async () => {
  const file = testFile(PART_BYTES * 2 + 5, { name: 'three.bin', path: 'a/b', type: 'text/plain' });
  const sid = await openUpload(me, [file]);
  const fid = file.announced.id;
  for (const n of [2, 0]) {
    const answer = await putPart(
      me,
      partPath(sid, fid, n),
      file.bytes.subarray(n * PART_BYTES, (n + 1) * PART_BYTES),
    );
    expect(answer.status).toBe(204);
    expect(Number(answer.headers.get(header.issuedAt))).toBeGreaterThan(0);
  }
  const session = await (await me.request('GET', `/api/upload-sessions/${sid}`)).json();
  expect(session.files[0]).toMatchObject({
    state: 'open',
    acknowledged: [
      [0, 0],
      [2, 2],
    ],
    offsets: {},
  });
  const last = await putPart(me, partPath(sid, fid, 1), file.bytes.subarray(PART_BYTES, 2 * PART_BYTES));
  expect(last.status).toBe(201);
  const stored = await last.json();
  expect(stored).toMatchObject({ id: fid, name: 'three.bin', path: 'a/b', type: 'text/plain' });
  const content = await me.request('GET', `/api/files/${fid}/content`);
  expect(Buffer.from(await content.arrayBuffer()).equals(file.bytes)).toBe(true);
});

test('an empty file is one empty part', async () => {
  const file = testFile(0);
  const sid = await openUpload(me, [file], randomUUID());
  const answer = await putPart(me, partPath(sid, file.announced.id, 0), file.bytes);
  expect(answer.status).toBe(201);
  expect(
    (await me.request('GET', `/api/files/${file.announced.id}/content`)).headers.get('content-length'),
  ).toBe('0');
});
