import { createHash, type Hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { StoredFile } from '../shared/api.ts';
import { header } from '../shared/api.ts';
import { partCount, partSpan } from '../shared/parts.ts';
import { type Acknowledgement, acknowledgePart } from './acknowledge.ts';
import type { Turn } from './attempts.ts';
import { type PartRequest, readPartNumber, readPartRequest } from './part-request.ts';
import { isStorageFull, type PartWriter } from './part-store.ts';
import { Refusal } from './problem.ts';
import { type BodyEnd, discardBody, receiveBody } from './receive-body.ts';
import type { Services } from './services.ts';
import { findUpload, type Upload } from './upload-sessions.ts';

/** Which part a request is about, as its address says. */
export interface PartAddress {
  readonly accountId: string;
  readonly sessionId: string;
  readonly uploadId: string;
  readonly number: string;
}

/** What became of a request: a segment kept, a part acknowledged, or the whole file stored. */
export type PartOutcome =
  | { at: 'received'; heldBytes: number; issuedAt: number }
  | { at: 'acknowledged'; issuedAt: number }
  | { at: 'stored'; issuedAt: number; file: StoredFile };

/** A part as the database and the clock know it when a request starts. */
interface Known {
  readonly upload: Upload;
  readonly issuedAt: number;
  readonly number: number;
  readonly start: number;
  readonly length: number;
  /** The digest it is stored with, if it is. */
  readonly stored: string | null;
}

const MINUTE_MS = 60_000;
/** How soon a client may try again when the disk was full. */
const STORAGE_FULL_RETRY_SECONDS = 30;

/**
 * Takes the body of one request for one part: writes what comes, keeps the prefix of a body that is cut, and
 * acknowledges the part when it is whole, verified and on stable storage.
 *
 * @throws {Refusal} every code of the table of answers (design, "The HTTP API").
 */
export async function receivePart(
  services: Services,
  address: PartAddress,
  incoming: IncomingMessage,
): Promise<PartOutcome> {
  const { attempts, now } = services;
  let part = await lookUp(services, address);
  const request = readPartRequest(incoming.headers, part.length);
  const answered = answerFromRecord(services, part, request);
  if (answered) return withoutBody(services, request, incoming, answered);

  const turn = await attempts.begin(part.upload.storage_key, part.number, request.attempt, now());
  let outcome: 'finished' | 'unfinished' = 'unfinished';
  try {
    if (turn.waited) {
      part = await lookUp(services, address);
      const meanwhile = answerFromRecord(services, part, request);
      if (meanwhile) return await withoutBody(services, request, incoming, meanwhile);
    }
    const answer = await writePart(services, part, request, turn, incoming);
    if (answer.at !== 'received') outcome = 'finished';
    return answer;
  } finally {
    turn.release(outcome);
  }
}

/** Bytes of the part that are here, and whether it is acknowledged. */
export async function readOffset(
  services: Services,
  address: PartAddress,
): Promise<{ offset: number; complete: boolean; issuedAt: number }> {
  const { attempts, store } = services;
  // What a connection that just died has brought may still be in the event loop's hands: let it be seen first.
  await new Promise((resolve) => setImmediate(resolve));
  const first = await lookUp(services, address);
  const running =
    first.stored === null ? await attempts.progress(first.upload.storage_key, first.number) : null;
  if (running !== null) return { offset: running, complete: false, issuedAt: first.issuedAt };
  const part = await lookUp(services, address);
  if (part.stored !== null) return { offset: part.length, complete: true, issuedAt: part.issuedAt };
  refuseUnlessOpen(services, part);
  const offset = await store.held(part.upload.storage_key, part.number);
  return { offset, complete: false, issuedAt: part.issuedAt };
}

async function lookUp(
  { db }: Services,
  { accountId, sessionId, uploadId, number: text }: PartAddress,
): Promise<Known> {
  const { upload, issuedAt } = await findUpload(db, accountId, sessionId, uploadId);
  const number = readPartNumber(text, partCount(upload.size, upload.part_bytes));
  const row = await db
    .selectFrom('parts')
    .select('digest')
    .where('account_id', '=', accountId)
    .where('upload_id', '=', uploadId)
    .where('number', '=', number)
    .executeTakeFirst();
  return {
    upload,
    issuedAt,
    number,
    ...partSpan(upload.size, upload.part_bytes, number),
    stored: row?.digest ?? null,
  };
}

/**
 * The answer that needs no body: for a part that is stored the first answer again, however late, since the client may
 * have missed it. Null when the body is wanted.
 */
function answerFromRecord(services: Services, part: Known, { digest }: PartRequest): PartOutcome | null {
  const { upload, issuedAt, stored } = part;
  if (upload.state !== 'stored') refuseUnlessOpen(services, part);
  if (stored === null) return null;
  // A segment says nothing of the part as a whole: whoever sends one only does not know yet that it is all here.
  if (digest === null) throw offsetMismatch(part.length);
  if (digest !== stored) throw new Refusal('PART_EXISTS', 'This part is stored with another digest');
  if (upload.outcome === null) return { at: 'acknowledged', issuedAt };
  return { at: 'stored', issuedAt, file: JSON.parse(upload.outcome) as StoredFile }; // we wrote it (`acknowledgePart`)
}

/** `answer`, when the body that is not wanted any more was read: it is part of a good answer that it was heard out. */
async function withoutBody(
  { config }: Services,
  { maxBytes }: PartRequest,
  incoming: IncomingMessage,
  answer: PartOutcome,
): Promise<PartOutcome> {
  if (await discardBody(incoming, maxBytes, config.bodyStallSeconds * 1000)) return answer;
  throw new Refusal('INVALID_INPUT', `The body must have ${maxBytes} bytes`);
}

function refuseUnlessOpen({ config, now }: Services, { upload, issuedAt }: Known): void {
  if (upload.state === 'cancelled') throw new Refusal('CANCELLED', 'The upload was cancelled');
  const over = now() - issuedAt > config.sessionTtlMinutes * MINUTE_MS;
  if (upload.state === 'reaped' || over)
    throw new Refusal('EXPIRED_SESSION', 'The upload session is over its time');
}

async function writePart(
  services: Services,
  part: Known,
  request: PartRequest,
  turn: Turn,
  incoming: IncomingMessage,
): Promise<PartOutcome> {
  const { store, config } = services;
  const key = part.upload.storage_key;
  // Only now, with the older request settled, is this number true.
  const held = await store.held(key, part.number);
  if (held !== request.offset) throw offsetMismatch(held);
  const hash = turn.takePrefix(held) ?? (await hashPrefix(services, part, held));
  const writer = await store.write(key, part, held).catch((error: unknown) => {
    throw storageRefusal(error);
  });
  try {
    turn.showProgress({
      heldBytes: () => writer.heldBytes,
      heardBytes: () => incoming.socket.bytesRead,
      isHeldUp: () => incoming.isPaused(),
    });
    const end = await receiveBody(incoming, {
      writer,
      hash,
      maxBytes: request.maxBytes,
      stallMs: config.bodyStallSeconds * 1000,
      stopped: turn.stopped,
    });
    if (end.at === 'end' && request.digest !== null && end.bytes === request.maxBytes) {
      return await finishPart(services, part, request.digest, hash, writer);
    }
    return await keepPrefix(part, request, end, { hash, writer, turn });
  } finally {
    services.metrics.received(writer.heldBytes - held);
    await writer.close();
  }
}

/** After a restart, or when a write failed, the hash of what is held has to be made again. */
async function hashPrefix({ store }: Services, part: Known, held: number): Promise<Hash> {
  const hash = createHash('sha256');
  if (held === 0) return hash;
  const bytes = await store.read(part.upload.storage_key, part.start, part.start + held);
  for await (const chunk of bytes) hash.update(chunk);
  return hash;
}

/** The body reached the part's end: verified, then sealed, then acknowledged; never in another order. */
async function finishPart(
  services: Services,
  part: Known,
  digest: string,
  hash: Hash,
  writer: PartWriter,
): Promise<PartOutcome> {
  const { db, store, now, log, metrics } = services;
  const { upload, number } = part;
  if (hash.digest('base64') !== digest) {
    await writer.undo();
    await store.empty(upload.storage_key, number);
    throw new Refusal('DIGEST_MISMATCH', 'The bytes of the part do not have its digest');
  }
  let acknowledgement: Acknowledgement;
  try {
    await writer.seal();
    acknowledgement = await acknowledgePart(db, { upload, number, digest }, now());
  } catch (error) {
    await writer.settle(); // what is here is still a true prefix
    throw storageRefusal(error);
  }
  metrics.acknowledged(part.length);
  const { issuedAt, file } = acknowledgement;
  if (!file) return { at: 'acknowledged', issuedAt };
  // The file is stored, whatever happens to this move: it is found in the old place, and moved at the next start.
  await store
    .keep(upload.storage_key)
    .catch((error: unknown) => log.error({ err: error }, 'file not moved yet'));
  return { at: 'stored', issuedAt, file };
}

/** The body ended before the part did, as it was meant to or not: what came is kept. */
async function keepPrefix(
  part: Known,
  request: PartRequest,
  end: BodyEnd,
  { hash, writer, turn }: { hash: Hash; writer: PartWriter; turn: Turn },
): Promise<PartOutcome> {
  const tooShort = end.at === 'end' && request.digest !== null;
  if (tooShort || end.at === 'overrun') {
    await writer.undo();
    throw new Refusal('INVALID_INPUT', `The body must have ${request.maxBytes} bytes`);
  }
  const heldBytes = await writer.settle();
  if (writer.failure) throw storageRefusal(writer.failure);
  turn.leavePrefix({ hash, bytes: heldBytes });
  switch (end.at) {
    case 'end':
      return { at: 'received', heldBytes, issuedAt: part.issuedAt };
    case 'stopped':
      throw turn.stopped.reason;
    case 'stalled':
      throw new Refusal('BODY_STALLED', 'The body stopped coming', {
        headers: { [header.offset]: String(heldBytes) },
      });
    case 'cut':
    case 'failed':
      throw new Refusal('BODY_STALLED', 'The connection was cut'); // nobody is there to read it
  }
}

function offsetMismatch(held: number): Refusal {
  return new Refusal('OFFSET_MISMATCH', `${held} bytes of the part are here`, {
    headers: { [header.offset]: String(held) },
  });
}

function storageRefusal(error: unknown): unknown {
  if (!isStorageFull(error)) return error;
  return new Refusal('STORAGE_FULL', 'The disk is full', {
    headers: { 'Retry-After': String(STORAGE_FULL_RETRY_SECONDS) },
    cause: error,
  });
}
