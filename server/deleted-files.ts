import type { Selectable, Transaction } from 'kysely';
import type { StoredFile } from '../shared/api.ts';
import { requireOpenAccount } from './account-deletion.ts';
import type { Config } from './config.ts';
import type { Database, Tables } from './database.ts';
import { searchColumns, storedFile } from './file-row.ts';
import { findFile, freeNameIn, usedBytes } from './library.ts';
import { Refusal } from './problem.ts';
import { unshare } from './shares.ts';

type Step = Transaction<Tables>;
type DeletedRow = Selectable<Tables['deleted_files']>;

/** Rows in one statement. */
const ROWS_AT_ONCE = 500;
const MINUTE_MS = 60_000;

/**
 * Takes a file out of the library; for a while it can be restored. It takes no name and no room in the quota then, so
 * an account may have as many deleted bytes as its quota and no more: beyond that the oldest go for good. Returns the
 * storage of those, which is to be freed.
 *
 * @throws {Refusal} `NOT_FOUND`
 */
export async function deleteFile(
  db: Database,
  { quotaBytes }: Config,
  accountId: string,
  id: string,
  now: number,
): Promise<string[]> {
  return db.transaction().execute(async (step) => {
    const { file, storageKey } = await findFile(step, accountId, id);
    await step
      .insertInto('deleted_files')
      .values({
        account_id: accountId,
        id,
        path: file.path,
        name: file.name,
        size: file.size,
        type: file.type,
        last_modified: file.lastModified,
        stored_at: file.storedAt,
        etag: file.etag,
        storage_key: storageKey,
        deleted_at: now,
      })
      .execute();
    await step.deleteFrom('files').where('account_id', '=', accountId).where('id', '=', id).execute();
    return giveUpBeyond(step, accountId, quotaBytes, now);
  });
}

/**
 * Puts a deleted file back where it was, as "name (2)" if its name was taken meanwhile. One that is in the library
 * already is what it is: whoever missed the first answer asks again.
 *
 * @throws {Refusal} `NOT_FOUND` when it was given up; `QUOTA_EXCEEDED` when there is no room for it any more
 */
export async function restoreFile(
  db: Database,
  { quotaBytes }: Config,
  accountId: string,
  id: string,
): Promise<StoredFile> {
  return db.transaction().execute(async (step) => {
    await requireOpenAccount(step, accountId);
    const row = await step
      .selectFrom('deleted_files')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .executeTakeFirst();
    if (!row) return (await findFile(step, accountId, id)).file;
    if ((await usedBytes(step, accountId)) + row.size > quotaBytes) {
      throw new Refusal('QUOTA_EXCEEDED', 'There is no room for this file any more', {
        limit: quotaBytes,
        limitName: 'QUOTA_BYTES',
      });
    }
    const { deleted_at, ...kept } = row;
    const name = await freeNameIn(step, accountId, row.path, row.name, null);
    const file = { ...kept, name, ...searchColumns({ path: row.path, name }) };
    await step.insertInto('files').values(file).execute();
    await step.deleteFrom('deleted_files').where('account_id', '=', accountId).where('id', '=', id).execute();
    return storedFile(file);
  });
}

/** Gives up what was deleted `undoMinutes` ago or earlier; its storage is garbage then. */
export async function giveUpDeleted(db: Database, { undoMinutes }: Config, now: number): Promise<void> {
  await db.transaction().execute(async (step) => {
    const rows = await step
      .selectFrom('deleted_files')
      .selectAll()
      .where('deleted_at', '<=', now - undoMinutes * MINUTE_MS)
      .execute();
    await giveUp(step, rows, now);
  });
}

/** Gives up the oldest of an account's deleted files until they have no more than `bytes`; returns their storage. */
async function giveUpBeyond(step: Step, accountId: string, bytes: number, now: number): Promise<string[]> {
  const ofAccount = step.selectFrom('deleted_files').where('account_id', '=', accountId);
  const { total } = await ofAccount
    .select((eb) => eb.fn.sum<number | null>('size').as('total'))
    .executeTakeFirstOrThrow();
  let over = Number(total ?? 0) - bytes;
  if (over <= 0) return [];
  const tooMany: DeletedRow[] = [];
  for (const row of await ofAccount.selectAll().orderBy('deleted_at').orderBy('id').execute()) {
    if (over <= 0) break;
    over -= row.size;
    tooMany.push(row);
  }
  return giveUp(step, tooMany, now);
}

async function giveUp(step: Step, rows: readonly DeletedRow[], now: number): Promise<string[]> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const some = rows.slice(at, at + ROWS_AT_ONCE);
    await step
      .insertInto('garbage')
      .values(some.map(({ storage_key }) => ({ storage_key })))
      .execute();
  }
  for (const { account_id, id } of rows) {
    await unshare(step, account_id, id, now);
    await step
      .deleteFrom('deleted_files')
      .where('account_id', '=', account_id)
      .where('id', '=', id)
      .execute();
  }
  return rows.map((row) => row.storage_key);
}
