import { randomUUID } from 'node:crypto';
import type { Selectable, Transaction } from 'kysely';
import type { PartDigests, SessionFile, UploadSession } from '../shared/api.ts';
import { toRanges } from '../shared/ranges.ts';
import type { Attempts } from './attempts.ts';
import type { Config } from './config.ts';
import type { Database, Tables } from './database.ts';
import type { PartStore } from './part-store.ts';
import { Refusal } from './problem.ts';

/** One row of `uploads`. */
export type Upload = Selectable<Tables['uploads']>;
type Session = Selectable<Tables['upload_sessions']>;
type Step = Transaction<Tables>;

/** What reading a session needs: rows from the database, offsets from the store. */
export interface SessionReader {
  readonly db: Database;
  readonly store: PartStore;
  readonly attempts: Pick<Attempts, 'settle'>;
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
  await settleRequests(reader, session);
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

/**
 * Whoever reads a session has mostly lost the connections on which its parts were coming; what is still on its way from
 * those is waited for, so that the offsets in the answer are not behind what arrives a moment later.
 */
async function settleRequests({ db, attempts }: SessionReader, session: Session): Promise<void> {
  const open = await db
    .selectFrom('uploads')
    .select('storage_key')
    .where('account_id', '=', session.account_id)
    .where('session_id', '=', session.id)
    .where('state', '=', 'open')
    .execute();
  await attempts.settle(new Set(open.map(({ storage_key }) => storage_key)));
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

/** Uploads, each beside its session. */
export function uploadsWithSession(db: Database) {
  return db
    .selectFrom('uploads')
    .innerJoin('upload_sessions', (join) =>
      join
        .onRef('upload_sessions.account_id', '=', 'uploads.account_id')
        .onRef('upload_sessions.id', '=', 'uploads.session_id'),
    );
}

/** One upload of the account within a session, with that session's `issuedAt`. @throws {Refusal} `NOT_FOUND` */
export async function findUpload(
  db: Database,
  accountId: string,
  sessionId: string,
  uploadId: string,
): Promise<{ upload: Upload; issuedAt: number }> {
  const row = await uploadsWithSession(db)
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
