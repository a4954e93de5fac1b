import { createHash } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { StoredFile } from '../shared/api.ts';
import { partCount } from '../shared/parts.ts';
import type { Database, Tables } from './database.ts';
import { searchColumns } from './file-row.ts';
import { freeNameIn } from './library.ts';
import { Refusal } from './problem.ts';
import type { Upload } from './upload-sessions.ts';

type Step = Transaction<Tables>;

/** A part whose bytes are verified and on stable storage. */
export interface VerifiedPart {
  readonly upload: Upload;
  readonly number: number;
  /** SHA-256 in base64. */
  readonly digest: string;
}

/** What acknowledging a part led to: the session's new `issuedAt`, and the file if this was its last part. */
export interface Acknowledgement {
  readonly issuedAt: number;
  readonly file: StoredFile | null;
}

/**
 * Acknowledges a part, in one transaction: its row, the session's `issuedAt`, and, with the last part, the file in the
 * library. What this decides is what happened; the file's bytes are moved to their place afterwards, and at the next
 * start if that was cut short.
 *
 * @throws {Refusal} `CANCELLED` or `EXPIRED_SESSION` when the upload was cancelled or reaped while the bytes came.
 */
export async function acknowledgePart(
  db: Database,
  part: VerifiedPart,
  now: number,
): Promise<Acknowledgement> {
  return db.transaction().execute(async (step) => {
    const upload = await currentUpload(step, part.upload);
    await step
      .insertInto('parts')
      .values({
        account_id: upload.account_id,
        upload_id: upload.id,
        number: part.number,
        digest: part.digest,
      })
      .execute();
    await step
      .updateTable('upload_sessions')
      .set({ issued_at: now })
      .where('account_id', '=', upload.account_id)
      .where('id', '=', upload.session_id)
      .execute();
    const file = (await isComplete(step, upload)) ? await commit(step, upload, now) : null;
    return { issuedAt: now, file };
  });
}

async function currentUpload(step: Step, { account_id, id, storage_key }: Upload): Promise<Upload> {
  const upload = await step
    .selectFrom('uploads')
    .selectAll()
    .where('account_id', '=', account_id)
    .where('id', '=', id)
    .executeTakeFirst();
  // Gone with its account, it was cancelled too.
  if (!upload || upload.state === 'cancelled') throw new Refusal('CANCELLED', 'The upload was cancelled');
  if (upload.storage_key !== storage_key) throw new Refusal('EXPIRED_SESSION', 'The upload was reaped');
  return upload;
}

async function isComplete(step: Step, { account_id, id, size, part_bytes }: Upload): Promise<boolean> {
  const { parts } = await step
    .selectFrom('parts')
    .where('account_id', '=', account_id)
    .where('upload_id', '=', id)
    .select((eb) => eb.fn.countAll<number>().as('parts'))
    .executeTakeFirstOrThrow();
  return Number(parts) === partCount(size, part_bytes);
}

async function commit(step: Step, upload: Upload, now: number): Promise<StoredFile> {
  const { account_id, id, path, size, type, last_modified, storage_key } = upload;
  const name = await freeNameIn(step, account_id, path, upload.name, null);
  const etag = await etagOf(step, upload);
  const file: StoredFile = { id, path, name, size, type, lastModified: last_modified, storedAt: now, etag };
  await step
    .insertInto('files')
    .values({
      account_id,
      id,
      path,
      name,
      size,
      type,
      last_modified,
      stored_at: now,
      etag,
      storage_key,
      ...searchColumns({ path, name }),
    })
    .execute();
  await step
    .updateTable('uploads')
    .set({ state: 'stored', reserved_bytes: 0, outcome: JSON.stringify(file) })
    .where('account_id', '=', account_id)
    .where('id', '=', id)
    .execute();
  return file;
}

async function etagOf(step: Step, { account_id, id }: Upload): Promise<string> {
  const parts = await step
    .selectFrom('parts')
    .select('digest')
    .where('account_id', '=', account_id)
    .where('upload_id', '=', id)
    .orderBy('number')
    .execute();
  const hash = createHash('sha256');
  for (const { digest } of parts) hash.update(Buffer.from(digest, 'base64'));
  return hash.digest('base64url');
}
