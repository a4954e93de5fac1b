import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { RegisteredFile } from '../shared/api.ts';
import { partBytesFor } from '../shared/parts.ts';
import { requireOpenAccount } from './account-deletion.ts';
import type { Config } from './config.ts';
import type { Database, Tables } from './database.ts';
import { usedBytes } from './library.ts';
import { Refusal } from './problem.ts';
import type { Upload } from './upload-sessions.ts';

type Step = Transaction<Tables>;

/** Ids in one query; SQLite takes 32,766 values, PostgreSQL 65,535. */
const IDS_PER_QUERY = 5000;
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+(\s*;\s*[\w.+-]+=[\w.+"-]+)*$/;

/** What `registerFiles` needs to know of the request. */
export interface Registration {
  readonly accountId: string;
  readonly sessionId: string;
  readonly device: string;
  readonly files: readonly RegisteredFile[];
  readonly now: number;
}

/**
 * Creates the session, adds the files, or refreshes it: always the same call, and the same again changes nothing.
 *
 * Its `issuedAt` is now, in any case. A file that is known keeps what is stored of it, under whatever session it was;
 * one that was reaped starts from zero,
 * and so does one that was cancelled if `reopen` says so. All or nothing: a refusal leaves everything as it was.
 *
 * @throws {Refusal} `ID_REUSED`, `TOO_LARGE`, `TOO_MANY_SESSIONS`, `QUOTA_EXCEEDED`, `INVALID_INPUT`
 */
export async function registerFiles(
  db: Database,
  config: Config,
  registration: Registration,
): Promise<'created' | 'existed'> {
  const { files } = registration;
  const ids = new Set(files.map(({ id }) => id));
  if (ids.size < files.length) throw new Refusal('INVALID_INPUT', 'files: an id is there twice');
  const tooLarge = files.find(({ size }) => size > config.maxFileBytes);
  if (tooLarge) {
    throw new Refusal('TOO_LARGE', `A file of ${tooLarge.size} bytes is over the limit`, {
      limit: config.maxFileBytes,
      limitName: 'MAX_FILE_BYTES',
    });
  }
  return db.transaction().execute(async (step) => {
    await requireOpenAccount(step, registration.accountId);
    const outcome = await openSession(step, config, registration);
    await placeFiles(step, registration);
    await checkLimits(step, config, registration);
    return outcome;
  });
}

async function openSession(step: Step, config: Config, { accountId, sessionId, device, now }: Registration) {
  const { numUpdatedRows } = await step
    .updateTable('upload_sessions')
    .set({ issued_at: now })
    .where('account_id', '=', accountId)
    .where('id', '=', sessionId)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return 'existed';
  const { open } = await step
    .selectFrom('uploads')
    .where('account_id', '=', accountId)
    .where('state', '=', 'open')
    .select((eb) => eb.fn.count<number>('session_id').distinct().as('open'))
    .executeTakeFirstOrThrow();
  if (Number(open) >= config.maxOpenSessions) {
    throw new Refusal('TOO_MANY_SESSIONS', `There are ${open} unfinished upload sessions`, {
      limit: config.maxOpenSessions,
      limitName: 'MAX_OPEN_SESSIONS',
    });
  }
  await step
    .insertInto('upload_sessions')
    .values({ account_id: accountId, id: sessionId, device, created_at: now, issued_at: now })
    .execute();
  return 'created';
}

async function placeFiles(step: Step, { accountId, sessionId, files }: Registration): Promise<void> {
  const known = await uploadsById(
    step,
    accountId,
    files.map(({ id }) => id),
  );
  const fresh: Upload[] = [];
  for (const [position, file] of files.entries()) {
    const upload = known.get(file.id);
    if (upload) await reopen(step, upload, file, sessionId);
    else fresh.push(newUpload(accountId, sessionId, position, file));
  }
  for (let at = 0; at < fresh.length; at += 500) {
    await step
      .insertInto('uploads')
      .values(fresh.slice(at, at + 500))
      .execute();
  }
}

async function reopen(step: Step, upload: Upload, file: RegisteredFile, sessionId: string): Promise<void> {
  if (upload.size !== file.size || upload.name !== file.name || upload.path !== file.path) {
    throw new Refusal('ID_REUSED', `The id ${file.id} belongs to another file`);
  }
  // Cancelled may mean: from another device. Only a client that says so begins such a file anew.
  const again = upload.state === 'reaped' || (upload.state === 'cancelled' && file.reopen === true);
  if (!again && upload.session_id === sessionId) return;
  await step
    .updateTable('uploads')
    .set({ session_id: sessionId, ...(again ? { state: 'open' as const, reserved_bytes: upload.size } : {}) })
    .where('account_id', '=', upload.account_id)
    .where('id', '=', upload.id)
    .execute();
}

function newUpload(accountId: string, sessionId: string, position: number, file: RegisteredFile): Upload {
  return {
    account_id: accountId,
    id: file.id,
    session_id: sessionId,
    position,
    path: file.path,
    name: file.name,
    size: file.size,
    type: MEDIA_TYPE.test(file.type) ? file.type : '',
    last_modified: file.lastModified,
    part_bytes: partBytesFor(file.size),
    state: 'open',
    reserved_bytes: file.size,
    storage_key: randomUUID(),
    outcome: null,
  };
}

/** Looked at after the fact, inside the transaction: what is over a limit is rolled back. */
async function checkLimits(
  step: Step,
  config: Config,
  { accountId, sessionId }: Registration,
): Promise<void> {
  const { files } = await step
    .selectFrom('uploads')
    .where('account_id', '=', accountId)
    .where('session_id', '=', sessionId)
    .select((eb) => eb.fn.countAll<number>().as('files'))
    .executeTakeFirstOrThrow();
  if (Number(files) > config.maxFilesPerSession) {
    throw new Refusal('TOO_LARGE', `The session would have ${files} files`, {
      limit: config.maxFilesPerSession,
      limitName: 'MAX_FILES_PER_SESSION',
    });
  }
  if ((await usedBytes(step, accountId)) > config.quotaBytes) {
    throw new Refusal('QUOTA_EXCEEDED', 'There is no room for these files', {
      limit: config.quotaBytes,
      limitName: 'QUOTA_BYTES',
    });
  }
}

async function uploadsById(
  step: Step,
  accountId: string,
  ids: readonly string[],
): Promise<Map<string, Upload>> {
  const found = new Map<string, Upload>();
  for (let at = 0; at < ids.length; at += IDS_PER_QUERY) {
    const rows = await step
      .selectFrom('uploads')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('id', 'in', ids.slice(at, at + IDS_PER_QUERY))
      .execute();
    for (const row of rows) found.set(row.id, row);
  }
  return found;
}
