import { randomUUID } from 'node:crypto';
import { type Archive, type FileChoice, MAX_FILES_PER_ARCHIVE } from '../shared/api.ts';
import { lastNameOf, pathBelow } from '../shared/folder.ts';
import { requireOpenAccount } from './account-deletion.ts';
import { archiveOf, type ZipDownload } from './archive.ts';
import { chosenFiles } from './chosen-files.ts';
import type { Database } from './database.ts';
import { type FileRow, storedFile } from './file-row.ts';
import { Refusal } from './problem.ts';
import type { Services } from './services.ts';

const DAY_MS = 86_400_000;
/** A download that was begun can be gone on with for so long. */
const KEPT_MS = DAY_MS;
/** Archives of one account at a time. What is kept of one is a list of ids. */
const MOST_KEPT = 20;
const ROWS_AT_ONCE = 500;

/**
 * Notes which of these files, or of what is in a folder, are there to be downloaded as one.
 *
 * @throws {Refusal} `NOT_FOUND` when none is, `TOO_LARGE`
 */
export async function createArchive(
  { db, now }: Pick<Services, 'db' | 'now'>,
  accountId: string,
  of: FileChoice,
): Promise<Archive> {
  const id = randomUUID();
  await db.transaction().execute(async (step) => {
    await requireOpenAccount(step, accountId);
    const files = await chosenFiles(step, accountId, of, ['MAX_FILES_PER_ARCHIVE', MAX_FILES_PER_ARCHIVE]);
    await step
      .deleteFrom('archives')
      .where('account_id', '=', accountId)
      .where('id', 'not in', (eb) =>
        eb
          .selectFrom('archives')
          .select('id')
          .where('account_id', '=', accountId)
          .orderBy('created_at', 'desc')
          .limit(MOST_KEPT - 1),
      )
      .execute();
    await step
      .insertInto('archives')
      .values({
        account_id: accountId,
        id,
        created_at: now(),
        folder: 'folder' in of ? of.folder : '',
        files: JSON.stringify(files.map((file) => file.id)),
      })
      .execute();
  });
  const { name, size } = await findArchive(db, accountId, id, now());
  return { id, name, bytes: size };
}

/** An archive of this account, of those of its files that are still there. @throws {Refusal} `NOT_FOUND` */
export async function findArchive(
  db: Database,
  accountId: string,
  id: string,
  now: number,
): Promise<ZipDownload> {
  const row = await db
    .selectFrom('archives')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .where('created_at', '>', now - KEPT_MS)
    .executeTakeFirst();
  const files = row ? await filesOf(db, accountId, JSON.parse(row.files)) : [];
  if (!row || files.length === 0) throw new Refusal('NOT_FOUND', 'This account has no such archive');
  const { folder, created_at } = row;
  const name =
    folder === '' ? `holdfast-${new Date(created_at).toISOString().slice(0, 10)}` : lastNameOf(folder);
  return archiveOf(
    name,
    files.map((file) => ({
      file: storedFile(file),
      storageKey: file.storage_key,
      path: folder === '' ? file.path : pathBelow(folder, file.path),
    })),
  );
}

/** Forgets the archives that can't be downloaded any more. */
export async function forgetArchives(db: Database, now: number): Promise<void> {
  await db
    .deleteFrom('archives')
    .where('created_at', '<=', now - KEPT_MS)
    .execute();
}

async function filesOf(db: Database, accountId: string, ids: readonly string[]): Promise<FileRow[]> {
  const rows: FileRow[] = [];
  for (let at = 0; at < ids.length; at += ROWS_AT_ONCE) {
    const some = ids.slice(at, at + ROWS_AT_ONCE);
    const ofAccount = db.selectFrom('files').selectAll().where('account_id', '=', accountId);
    rows.push(
      ...(await ofAccount
        .where('id', 'in', some)
        .orderBy('path')
        .orderBy('sort_name')
        .orderBy('id')
        .execute()),
    );
  }
  return rows;
}
