import { MAX_FILES_PER_CALL } from '../shared/api.ts';
import type { ParsedCall } from '../shared/calls.ts';
import { HoldfastError } from '../shared/errors.ts';
import { cleanFileName, cleanFolderPath } from '../shared/file-name.ts';
import type { About, Calls } from '../shared/protocol.ts';
import { findKnown, newUpload, type Upload } from '../shared/upload.ts';
import type { Account } from './account.ts';
import type { Device } from './device.ts';
import { viewElsewhere } from './elsewhere.ts';
import type { Engine } from './engine.ts';
import type { Inbox } from './inbox.ts';
import type { Log } from './log.ts';
import type { NewsDesk } from './news.ts';
import type { Outbox } from './outbox.ts';
import { reselect } from './reselect.ts';
import type { Store } from './store.ts';
import type { Turns } from './turns.ts';
import type { UploadList } from './upload-list.ts';

/** What answering a page takes. `engine` settles once this worker's engine is the one. */
export interface Desk {
  account: Account;
  device: Device;
  inbox: Inbox;
  outbox: Pick<Outbox, 'deleteAll' | 'dropped' | 'noteSeen'>;
  engine: () => Promise<Engine>;
  news: NewsDesk;
  log: Log;
  store: Store;
  about: () => About;
  drain: () => Promise<void>;
  /** Whether there is anything that pages should keep this worker alive for. */
  isBusy: () => Promise<boolean>;
  /** Files are added in turns: what two tabs add at once is known to one of them only when the other's is kept. */
  adding: Turns;
}

/** The value to answer `call` with. Throws `HoldfastError` where the answer is a code. */
export async function answerCall(
  desk: Desk,
  { name, ask }: ParsedCall,
): Promise<Calls[keyof Calls]['reply']> {
  switch (name) {
    case 'ping':
      return pong(desk);
    case 'device.tell':
      await desk.device.tell(ask);
      return null;
    case 'uploads.snapshot':
      await desk.engine();
      return desk.news.snapshot();
    case 'uploads.add':
      return desk.adding.take(() => addUploads(desk, ask));
    case 'uploads.offer': {
      const { list } = await desk.engine();
      for (const { id, file } of ask.files) await list.giveFile(id, file);
      return null;
    }
    case 'uploads.act':
      return act(await desk.engine(), ask);
    case 'uploads.select':
      return reselect(await desk.engine(), ask.files);
    case 'uploads.handles':
      return handlesOf(desk, ask.ids);
    case 'uploads.permitted': {
      const { list } = await desk.engine();
      await list.applyAll(ask.ids, { type: 'permitted' });
      return null;
    }
    case 'uploads.elsewhere':
      return viewElsewhere(await desk.engine());
    case 'library.delete':
      await desk.outbox.deleteAll(ask.ids);
      return null;
    case 'outbox.seen':
      await desk.outbox.noteSeen();
      return null;
    case 'inbox.keep':
      return desk.inbox.keep(ask.files);
    case 'inbox.list':
      return desk.inbox.list();
    case 'inbox.accept':
      return desk.adding.take(() => acceptShared(desk, ask.ids));
    case 'inbox.discard':
      await desk.inbox.discard(ask.ids);
      return null;
    case 'log.read':
      return desk.log.read();
    case 'log.note':
      desk.log.of('page')(ask.text);
      return null;
    case 'drain':
      await desk.drain();
      return null;
  }
}

async function pong(desk: Desk): Promise<Calls['ping']['reply']> {
  // Asked by every page that starts or wakes, so a sign-in or an expiry the worker did not see is noticed.
  await desk.account.state();
  if (desk.account.current.at === 'unknown') await desk.account.ask();
  else void desk.account.check();
  const engine = await desk.engine();
  engine.list.tellEnds(); // nothing else looks at the clock while all that is left is paused
  return {
    ...desk.about(),
    session: desk.account.view,
    rev: desk.news.rev,
    wants: engine.list.wants(),
    busy: await desk.isBusy(),
    dropped: await desk.outbox.dropped(),
  };
}

async function addUploads(
  desk: Desk,
  { files, again }: Calls['uploads.add']['ask'],
): Promise<Calls['uploads.add']['reply']> {
  const account = await signedInAccount(desk);
  const { list } = await desk.engine();
  const now = Date.now();
  const uploads = files.map((picked, n) => uploadOf(picked, account, now, n));
  // What is listed by its very id has been taken before: a page asks again when it heard no answer.
  const untaken = uploads.filter(({ id }) => list.entry(id) === null);
  const known = again
    ? []
    : findKnown(
        list.mine().map(({ upload }) => upload),
        untaken,
      );
  const isKnown = new Set(known.map(({ picked }) => picked));
  const fresh = untaken.filter(({ id }) => !isKnown.has(id));
  for (const batch of inSessions(list, fresh)) {
    await list.add(
      batch,
      files.filter(({ id }) => batch.some((upload) => upload.id === id)),
    );
  }
  return { ids: uploads.filter(({ id }) => !isKnown.has(id)).map(({ id }) => id), known };
}

/** Files that other apps have shared become uploads of whoever is signed in. */
async function acceptShared(desk: Desk, ids: readonly string[]): Promise<null> {
  const account = await signedInAccount(desk);
  const { list } = await desk.engine();
  const now = Date.now();
  const files = (await desk.inbox.list()).filter(({ id }) => ids.includes(id));
  const uploads = files.map(({ id, name, size, type, lastModified }, n) =>
    uploadOf({ id, path: '', file: { name, size, type, lastModified } }, account, now, n),
  );
  for (const batch of inSessions(list, uploads)) await list.addFromInbox(batch);
  desk.inbox.tell();
  return null;
}

async function signedInAccount(desk: Desk): Promise<string> {
  // A worker whose store was emptied knows of nobody before it has asked.
  const state = await desk.account.known();
  if (state.at === 'signed-in') return state.account.id;
  throw new HoldfastError('SIGNED_OUT', 'Files were added while nobody is signed in');
}

/** The uploads by upload session: the open one as far as there is room, then new ones. Each batch is added before the next. */
function* inSessions(list: UploadList, uploads: readonly Upload[]): Generator<Upload[]> {
  for (let at = 0; at < uploads.length; at += MAX_FILES_PER_CALL) {
    const batch = uploads.slice(at, at + MAX_FILES_PER_CALL);
    const session = list.openSession(batch.length, MAX_FILES_PER_CALL) ?? crypto.randomUUID();
    yield batch.map((upload) => ({ ...upload, session }));
  }
}

interface Chosen {
  id: string;
  path: string;
  pickedAt?: number | undefined;
  file: Pick<File, 'name' | 'size' | 'type' | 'lastModified'>;
}

/** The upload of the `n`-th file of those that are added now. */
function uploadOf({ id, file, path, pickedAt }: Chosen, account: string, now: number, n: number): Upload {
  const { name, size, type, lastModified } = file;
  return newUpload({
    id,
    account,
    session: '', // known when the batch is
    path: cleanFolderPath(path),
    name: cleanFileName(name),
    size,
    type,
    lastModified,
    // It keeps their order: a 4,096th of a millisecond is the least step of a date as a number.
    addedAt: now + n / 4096,
    batchAt: pickedAt ?? now,
  });
}

async function act(engine: Engine, { action, ids }: Calls['uploads.act']['ask']): Promise<null> {
  const { list } = engine;
  if (action === 'remove') {
    const isFree = (id: string) => isKnownToBeFree(list.entry(id)?.upload);
    await list.forget(ids.filter(isFree));
    await list.applyAll(
      ids.filter((id) => list.entry(id) !== null),
      { type: 'remove' },
    );
  } else if (action === 'refresh') {
    await engine.refresh(ids);
  } else {
    await list.applyAll(ids, action === 'cancel' ? { type: 'cancel', now: Date.now() } : { type: action });
  }
  engine.kick();
  return null;
}

async function handlesOf(desk: Desk, ids: readonly string[]): Promise<Calls['uploads.handles']['reply']> {
  const { list } = await desk.engine();
  const mine = ids.filter((id) => list.entry(id) !== null);
  const handles = await Promise.all(mine.map(async (id) => ({ id, handle: await desk.store.handle(id) })));
  return handles.flatMap(({ id, handle }) => (handle ? [{ id, handle }] : []));
}

/** The server holds nothing of it that an answer to a `DELETE` would free. */
function isKnownToBeFree(upload: Upload | undefined): boolean {
  return upload?.life.at === 'stored' || (upload?.life.at === 'cancelled' && upload.life.told);
}
