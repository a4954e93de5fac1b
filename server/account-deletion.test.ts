import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { finishDeletions } from './account-deletion.ts';
import {
  openUpload,
  partHeaders,
  partPath,
  putPart,
  rawPut,
  signIn,
  startTestServer,
  type TestAccount,
  type TestServer,
  testFile,
} from './testing.ts';

let server: TestServer;
const start = async (env: Record<string, string> = {}) => {
  server = await startTestServer(env);
};
afterEach(() => server.stop());

async function code(answer: Response): Promise<string> {
  expect(answer.headers.getSetCookie()).toEqual([]);
  return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
}

/** A stored file, and half of another. */
async function fill(me: TestAccount): Promise<void> {
  const whole = testFile(1000);
  const half = testFile(9 * 1024 * 1024, { name: 'b.bin' });
  const sid = await openUpload(me, [whole, half]);
  expect((await putPart(me, partPath(sid, whole.announced.id, 0), whole.bytes)).status).toBe(201);
  const first = half.bytes.subarray(0, 8 * 1024 * 1024);
  expect((await putPart(me, partPath(sid, half.announced.id, 0), first)).status).toBe(204);
}

/** How many rows each table has that says anything of an account. */
async function rowsOf(id: string, email: string): Promise<Record<string, number>> {
  const { db } = server.services;
  const counts: Record<string, number> = {};
  for (const table of [
    'upload_sessions',
    'uploads',
    'parts',
    'files',
    'deleted_files',
    'shares',
    'share_files',
    'archives',
    'passkeys',
  ] as const) {
    const rows = await db.selectFrom(table).selectAll().where('account_id', '=', id).execute();
    counts[table] = rows.length;
  }
  for (const table of ['user', 'session', 'account', 'verification', 'closed_accounts']) {
    const rows = await db
      .selectFrom(table as 'garbage')
      .selectAll()
      .execute();
    const text = rows.map((row) => JSON.stringify(row));
    counts[table] = text.filter((row) =>
      table === 'closed_accounts' ? row.includes(email) : row.includes(id) || row.includes(email),
    ).length;
  }
  return counts;
}

async function storedFiles(): Promise<number> {
  const names = await readdir(server.dataDir, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.filter((path) => !/holdfast\.sqlite|secret$|outbox/.test(path)).length;
}

test('deleting an account deletes all that is in it, signs every device out, and leaves others alone', async () => {
  await start();
  const me = await signIn(server, 'a@example.org');
  const elsewhere = await signIn(server, 'a@example.org');
  const other = await signIn(server, 'b@example.org');
  await fill(other);
  const stored = await storedFiles();
  await fill(me);
  const [file] = (await (await me.request('GET', '/api/files')).json()).files;
  const share = { of: { files: [file.id] }, expiresAt: null, password: null, maxDownloads: null };
  expect((await me.request('POST', '/api/shares', share)).status).toBe(201);
  expect((await me.request('POST', '/api/archives', { of: share.of })).status).toBe(201);
  await server.services.db
    .insertInto('passkeys')
    .values({
      id: 'p',
      account_id: me.id,
      credential_id: 'c',
      public_key: '',
      counter: 0,
      transports: '[]',
      backed_up: 0,
      name: 'Key',
      created_at: 0,
      last_used_at: null,
    })
    .execute();
  expect(await rowsOf(me.id, me.email)).toMatchObject({
    upload_sessions: 1,
    uploads: 2,
    parts: 2,
    files: 1,
    shares: 1,
    share_files: 1,
    archives: 1,
    passkeys: 1,
    user: 1,
    session: 2,
  });
  expect(await storedFiles()).toBeGreaterThan(stored);

  const answer = await me.request('DELETE', '/api/account');
  expect(answer.status).toBe(204);
  expect(answer.headers.getSetCookie()).toEqual([
    'holdfast.session_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
  ]);
  const rows = await rowsOf(me.id, me.email);
  expect([rows, await storedFiles()]).toEqual([
    Object.fromEntries(Object.keys(rows).map((table) => [table, 0])),
    stored,
  ]);
  for (const gone of [me, elsewhere]) {
    expect(await code(await gone.request('GET', '/api/files'))).toBe('401 SESSION_EXPIRED');
  }
  const { files } = await (await other.request('GET', '/api/files')).json();
  expect(files).toHaveLength(1);

  const again = await signIn(server, 'a@example.org');
  expect(again.id).not.toBe(me.id);
  expect((await (await again.request('GET', '/api/files')).json()).files).toEqual([]);
});

test('it needs the token, and a recent sign-in', async () => {
  await start({ RECENT_SIGN_IN_MINUTES: '15' });
  const me = await signIn(server);
  const path = '/api/account';
  expect(await code(await me.request('DELETE', path, undefined, { 'X-CSRF-Token': 'x' }))).toBe(
    '403 CSRF_INVALID',
  );
  expect(await code(await me.request('DELETE', path, undefined, { Origin: 'https://evil.example' }))).toBe(
    '403 ORIGIN_REFUSED',
  );
  server.advance(15 * 60_000);
  expect(await code(await me.request('DELETE', path))).toBe('403 SIGN_IN_TOO_OLD');
  const again = await signIn(server, me.email, me.cookie);
  expect((await again.request('DELETE', path)).status).toBe(204);
});

test('a part that is under way is cut short, and a registration that was let in adds nothing', async () => {
  await start();
  const me = await signIn(server);
  const file = testFile(1000);
  const sid = await openUpload(me, [file]);
  const path = partPath(sid, file.announced.id, 0);
  server.statements.length = 0;
  const part = await rawPut(me, path, { ...partHeaders(file.bytes), Connection: 'close' }, 1000);
  await part.send(file.bytes.subarray(0, 500));
  const late = Buffer.from(JSON.stringify({ files: [testFile(10).announced] }));
  const registration = await rawPut(
    me,
    `/api/upload-sessions/${crypto.randomUUID()}`,
    { 'Content-Type': 'application/json', Connection: 'close' },
    late.length,
  );
  // Past the guards, they wait for their bodies. Where one came later, it would be refused all the same.
  while (!server.statements.some((sql) => /from "uploads" inner join/.test(sql))) await sleep(5);
  await sleep(50);
  expect((await me.request('DELETE', '/api/account')).status).toBe(204);
  await registration.send(late);
  expect(await part.answer).toMatch(/^HTTP\/1\.1 410 [\s\S]*"CANCELLED"/);
  expect(await registration.answer).toMatch(/^HTTP\/1\.1 401 [\s\S]*"SESSION_EXPIRED"/);
  const rows = await rowsOf(me.id, me.email);
  expect(Object.values(rows).every((count) => count === 0)).toBe(true);
});

test('a deletion that a crash cut short is finished at the next start', async () => {
  await start();
  const me = await signIn(server);
  await fill(me);
  await server.services.db
    .insertInto('closed_accounts')
    .values({ account_id: me.id, email: me.email, closed_at: server.now() })
    .execute();
  await finishDeletions(server.services);
  const rows = await rowsOf(me.id, me.email);
  expect(Object.values(rows).every((count) => count === 0)).toBe(true);
  expect(await storedFiles()).toBe(0);
});
