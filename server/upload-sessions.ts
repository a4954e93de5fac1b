import { randomUUID } from 'node:crypto';
import type { Selectable, Transaction } from 'kysely';
import type { PartDigests, RegisteredFile, SessionFile, UploadSession } from '../shared/api.ts';
import { partBytesFor } from '../shared/parts.ts';
import { toRanges } from '../shared/ranges.ts';
import type { Config } from './config.ts';
import type { Database, Tables } from './database.ts';
import { usedBytes } from './library.ts';
import type { PartStore } from './part-store.ts';
import { Refusal } from './problem.ts';

/** One row of `uploads`. */
export type Upload = Selectable<Tables['uploads']>;
type Session = Selectable<Tables['upload_sessions']>;
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
 * one that was reaped starts from zero, and so does one that was cancelled if `reopen` says so. All or nothing: a refusal leaves everything as it was.
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

/** What reading a session needs: rows from the database, offsets from the store. */
export interface SessionReader {
  readonly db: Database;
  readonly store: PartStore;
  readonly config: Config;
  readonly now: () => number;
}

/** One session of the account. @throws {Refusal} `NOT_FOUND` */
export async function readSession(
  reader: SessionReader,
  accountId: string,
  sessionId: string,
): Promise<UploadSession> {
  const session = await reader.db
    .selectFrom('upload_sessions')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('id', '=', sessionId)
    .executeTakeFirst();
  if (!session) throw new Refusal('NOT_FOUND', 'This account has no such upload session');
  return sessionAnswer(reader, session);
}

/** The sessions of the account that still have an open file, the newest first. */
export async function readOpenSessions(reader: SessionReader, accountId: string): Promise<UploadSession[]> {
  const sessions = await reader.db
    .selectFrom('upload_sessions')
    .selectAll()
    .where('account_id', '=', accountId)
    .where((eb) =>
      eb(
        'id',
        'in',
        eb
          .selectFrom('uploads')
          .select('session_id')
          .where('account_id', '=', accountId)
          .where('state', '=', 'open'),
      ),
    )
    .orderBy('issued_at', 'desc')
    .execute();
  const answers: UploadSession[] = [];
  for (const session of sessions) answers.push(await sessionAnswer(reader, session));
  return answers;
}

async function sessionAnswer(reader: SessionReader, session: Session): Promise<UploadSession> {
  const uploads = await reader.db
    .selectFrom('uploads')
    .selectAll()
    .where('account_id', '=', session.account_id)
    .where('session_id', '=', session.id)
    .orderBy('position')
    .execute();
  const parts = await partsOfSession(reader.db, session);
  const files: SessionFile[] = [];
  for (const upload of uploads)
    files.push(await fileAnswer(reader.store, upload, parts.get(upload.id) ?? []));
  return {
    id: session.id,
    device: session.device,
    createdAt: session.created_at,
    issuedAt: session.issued_at,
    sessionTtlMinutes: reader.config.sessionTtlMinutes,
    now: reader.now(),
    files,
  };
}

async function partsOfSession(db: Database, session: Session): Promise<Map<string, number[]>> {
  const rows = await db
    .selectFrom('parts')
    .innerJoin('uploads', (join) =>
      join.onRef('uploads.account_id', '=', 'parts.account_id').onRef('uploads.id', '=', 'parts.upload_id'),
    )
    .select(['parts.upload_id', 'parts.number'])
    .where('uploads.account_id', '=', session.account_id)
    .where('uploads.session_id', '=', session.id)
    .orderBy('parts.number')
    .execute();
  const parts = new Map<string, number[]>();
  for (const { upload_id, number } of rows) {
    const numbers = parts.get(upload_id);
    if (numbers) numbers.push(number);
    else parts.set(upload_id, [number]);
  }
  return parts;
}

async function fileAnswer(store: PartStore, upload: Upload, parts: readonly number[]): Promise<SessionFile> {
  const acknowledged = new Set(parts);
  const offsets: Record<string, number> = {};
  if (upload.state === 'open') {
    for (const [number, bytes] of await store.heldParts(upload.storage_key)) {
      if (!acknowledged.has(number)) offsets[number] = bytes;
    }
  }
  return {
    id: upload.id,
    path: upload.path,
    name: upload.name,
    size: upload.size,
    type: upload.type,
    lastModified: upload.last_modified,
    // What was reaped is open again for whoever asks: nothing of it is here, and a refresh brings it back.
    state: upload.state === 'reaped' ? 'open' : upload.state,
    partBytes: upload.part_bytes,
    acknowledged: toRanges(parts).map(([from, to]): [number, number] => [from, to]),
    offsets,
  };
}

/** One upload of the account within a session, with that session's `issuedAt`. @throws {Refusal} `NOT_FOUND` */
export async function findUpload(
  db: Database,
  accountId: string,
  sessionId: string,
  uploadId: string,
): Promise<{ upload: Upload; issuedAt: number }> {
  const row = await db
    .selectFrom('uploads')
    .innerJoin('upload_sessions', (join) =>
      join
        .onRef('upload_sessions.account_id', '=', 'uploads.account_id')
        .onRef('upload_sessions.id', '=', 'uploads.session_id'),
    )
    .selectAll('uploads')
    .select('upload_sessions.issued_at')
    .where('uploads.account_id', '=', accountId)
    .where('uploads.session_id', '=', sessionId)
    .where('uploads.id', '=', uploadId)
    .executeTakeFirst();
  if (!row) throw new Refusal('NOT_FOUND', 'This account has no such upload');
  const { issued_at: issuedAt, ...upload } = row;
  return { upload, issuedAt };
}

/** The digests of all acknowledged parts of an upload. */
export async function readDigests(db: Database, upload: Upload): Promise<PartDigests> {
  const rows = await db
    .selectFrom('parts')
    .select(['number', 'digest'])
    .where('account_id', '=', upload.account_id)
    .where('upload_id', '=', upload.id)
    .orderBy('number')
    .execute();
  return {
    partBytes: upload.part_bytes,
    digests: Object.fromEntries(rows.map(({ number, digest }) => [String(number), digest])),
  };
}

/**
 * Cancels an unfinished upload: its parts are forgotten, its share of the quota is free. Returns the storage to free,
 * or null where there was nothing to cancel.
 */
export async function cancelUpload(db: Database, upload: Upload): Promise<string | null> {
  return db.transaction().execute(async (step) => {
    const current = await step
      .selectFrom('uploads')
      .selectAll()
      .where('account_id', '=', upload.account_id)
      .where('id', '=', upload.id)
      .executeTakeFirstOrThrow();
    if (current.state !== 'open' && current.state !== 'reaped') return null;
    await forgetParts(step, current, 'cancelled');
    return current.storage_key;
  });
}

/** Takes everything an unfinished upload has away from it; its old storage becomes garbage. */
export async function forgetParts(step: Step, upload: Upload, state: 'cancelled' | 'reaped'): Promise<void> {
  const { account_id, id } = upload;
  await step.deleteFrom('parts').where('account_id', '=', account_id).where('upload_id', '=', id).execute();
  await step
    .updateTable('uploads')
    .set({ state, reserved_bytes: 0, storage_key: randomUUID() })
    .where('account_id', '=', account_id)
    .where('id', '=', id)
    .execute();
  await step.insertInto('garbage').values({ storage_key: upload.storage_key }).execute();
}
