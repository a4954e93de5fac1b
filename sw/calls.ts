import { MAX_FILES_PER_CALL } from '../shared/api.ts';
import { HoldfastError } from '../shared/errors.ts';
import { cleanFileName, cleanFolderPath } from '../shared/file-name.ts';
import type { About, Calls, ParsedCall, PickedFile } from '../shared/protocol.ts';
import { newUpload, type UploadEvent } from '../shared/upload.ts';
import type { Account } from './account.ts';
import type { Engine } from './engine.ts';
import type { NewsDesk } from './news.ts';
import { reselect } from './reselect.ts';

/** What answering a page takes. `engine` settles once this worker's engine is the one. */
export interface Desk {
  account: Account;
  engine: () => Promise<Engine>;
  news: NewsDesk;
  about: () => About;
  drain: () => Promise<void>;
}

/** The value to answer `call` with. Throws `HoldfastError` where the answer is a code. */
export async function answerCall(
  desk: Desk,
  { name, ask }: ParsedCall,
): Promise<Calls[keyof Calls]['reply']> {
  switch (name) {
    case 'ping':
      return pong(desk);
    case 'uploads.snapshot':
      await desk.engine();
      return desk.news.snapshot();
    case 'uploads.add':
      return { ids: await addUploads(desk, ask.files) };
    case 'uploads.offer': {
      const engine = await desk.engine();
      for (const { id, file } of ask.files) await engine.giveFile(id, file);
      return null;
    }
    case 'uploads.act': {
      const engine = await desk.engine();
      for (const id of ask.ids) await act(engine, id, ask.action);
      engine.kick();
      return null;
    }
    case 'uploads.select':
      return reselect(await desk.engine(), ask.files);
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
  return {
    ...desk.about(),
    session: desk.account.view,
    rev: desk.news.rev,
    wants: engine.wants(),
    busy: engine.hasWork,
  };
}

async function addUploads(desk: Desk, files: readonly PickedFile[]): Promise<string[]> {
  const state = await desk.account.state();
  if (state.at !== 'signed-in')
    throw new HoldfastError('SIGNED_OUT', 'Files were added while nobody is signed in');
  const engine = await desk.engine();
  const now = Date.now();
  for (let at = 0; at < files.length; at += MAX_FILES_PER_CALL) {
    const batch = files.slice(at, at + MAX_FILES_PER_CALL);
    const account = state.account.id;
    const session = engine.openSession(account, batch.length, MAX_FILES_PER_CALL) ?? crypto.randomUUID();
    const uploads = batch.map(({ id, file, path }, n) =>
      newUpload({
        id,
        account,
        session,
        path: cleanFolderPath(path),
        name: cleanFileName(file.name),
        size: file.size,
        type: file.type,
        lastModified: file.lastModified,
        // Files of one batch keep their order: a 4,096th of a millisecond is the least step of a date as a number.
        addedAt: now + (at + n) / 4096,
      }),
    );
    await engine.add(uploads, batch);
  }
  return files.map(({ id }) => id);
}

async function act(engine: Engine, id: string, action: Calls['uploads.act']['ask']['action']): Promise<void> {
  const upload = engine.upload(id);
  if (!upload) return;
  if (action === 'remove' && isKnownToBeFree(upload.life)) return engine.forget([id]);
  const event: UploadEvent = action === 'cancel' ? { type: 'cancel', now: Date.now() } : { type: action };
  await engine.apply(id, event);
}

/** The server holds nothing of it that an answer to a `DELETE` would free. */
function isKnownToBeFree(life: { at: string; told?: boolean }): boolean {
  return life.at === 'stored' || (life.at === 'cancelled' && life.told === true);
}
