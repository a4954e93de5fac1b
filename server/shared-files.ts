import { type Selectable, sql } from 'kysely';
import type { SharedFile } from '../shared/api.ts';
import type { Entry } from './archive.ts';
import type { StoredContent } from './content.ts';
import type { Database, Tables } from './database.ts';
import { storedFile } from './file-row.ts';
import type { Lockable } from './share-keys.ts';

/** A share as whoever holds its link meets it. */
export interface OpenShare extends Lockable {
  /** As its owner or its folder named it; empty when its files do (`shareName`). */
  readonly givenName: string;
  /** Null for any number. */
  readonly downloadsLeft: number | null;
}

/**
 * The share with this id, if it is there for strangers now: it has not ended, its account is not closed, and something
 * of it is still there. It may be used up. A null id finds nothing, by the same steps.
 */
export async function findShare(db: Database, id: string | null, now: number): Promise<OpenShare | null> {
  const row = await db
    .selectFrom('shares')
    .selectAll()
    .where('id', '=', id ?? '')
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('closed_accounts')
            .select('closed_at')
            .whereRef('closed_accounts.account_id', '=', 'shares.account_id'),
        ),
      ),
    )
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('share_files')
          .innerJoin('files', (join) =>
            join
              .onRef('files.account_id', '=', 'share_files.account_id')
              .onRef('files.id', '=', 'share_files.file_id'),
          )
          .select('files.id')
          .whereRef('share_files.share_id', '=', 'shares.id'),
      ),
    )
    .executeTakeFirst();
  return row ? openShare(row) : null;
}

/** The files of a share that are still there, in the order of their folders and names, with where their bytes are. */
export async function listShared(db: Database, { id }: OpenShare): Promise<Entry[]> {
  const rows = await filesOf(db, id)
    .orderBy('share_files.path')
    .orderBy('files.sort_name')
    .orderBy('files.id')
    .execute();
  return rows.map((row) => ({ file: storedFile(row), storageKey: row.storage_key, path: row.shared_path }));
}

/** A file of a share as strangers see it: nothing of where it is in its owner's library. */
export function sharedFile({ file, path }: Entry): SharedFile {
  const { id, name, size, type } = file;
  return { id, path, name, size, type };
}

/** One file of a share, or null. */
export async function findShared(
  db: Database,
  { id }: OpenShare,
  fileId: string,
): Promise<StoredContent | null> {
  const row = await filesOf(db, id).where('share_files.file_id', '=', fileId).executeTakeFirst();
  return row ? { file: storedFile(row), storageKey: row.storage_key } : null;
}

/** Counts a download of so many `files` of a share; false when fewer are left. Of many at once, no more get through than may. */
export async function countDownload(
  db: Database,
  { id }: OpenShare,
  files: number,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('shares')
    .set({
      downloads: sql`downloads + ${files}`,
      ended_at: sql`case when downloads + ${files} >= max_downloads then ${now} else ended_at end`,
    })
    .where('id', '=', id)
    .where(sql<boolean>`(max_downloads is null or downloads + ${files} <= max_downloads)`)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

function filesOf(db: Database, shareId: string) {
  return db
    .selectFrom('share_files')
    .innerJoin('files', (join) =>
      join
        .onRef('files.account_id', '=', 'share_files.account_id')
        .onRef('files.id', '=', 'share_files.file_id'),
    )
    .selectAll('files')
    .select('share_files.path as shared_path')
    .where('share_files.share_id', '=', shareId);
}

function openShare(row: Selectable<Tables['shares']>): OpenShare {
  const { id, name, password, expires_at, max_downloads, downloads } = row;
  const downloadsLeft = max_downloads === null ? null : Math.max(0, max_downloads - downloads);
  return { id, givenName: name, password, expiresAt: expires_at, downloadsLeft };
}
