import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import type { AccountState } from '../shared/account-session.ts';
import { newUpload, type Upload, type UploadEvent } from '../shared/upload.ts';
import { Engine } from './engine.ts';
import { Store } from './store.ts';
import { UploadApi } from './upload-api.ts';

const ada: AccountState = { at: 'signed-in', epoch: 1, account: { id: 'a1', email: 'a@b.test' } };
const file = new File(['abc'], 'film.bin', { lastModified: 7 });
let names = 0;

/** A device whose server is silent; `works` counts how often it had work after it had none. */
async function device() {
  const store = new Store(`engine-work-test-${names++}`);
  const account = { current: ada };
  let count = 0;
  const born = async () => {
    const engine = new Engine(
      {
        store,
        api: new UploadApi(
          () => new Promise(() => undefined),
          () => crypto.randomUUID(),
        ),
        now: () => 1_000_000,
        chance: () => 0,
        timer: () => () => undefined,
        account: () => account.current,
        heldBack: () => false,
        onWrongAccount: () => undefined,
        onChange: () => undefined,
        onStored: () => undefined,
        onWork: () => void count++,
        onSuperseded: () => undefined,
        filesAreSnapshots: true,
        stagingRoom: async () => 0,
        log: () => undefined,
      },
      { stallMs: 15_000, drainMs: 1 },
    );
    await engine.start();
    return engine;
  };
  return { engine: await born(), born, account, works: () => count };
}

function upload(id = 'u1'): Upload {
  const { name, size, type, lastModified } = file;
  return newUpload({
    id,
    account: 'a1',
    session: 's1',
    path: '',
    name,
    size,
    type,
    lastModified,
    addedAt: 1,
  });
}

const lost: UploadEvent = { type: 'source-lost', why: 'restarted' };
const failed: UploadEvent = { type: 'failed', code: 'FILE_GONE' };

test('a device without uploads has no work', async () => {
  const { engine, works } = await device();
  await engine.list.applyAll(['nobody'], { type: 'resume' });
  expect(works()).toBe(0);
});

test('what is added is work, said once for all that comes while there is some', async () => {
  const { engine, works } = await device();
  await engine.list.add([upload()], []);
  await engine.list.add([upload('u2')], []);
  await engine.list.applyAll(['u1'], { type: 'pause' });
  await engine.list.applyAll(['u1'], { type: 'resume' });
  expect(works()).toBe(1);
});

test('a file that another app has shared is work once it is accepted', async () => {
  const { engine, works } = await device();
  await engine.list.addFromInbox([upload()]);
  expect(works()).toBe(1);
});

test.each<[string, UploadEvent, (engine: Engine) => Promise<void>]>([
  ['resumed', { type: 'pause' }, ({ list }) => list.applyAll(['u1'], { type: 'resume' })],
  ['tried again', failed, ({ list }) => list.applyAll(['u1'], { type: 'retry' })],
  [
    'wanted after its cancellation',
    { type: 'freed', now: 1 },
    ({ list }) => list.applyAll(['u1'], { type: 'retry' }),
  ],
  ['refreshed', { type: 'session-expired' }, (engine) => engine.refresh(['u1'])],
  ['selected again', lost, ({ list }) => list.giveFile('u1', file)],
  ['permitted', { type: 'permission-needed' }, ({ list }) => list.applyAll(['u1'], { type: 'permitted' })],
])('an upload that is %s is work again', async (_how, before, goOn) => {
  const { engine, works } = await device();
  await engine.list.add([upload()], []);
  await engine.list.applyAll(['u1'], before);
  expect([engine.hasWork, works()]).toEqual([false, 1]);
  await goOn(engine);
  expect([engine.hasWork, works()]).toEqual([true, 2]);
});

test('a cancellation is work until the server has heard of it, taken back or not', async () => {
  const { engine, works } = await device();
  await engine.list.add([upload()], []);
  await engine.list.applyAll(['u1'], { type: 'pause' });
  await engine.list.applyAll(['u1'], { type: 'cancel', now: 1 });
  expect(works()).toBe(2);
  await engine.list.applyAll(['u1'], { type: 'undo' });
  await engine.list.applyAll(['u1'], { type: 'resume' });
  expect(works()).toBe(3);
});

test('uploads of an account that signs in again are work again', async () => {
  const { engine, account, works } = await device();
  await engine.list.add([upload()], []);
  account.current = { at: 'signed-out', epoch: 2 };
  engine.accountChanged();
  expect([engine.hasWork, works()]).toEqual([false, 1]);
  account.current = { ...ada, epoch: 3 };
  engine.accountChanged();
  expect([engine.hasWork, works()]).toEqual([true, 2]);
});

test('a worker that starts finds the work of the one before it', async () => {
  const { engine, born, works } = await device();
  await engine.list.add([upload()], []);
  await born();
  expect(works()).toBe(2);
});
