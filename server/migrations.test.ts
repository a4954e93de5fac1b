import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Database, openDatabase } from './database.ts';
import { migrate } from './migrations.ts';

let folder: string;
let db: Database;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-migrations-'));
  db = openDatabase(join(folder, 'db.sqlite'));
});
afterEach(async () => {
  await db.destroy();
  await rm(folder, { recursive: true });
});

/** A library as the first release kept it. */
async function oldLibrary(): Promise<void> {
  await migrate(db, '0002-passkeys-and-sso');
  const names = [
    ['', 'Übung.txt'],
    ['Straße/b', 'photo 10.jpg'],
    ['Straße/b', "it's 100%"],
  ];
  for (const [at, [path, name]] of names.entries()) {
    await sql`insert into files
      (account_id, id, path, name, size, type, last_modified, stored_at, etag, storage_key)
      values ('me', ${`id${at}`}, ${path}, ${name}, ${at}, '', 1, 2, 'e', ${`key${at}`})`.execute(db);
  }
}

test('what an older version stored is all there, and can be found and sorted', async () => {
  await oldLibrary();
  await migrate(db);
  await migrate(db);
  const rows = await db
    .selectFrom('files')
    .select(['id', 'name', 'size', 'storage_key', 'search', 'sort_name'])
    .orderBy('id')
    .execute();
  expect(rows).toEqual([
    {
      id: 'id0',
      name: 'Übung.txt',
      size: 0,
      storage_key: 'key0',
      search: 'übung.txt',
      sort_name: 'ubung.txt',
    },
    {
      id: 'id1',
      name: 'photo 10.jpg',
      size: 1,
      storage_key: 'key1',
      search: 'strasse/b/photo 10.jpg',
      sort_name: 'photo 0210.jpg',
    },
    {
      id: 'id2',
      name: "it's 100%",
      size: 2,
      storage_key: 'key2',
      search: "strasse/b/it's 100%",
      sort_name: "it's 03100%",
    },
  ]);
});
