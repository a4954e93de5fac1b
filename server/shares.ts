import type { Selectable, Transaction } from 'kysely';
import { type FileChoice, MAX_FILES_PER_SHARE, type NewShare, type Share } from '../shared/api.ts';
import { lastNameOf, pathBelow } from '../shared/folder.ts';
import { requireOpenAccount } from './account-deletion.ts';
import { chosenFiles } from './chosen-files.ts';
import type { Database, Tables } from './database.ts';
import { Refusal } from './problem.ts';
import type { Services } from './services.ts';
import type { ShareKeys } from './share-keys.ts';
import { shareName, shortName } from './share-name.ts';
import { hashPassword } from './share-password.ts';

type Step = Transaction<Tables>;
type ShareRow = Selectable<Tables['shares']>;
type Sharing = Pick<Services, 'db' | 'config' | 'shareKeys' | 'now'>;

const ROWS_AT_ONCE = 500;

/**
 * Makes a share of some files, or of what is in a folder now. Of a folder, people see what is below it; of single
 * files, not where they were: the folders above say things about their owner that nobody chose to share.
 *
 * @throws {Refusal} `NOT_FOUND` when there is no such file, or nothing in the folder; `TOO_LARGE`, `TOO_MANY_SHARES`,
 *   `INVALID_INPUT` when it would have ended already
 */
export async function createShare(
  { db, config, shareKeys, now }: Sharing,
  accountId: string,
  share: NewShare,
): Promise<Share> {
  if (share.expiresAt !== null && share.expiresAt <= now())
    throw new Refusal('INVALID_INPUT', 'expiresAt: expected a time to come');
  // Before the transaction: inside one, nothing is awaited but the database.
  const password = share.password === null ? null : await hashPassword(share.password);
  const id = shareKeys.newId();
  await db.transaction().execute(async (step) => {
    await requireOpenAccount(step, accountId);
    await requireRoom(step, accountId, config.maxShares);
    const { of } = share;
    const files = await chosenFiles(step, accountId, of, ['MAX_FILES_PER_SHARE', MAX_FILES_PER_SHARE]);
    // Whoever shares says to others what they will get.
    if ('files' in of && files.length < new Set(of.files).size)
      throw new Refusal('NOT_FOUND', 'This account has no such file');
    await step
      .insertInto('shares')
      .values({
        account_id: accountId,
        id,
        name: share.name ?? folderNameOf(of),
        created_at: now(),
        expires_at: share.expiresAt,
        password,
        max_downloads: share.maxDownloads,
        downloads: 0,
        ended_at: null,
      })
      .execute();
    for (let at = 0; at < files.length; at += ROWS_AT_ONCE) {
      const some = files.slice(at, at + ROWS_AT_ONCE);
      await step
        .insertInto('share_files')
        .values(
          some.map((file) => ({
            account_id: accountId,
            share_id: id,
            file_id: file.id,
            path: 'folder' in of ? pathBelow(of.folder, file.path) : '',
          })),
        )
        .execute();
    }
  });
  const [made] = await readShares(db, shareKeys, accountId, id);
  if (!made) throw new Refusal('SESSION_EXPIRED', 'The account was deleted');
  return made;
}

/** The shares of an account, the newest first. */
export async function listShares({ db, shareKeys }: Sharing, accountId: string): Promise<Share[]> {
  return readShares(db, shareKeys, accountId, null);
}

/** Ends a share for good. @throws {Refusal} `NOT_FOUND` */
export async function revokeShare(db: Database, accountId: string, id: string): Promise<void> {
  await db.transaction().execute(async (step) => {
    const ofAccount = await step
      .deleteFrom('shares')
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .executeTakeFirst();
    if (ofAccount.numDeletedRows === 0n) throw new Refusal('NOT_FOUND', 'This account has no such share');
    await step.deleteFrom('share_files').where('share_id', '=', id).execute();
  });
}

/** Forgets the shares that ended before `before`. */
export async function forgetShares(db: Database, before: number): Promise<void> {
  await db.transaction().execute(async (step) => {
    await step
      .deleteFrom('shares')
      .where((eb) => eb.or([eb('expires_at', '<', before), eb('ended_at', '<', before)]))
      .execute();
    await step
      .deleteFrom('share_files')
      .where('share_id', 'not in', (eb) => eb.selectFrom('shares').select('id'))
      .execute();
  });
}

/** A file is gone for good: so it is from every share, and a share that has nothing left has ended. */
export async function unshare(step: Step, accountId: string, fileId: string, now: number): Promise<void> {
  const rows = step.deleteFrom('share_files').where('account_id', '=', accountId);
  const { numDeletedRows } = await rows.where('file_id', '=', fileId).executeTakeFirst();
  if (numDeletedRows === 0n) return;
  await step
    .updateTable('shares')
    .set({ ended_at: now })
    .where('account_id', '=', accountId)
    .where('ended_at', 'is', null)
    .where('id', 'not in', (eb) =>
      eb.selectFrom('share_files').select('share_id').where('account_id', '=', accountId),
    )
    .execute();
}

async function readShares(
  db: Database,
  keys: ShareKeys,
  accountId: string,
  id: string | null,
): Promise<Share[]> {
  const rows = await db
    .selectFrom('shares')
    .leftJoin('share_files', 'share_files.share_id', 'shares.id')
    .leftJoin('files', (join) =>
      join
        .onRef('files.account_id', '=', 'share_files.account_id')
        .onRef('files.id', '=', 'share_files.file_id'),
    )
    .selectAll('shares')
    .select((eb) => [
      eb.fn.count<number>('files.id').as('files'),
      eb.fn.sum<number | null>('files.size').as('bytes'),
      // The first in the list that strangers see.
      eb
        .selectFrom('share_files as of')
        .innerJoin('files as one', (join) =>
          join.onRef('one.account_id', '=', 'of.account_id').onRef('one.id', '=', 'of.file_id'),
        )
        .select('one.name')
        .whereRef('of.share_id', '=', 'shares.id')
        .orderBy('of.path')
        .orderBy('one.sort_name')
        .orderBy('one.id')
        .limit(1)
        .as('first_name'),
    ])
    .where('shares.account_id', '=', accountId)
    .$if(id !== null, (query) => query.where('shares.id', '=', id))
    .groupBy('shares.id')
    .orderBy('shares.created_at', 'desc')
    .orderBy('shares.id')
    .execute();
  return rows.map((row) => ({
    ...shareOf(row, keys),
    name: shareName(row.name, row.first_name, Number(row.files)),
    files: Number(row.files),
    bytes: Number(row.bytes ?? 0),
  }));
}

function shareOf(row: ShareRow, keys: ShareKeys): Omit<Share, 'name' | 'files' | 'bytes'> {
  return {
    id: row.id,
    token: keys.tokenOf(row.id),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    hasPassword: row.password !== null,
    maxDownloads: row.max_downloads,
    downloads: row.downloads,
  };
}

async function requireRoom(step: Step, accountId: string, maxShares: number): Promise<void> {
  const { shares } = await step
    .selectFrom('shares')
    .where('account_id', '=', accountId)
    .select((eb) => eb.fn.countAll<number>().as('shares'))
    .executeTakeFirstOrThrow();
  if (Number(shares) < maxShares) return;
  throw new Refusal('TOO_MANY_SHARES', `There are ${shares} shares`, {
    limit: maxShares,
    limitName: 'MAX_SHARES',
  });
}

/** What a share of a folder is called whose owner gave it no name; empty for files, which name it themselves. */
function folderNameOf(of: FileChoice): string {
  return 'folder' in of ? shortName(lastNameOf(of.folder)) : '';
}
