import { forgetClosedAccounts } from './account-deletion.ts';
import { forgetArchives } from './archives.ts';
import { forgetUses } from './budgets.ts';
import type { Database } from './database.ts';
import { giveUpDeleted } from './deleted-files.ts';
import type { Services } from './services.ts';
import { forgetShares } from './shares.ts';
import { forgetSteps } from './sign-in-steps.ts';
import { forgetParts, uploadsWithSession } from './upload-sessions.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Their owners see for so long what became of them. */
const ENDED_SHARES_DAYS = 30;

/**
 * Frees the parts of upload sessions that nobody came back to within the grace time. The rows stay: whoever comes
 * later hears that the session is over, refreshes it, and sends again what is no longer there.
 */
export async function reap(services: Services, now: number): Promise<void> {
  const { db, config, attempts } = services;
  const before = now - config.sessionTtlMinutes * MINUTE_MS - config.graceDays * DAY_MS;
  const abandoned = await uploadsWithSession(db)
    .selectAll('uploads')
    .where('uploads.state', '=', 'open')
    .where('upload_sessions.issued_at', '<', before)
    .execute();
  for (const upload of abandoned) {
    await attempts.stop(upload.storage_key, 'UNAVAILABLE');
    await db.transaction().execute(async (step) => {
      // Refreshed or finished meanwhile?
      const still = await uploadsWithSession(step)
        .select('uploads.id')
        .where('uploads.account_id', '=', upload.account_id)
        .where('uploads.id', '=', upload.id)
        .where('uploads.state', '=', 'open')
        .where('upload_sessions.issued_at', '<', before)
        .executeTakeFirst();
      if (still) await forgetParts(step, upload, 'reaped');
    });
  }
  await giveUpDeleted(db, config, now);
  await freeGarbage(services);
  await forgetUses(db, now - DAY_MS);
  await forgetSteps(db, now);
  await forgetArchives(db, now);
  await forgetShares(db, now - ENDED_SHARES_DAYS * DAY_MS);
  await forgetClosedAccounts(db, now - DAY_MS);
  await services.accounts.forgetEndedSessions(now - DAY_MS);
  attempts.forgetIdle(now - DAY_MS);
}

/** Frees the storage that nothing refers to any more: `keys`, or all there is. */
export async function freeGarbage(
  { db, store, thumbnails }: Pick<Services, 'db' | 'store' | 'thumbnails'>,
  keys?: readonly string[],
): Promise<void> {
  for (const key of keys ?? (await garbageKeys(db))) {
    await store.remove(key);
    await thumbnails.remove(key);
    await db.deleteFrom('garbage').where('storage_key', '=', key).execute();
  }
}

async function garbageKeys(db: Database): Promise<string[]> {
  const rows = await db.selectFrom('garbage').select('storage_key').execute();
  return rows.map((row) => row.storage_key);
}
