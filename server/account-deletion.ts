import type { Transaction } from 'kysely';
import type { Account } from './accounts.ts';
import type { Database, Tables } from './database.ts';
import { Refusal } from './problem.ts';
import { freeGarbage } from './reaper.ts';
import type { Services } from './services.ts';

type Deleting = Pick<Services, 'db' | 'store' | 'thumbnails' | 'attempts' | 'accounts' | 'sessions' | 'now'>;

/** Every table with rows of accounts, in an order in which they can be emptied. */
const OWN_TABLES = [
  'archives',
  'share_files',
  'shares',
  'parts',
  'files',
  'deleted_files',
  'uploads',
  'upload_sessions',
  'passkeys',
] as const;

/**
 * Deletes an account with everything in it: sessions, passkeys, unfinished uploads, files, shares.
 *
 * That it is closed is written down first. From then on no request can add to it, and a start finishes what a crash
 * has cut short.
 */
export async function deleteAccount(services: Deleting, { id, email }: Account): Promise<void> {
  await services.db
    .insertInto('closed_accounts')
    .values({ account_id: id, email, closed_at: services.now() })
    .onConflict((on) => on.column('account_id').doNothing())
    .execute();
  await empty(services, id, email);
}

/** Finishes the deletions that a crash cut short. */
export async function finishDeletions(services: Deleting): Promise<void> {
  const closed = await services.db
    .selectFrom('closed_accounts')
    .select(['account_id', 'email'])
    .where('email', 'is not', null)
    .execute();
  for (const { account_id, email } of closed) await empty(services, account_id, email ?? '');
}

async function empty(services: Deleting, id: string, email: string): Promise<void> {
  const { db, accounts, sessions, attempts } = services;
  await sessions.endAll(id);
  const open = await db
    .selectFrom('uploads')
    .select('storage_key')
    .where('account_id', '=', id)
    .where('state', 'in', ['open', 'reaped'])
    .execute();
  for (const { storage_key } of open) await attempts.stop(storage_key, 'CANCELLED');
  const keys = await db.transaction().execute((step) => removeRows(step, id));
  await accounts.remove(id, email);
  // Nothing is left but an id that says nothing of anybody.
  await db.updateTable('closed_accounts').set({ email: null }).where('account_id', '=', id).execute();
  await freeGarbage(services, keys);
}

async function removeRows(step: Transaction<Tables>, id: string): Promise<string[]> {
  const uploads = await step
    .selectFrom('uploads')
    .select('storage_key')
    .where('account_id', '=', id)
    .execute();
  const files = await step.selectFrom('files').select('storage_key').where('account_id', '=', id).execute();
  const deleted = await step
    .selectFrom('deleted_files')
    .select('storage_key')
    .where('account_id', '=', id)
    .execute();
  const keys = [...new Set([...uploads, ...files, ...deleted].map((row) => row.storage_key))];
  for (let at = 0; at < keys.length; at += 500) {
    await step
      .insertInto('garbage')
      .values(keys.slice(at, at + 500).map((storage_key) => ({ storage_key })))
      .onConflict((on) => on.column('storage_key').doNothing())
      .execute();
  }
  for (const table of OWN_TABLES) {
    await step.deleteFrom(table).where('account_id', '=', id).execute();
  }
  return keys;
}

/**
 * To be called inside the transaction that would add something: the request may have been let in before its account
 * was closed.
 *
 * @throws {Refusal} `SESSION_EXPIRED`
 */
export async function requireOpenAccount(step: Transaction<Tables>, id: string): Promise<void> {
  const closed = await step
    .selectFrom('closed_accounts')
    .select('account_id')
    .where('account_id', '=', id)
    .executeTakeFirst();
  if (closed) throw new Refusal('SESSION_EXPIRED', 'The account was deleted');
}

/** Drops the marks of accounts that were deleted so long ago that no request of theirs can still be under way. */
export async function forgetClosedAccounts(db: Database, before: number): Promise<void> {
  await db.deleteFrom('closed_accounts').where('closed_at', '<', before).where('email', 'is', null).execute();
}
