import type { Transaction } from 'kysely';
import type { StoredFile } from '../shared/api.ts';
import { freeName } from '../shared/file-name.ts';
import type { Database, Tables } from './database.ts';
import { searchColumns, storedFile } from './file-row.ts';
import { Refusal } from './problem.ts';

/** Bytes of the account's quota that are taken: its files, and what its open uploads have announced. */
export async function usedBytes(db: Database | Transaction<Tables>, accountId: string): Promise<number> {
  const files = await db
    .selectFrom('files')
    .where('account_id', '=', accountId)
    .select((eb) => eb.fn.sum<number | null>('size').as('bytes'))
    .executeTakeFirst();
  const uploads = await db
    .selectFrom('uploads')
    .where('account_id', '=', accountId)
    .where('state', '=', 'open')
    .select((eb) => eb.fn.sum<number | null>('reserved_bytes').as('bytes'))
    .executeTakeFirst();
  return Number(files?.bytes ?? 0) + Number(uploads?.bytes ?? 0);
}

/** `name`, or the first "name (2)" that is free in a folder; `exceptId` is a file whose own name does not count. */
export async function freeNameIn(
  step: Transaction<Tables>,
  accountId: string,
  path: string,
  name: string,
  exceptId: string | null,
): Promise<string> {
  const inFolder = step
    .selectFrom('files')
    .select(['id', 'name'])
    .where('account_id', '=', accountId)
    .where('path', '=', path);
  const same = await inFolder.where('name', '=', name).executeTakeFirst();
  if (!same || same.id === exceptId) return name;
  const others = await inFolder.execute();
  const taken = new Set(others.filter(({ id }) => id !== exceptId).map((file) => file.name));
  return freeName(name, (candidate) => taken.has(candidate));
}

/** One file of the account, with where its bytes are. @throws {Refusal} `NOT_FOUND` */
export async function findFile(
  db: Database | Transaction<Tables>,
  accountId: string,
  id: string,
): Promise<{ file: StoredFile; storageKey: string }> {
  const row = await db
    .selectFrom('files')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw new Refusal('NOT_FOUND', 'This account has no such file');
  return { file: storedFile(row), storageKey: row.storage_key };
}

/** Renames a file, to "name (2)" if the folder has that name. @throws {Refusal} `NOT_FOUND` */
export async function renameFile(
  db: Database,
  accountId: string,
  id: string,
  name: string,
): Promise<StoredFile> {
  return db.transaction().execute(async (step) => {
    const { file } = await findFile(step, accountId, id);
    const free = await freeNameIn(step, accountId, file.path, name, id);
    await step
      .updateTable('files')
      .set({ name: free, ...searchColumns({ path: file.path, name: free }) })
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .execute();
    return { ...file, name: free };
  });
}
