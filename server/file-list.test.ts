import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FileOrder, fileOrders, type StoredFile, StoredFiles } from '../shared/api.ts';
import { nameSortKey } from '../shared/file-order.ts';
import { searchColumns } from './file-row.ts';
import { signIn, startTestServer, type TestAccount, type TestServer } from './testing.ts';

let server: TestServer;
let me: TestAccount;
beforeAll(async () => {
  server = await startTestServer({ REQUESTS_PER_MINUTE_PER_CLIENT: '1000000' });
  me = await signIn(server);
});
afterAll(() => server.stop());

interface Row {
  name: string;
  path?: string;
  size?: number;
  storedAt?: number;
}

/** Fills the account's library with these rows alone, and returns their ids in their order. */
async function fill(rows: readonly Row[], account = me): Promise<string[]> {
  const { db } = server.services;
  await db.deleteFrom('files').where('account_id', '=', account.id).execute();
  const ids = rows.map(() => randomUUID());
  const values = rows.map(({ name, path = '', size = 1, storedAt = 0 }, at) => ({
    account_id: account.id,
    id: ids[at] ?? '',
    path,
    name,
    size,
    type: '',
    last_modified: 0,
    stored_at: storedAt,
    etag: '',
    storage_key: randomUUID(),
    ...searchColumns({ path, name }),
  }));
  for (let at = 0; at < values.length; at += 500) {
    await db
      .insertInto('files')
      .values(values.slice(at, at + 500))
      .execute();
  }
  return ids;
}

async function page(query: Record<string, string>): Promise<StoredFiles> {
  const answer = await me.request('GET', `/api/files?${new URLSearchParams(query)}`);
  expect(answer.status).toBe(200);
  return v.parse(StoredFiles, await answer.json());
}

/** All pages of a list; `between` may do what it likes after each of them. */
async function pages(
  query: Record<string, string>,
  between: (page: number) => Promise<void> = async () => {},
): Promise<StoredFile[]> {
  const seen: StoredFile[] = [];
  let next: string | null = null;
  let number = 0;
  do {
    const got: StoredFiles = await page(next === null ? query : { ...query, after: next });
    seen.push(...got.files);
    next = got.next;
    await between(number++);
  } while (next !== null);
  return seen;
}

async function code(query: Record<string, string>): Promise<string> {
  const answer = await me.request('GET', `/api/files?${new URLSearchParams(query)}`);
  return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
}

const sortedBy: Record<FileOrder, (file: StoredFile) => number | string> = {
  newest: (file) => -file.storedAt,
  oldest: (file) => file.storedAt,
  name: (file) => nameSortKey(file.name),
  'name-down': (file) => nameSortKey(file.name),
  largest: (file) => -file.size,
  smallest: (file) => file.size,
};

/** Whether each file stands where the order wants it; names are compared as their UTF-8 bytes. */
function isInOrder(files: readonly StoredFile[], order: FileOrder): boolean {
  return files.slice(1).every((file, at) => {
    const before = sortedBy[order](files[at] ?? file);
    const after = sortedBy[order](file);
    if (typeof before === 'number' || typeof after === 'number') return before <= after;
    const compared = Buffer.compare(Buffer.from(before), Buffer.from(after));
    return order === 'name' ? compared <= 0 : compared >= 0;
  });
}

test('the library comes in each order, as people sort', async () => {
  const rows = [
    { name: 'photo 10.jpg', size: 5, storedAt: 3 },
    { name: 'Photo 9.jpg', size: 500, storedAt: 1 },
    { name: 'Äpfel.txt', size: 50, storedAt: 2 },
  ];
  await fill(rows);
  const names: Record<string, string[]> = {};
  for (const order of fileOrders) names[order] = (await pages({ order })).map(({ name }) => name);
  const [ten, nine, apples] = ['photo 10.jpg', 'Photo 9.jpg', 'Äpfel.txt'];
  expect(names).toEqual({
    newest: [ten, apples, nine],
    oldest: [nine, apples, ten],
    name: [apples, nine, ten],
    'name-down': [ten, nine, apples],
    largest: [nine, apples, ten],
    smallest: [ten, apples, nine],
  });
});

test('a search looks into names and folders, whatever the case, and takes no sign for a joker', async () => {
  await fill([
    { name: 'Übung.txt' },
    { name: 'ÜBUNG 2.txt', path: 'Straße' },
    { name: '100%.txt' },
    { name: '100.txt' },
    { name: 'a_b' },
    { name: 'a\u{301}b' },
    { name: "o'clock" },
  ]);
  const found = async (q: string) => {
    const { files, count } = await page({ q, order: 'name' });
    expect(count).toBe(files.length);
    return files.map(({ name }) => name);
  };
  expect(await found('übung')).toEqual(['ÜBUNG 2.txt', 'Übung.txt']);
  expect(await found('strasse')).toEqual(['ÜBUNG 2.txt']);
  expect(await found('STRASSE/ü')).toEqual(['ÜBUNG 2.txt']);
  expect(await found('100%')).toEqual(['100%.txt']);
  expect(await found('%')).toEqual(['100%.txt']);
  expect(await found('a_')).toEqual(['a_b']);
  expect(await found('ÁB')).toEqual(['a\u{301}b']);
  expect(await found("o'c")).toEqual(["o'clock"]);
  expect(await found('\\')).toEqual([]);
  expect(await found(' ')).toHaveLength(7);
});

test('a search finds what was renamed by its new name alone', async () => {
  const [id] = await fill([{ name: 'before', path: 'p' }]);
  expect((await me.request('PATCH', `/api/files/${id}`, { name: 'ÄFTER' })).status).toBe(200);
  expect((await page({ q: 'before' })).files).toEqual([]);
  expect((await page({ q: 'p/äfter' })).files.map(({ name }) => name)).toEqual(['ÄFTER']);
});

test('a cursor is good for its own list alone', async () => {
  await fill(Array.from({ length: 5 }, (_, at) => ({ name: `a${at}`, size: at, storedAt: at })));
  const { next } = await page({ limit: '2', order: 'largest', q: 'a' });
  const after = next ?? '';
  expect((await page({ limit: '2', order: 'largest', q: ' A ', after })).files).toHaveLength(2);
  const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const wrong: Record<string, string>[] = [
    { order: 'smallest', q: 'a', after },
    { order: 'name', q: 'a', after },
    { order: 'largest', q: 'b', after },
    { order: 'largest', after },
    { q: 'a', after },
    { after: 'zzz' },
    { after: '' },
    { after: "1'--" },
    { after: 'x'.repeat(5000) },
    { after: forged(null) },
    { after: forged({}) },
    { after: forged(['newest', '', 'text', randomUUID()]) },
    { order: 'name', after: forged(['name', '', 7, randomUUID()]) },
    { after: forged(['newest', '', 0.5, randomUUID()]) },
    { after: forged(['newest', '', 1, 'id']) },
    { after: forged(['newest', '', 1]) },
    { order: 'size' },
    { order: '' },
    { order: 'newest desc' },
    { q: 'x'.repeat(256) },
    { q: 'a\0' },
    { q: '\u0007' },
    { limit: '0' },
    { limit: '1001' },
    { limit: '1e2' },
  ];
  for (const query of wrong) expect([query, await code(query)]).toEqual([query, '400 INVALID_INPUT']);
});

test('whatever is renamed or deleted between pages, no other row is lost or comes twice, in every order', async () => {
  const row = fc.record({
    name: fc.constantFrom('a', 'A', 'ä', 'b 2', 'b 10', 'ß', 'z', '😀', '\ufb01'),
    size: fc.integer({ min: 0, max: 3 }),
    storedAt: fc.integer({ min: 0, max: 3 }),
  });
  const rows = fc.array(row, { minLength: 1, maxLength: 12 });
  const changes = fc.array(fc.record({ at: fc.nat(11), to: fc.constantFrom('0', 'a', 'm', 'zz', null) }), {
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(
      rows,
      changes,
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(...fileOrders),
      async (given, plan, limit, order) => {
        // A folder each: many may have one name, and so be equal in the order of names.
        const ids = await fill(given.map((file, at) => ({ ...file, path: `f${at}` })));
        const touched = new Set<string>();
        const change = async (number: number) => {
          const { at, to } = plan[number] ?? { at: 0, to: undefined };
          const id = ids[at % ids.length] ?? '';
          if (to === undefined || touched.has(id)) return;
          touched.add(id);
          const path = `/api/files/${id}`;
          await (to === null ? me.request('DELETE', path) : me.request('PATCH', path, { name: to }));
        };
        const seen = await pages({ order, limit: String(limit) }, change);
        const still = seen.filter(({ id }) => !touched.has(id));
        expect(still.map(({ id }) => id).sort()).toEqual(ids.filter((id) => !touched.has(id)).sort());
        expect(isInOrder(still, order)).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);

test('each order is read from an index, without sorting', async () => {
  await fill(Array.from({ length: 50 }, (_, at) => ({ name: `${at}` })));
  for (const order of fileOrders) {
    const { next } = await page({ order, limit: '10' });
    server.statements.length = 0;
    await page({ order, limit: '10', after: next ?? '' });
    const [list = ''] = server.statements.filter((sql) => /order by/.test(sql));
    const values = list.match(/\?/g)?.map((_, at) => (at === 0 ? me.id : '1')) ?? [];
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(`${server.dataDir}/holdfast.sqlite`, { readOnly: true });
    const plan = JSON.stringify(db.prepare(`explain query plan ${list}`).all(...values));
    db.close();
    expect(plan).toMatch(/USING INDEX files_(newest|by_sort_name|by_size) \(account_id=\? AND /);
    expect(plan).not.toMatch(/TEMP B-TREE/);
  }
});

test('twelve thousand files are listed and searched through to the end', async () => {
  await fill(
    Array.from({ length: 12_000 }, (_, at) => ({
      name: `Datei ${at}.bin`,
      path: `o${at % 50}`,
      storedAt: at,
    })),
  );
  const all = await pages({ order: 'name', limit: '1000' });
  expect(new Set(all.map(({ id }) => id)).size).toBe(12_000);
  expect(all.map(({ name }) => name)).toEqual(Array.from({ length: 12_000 }, (_, at) => `Datei ${at}.bin`));
  const { count, files } = await page({ q: 'datei 11999', limit: '10' });
  expect([count, files.length]).toEqual([1, 1]);
}, 60_000);
