import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { StoredFile, StoredFiles } from '../shared/api.ts';
import { reap } from './reaper.ts';
import {
  openUpload,
  problemOf,
  signIn,
  startTestServer,
  storeFile,
  type TestAccount,
  type TestServer,
  testFile,
} from './testing.ts';

const MINUTE_MS = 60_000;

let server: TestServer;
let me: TestAccount;
const start = async (env: Record<string, string> = {}) => {
  server = await startTestServer(env);
  me = await signIn(server);
};
afterEach(() => server.stop());

const path = (id: string) => `/api/files/${id}`;
const remove = (id: string, by = me) => by.request('DELETE', path(id));
const restore = (id: string, by = me) => by.request('POST', `${path(id)}/restore`);
const restored = async (id: string) => (await (await restore(id)).json()) as StoredFile;
const library = async () => (await (await me.request('GET', '/api/files')).json()) as StoredFiles;
const filesOnDisk = async () => (await readdir(join(server.dataDir, 'files'))).length;

test('a deleted file is nowhere, takes no room and no name, and comes back as it was', async () => {
  await start();
  const file = await storeFile(me, 1000, { name: 'a.txt', path: 'p' });
  expect((await remove(file.id)).status).toBe(204);
  expect(await library()).toMatchObject({ files: [], count: 0, usedBytes: 0 });
  for (const sub of ['', '/content', '/thumbnail']) {
    expect(await problemOf(await me.request('GET', path(file.id) + sub))).toBe('404 NOT_FOUND');
  }
  expect(await problemOf(await me.request('PATCH', path(file.id), { name: 'b' }))).toBe('404 NOT_FOUND');
  expect(await problemOf(await remove(file.id))).toBe('404 NOT_FOUND');

  expect(await restored(file.id)).toEqual(file);
  expect(await restored(file.id)).toEqual(file);
  expect(await library()).toMatchObject({ files: [file], count: 1, usedBytes: 1000 });
  const content = await me.request('GET', `${path(file.id)}/content`);
  expect((await content.arrayBuffer()).byteLength).toBe(1000);
  const { files } = (await (await me.request('GET', '/api/files?q=P/A')).json()) as StoredFiles;
  expect(files).toEqual([file]);
});

test('it comes back by another name if its own was taken', async () => {
  await start();
  const first = await storeFile(me, 1, { name: 'a.txt' });
  await remove(first.id);
  const second = await storeFile(me, 2, { name: 'a.txt' });
  expect(second.name).toBe('a.txt');
  expect((await restored(first.id)).name).toBe('a (2).txt');
});

test('there is no way back when its time is over, and its bytes are freed', async () => {
  await start({ UNDO_MINUTES: '60' });
  const file = await storeFile(me, 1000);
  await remove(file.id);
  server.advance(59 * MINUTE_MS);
  await reap(server.services, server.now());
  expect((await restore(file.id)).status).toBe(200);
  await remove(file.id);
  server.advance(61 * MINUTE_MS);
  await reap(server.services, server.now());
  expect(await problemOf(await restore(file.id))).toBe('404 NOT_FOUND');
  expect(await filesOnDisk()).toBe(0);
});

test('a start frees what ran out meanwhile, and keeps what did not', async () => {
  await start();
  const old = await storeFile(me, 1000, { name: 'old' });
  const fresh = await storeFile(me, 1000, { name: 'fresh' });
  await remove(old.id);
  await remove(fresh.id);
  await server.services.db
    .updateTable('deleted_files')
    .set({ deleted_at: 1 })
    .where('id', '=', old.id)
    .execute();
  const again = await startTestServer({}, server.dataDir);
  const names = await again.services.db.selectFrom('deleted_files').select('name').execute();
  await again.stop();
  expect(names).toEqual([{ name: 'fresh' }]);
  expect(await filesOnDisk()).toBe(1);
});

test('what has no room any more stays deleted', async () => {
  await start({ QUOTA_BYTES: '1000' });
  const file = await storeFile(me, 600, { name: 'a' });
  await remove(file.id);
  const upload = testFile(500, { name: 'b' });
  const sid = await openUpload(me, [upload]);
  expect(await problemOf(await restore(file.id))).toBe('507 QUOTA_EXCEEDED');
  await me.request('DELETE', `/api/upload-sessions/${sid}/files/${upload.announced.id}`);
  expect((await restore(file.id)).status).toBe(200);
});

test('deleted files have as much room as the quota is, and the oldest make place', async () => {
  await start({ QUOTA_BYTES: '1000' });
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    const { id } = await storeFile(me, 400, { name });
    await remove(id);
    server.advance(1000);
    ids.push(id);
  }
  expect(await filesOnDisk()).toBe(2);
  const [a = '', b = '', c = ''] = ids;
  expect(await problemOf(await restore(a))).toBe('404 NOT_FOUND');
  expect([(await restore(b)).status, (await restore(c)).status]).toEqual([200, 200]);
});

test('only its owner restores a file, and nobody restores what never was', async () => {
  await start();
  const file = await storeFile(me, 1);
  await remove(file.id);
  const other = await signIn(server);
  expect(await problemOf(await restore(file.id, other))).toBe('404 NOT_FOUND');
  expect(await problemOf(await restore('nothing'))).toBe('404 NOT_FOUND');
  const withoutToken = await me.request('POST', `${path(file.id)}/restore`, undefined, {
    'X-CSRF-Token': 'x',
  });
  expect(await problemOf(withoutToken)).toBe('403 CSRF_INVALID');
});

test('deleting the account deletes what was deleted', async () => {
  await start();
  const file = await storeFile(me, 1000);
  await remove(file.id);
  expect((await me.request('DELETE', '/api/account')).status).toBe(204);
  expect(await filesOnDisk()).toBe(0);
  expect(await server.services.db.selectFrom('deleted_files').selectAll().execute()).toEqual([]);
});

test('of many that restore at once, each gets the same file', async () => {
  await start();
  const file = await storeFile(me, 1);
  await remove(file.id);
  const answers = await Promise.all(Array.from({ length: 5 }, () => restored(file.id)));
  expect(answers).toEqual(Array.from({ length: 5 }, () => file));
});
