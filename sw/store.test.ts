import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { afterEach, expect, test, vi } from 'vitest';
import type { HoldfastError } from '../shared/errors.ts';
import { newUpload, type Upload } from '../shared/upload.ts';
import { type Checkpoint, type SessionRecord, Store } from './store.ts';

const ada = { id: 'a1', email: 'ada@example.test' };
let names = 0;
const named = () => `store-test-${names++}`;

afterEach(() => {
  vi.restoreAllMocks();
});

function upload(id: string, addedAt = 1): Upload {
  const file = { id, account: 'a1', session: 's1', path: '', name: 'film.bin', type: '', lastModified: 1 };
  return newUpload({ ...file, size: 30, addedAt });
}

const session: SessionRecord = {
  id: 's1',
  account: 'a1',
  issuedAt: 1,
  ttlMinutes: 30,
  clockOffsetMs: 5,
  refreshed: null,
};
const handle = (name: string) => ({ kind: 'file', name }) as FileSystemFileHandle;
const bytes = (...all: number[]) => new Uint8Array(all).buffer;
const nothing = { uploads: [], sessions: [], digests: [], staged: [], handles: [] };

/** Everything a checkpoint can hold, for one upload. */
const full = (id: string): Checkpoint => ({
  uploads: [upload(id)],
  sessions: [session],
  digest: { id, part: 0, value: 'd0' },
  stage: { id, part: 1, bytes: bytes(1, 2) },
  handles: [{ id, handle: handle(id) }],
});

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (cause: HoldfastError) => cause.code,
  );
}

test('a new database holds nothing and nobody', async () => {
  const store = new Store(named());
  expect(await store.load()).toEqual(nothing);
  expect(await store.account()).toEqual({ at: 'unknown', epoch: 0 });
  expect(await store.staged('u1', 0)).toBe(null);
  expect(await store.handle('u1')).toBe(null);
});

test('what one checkpoint wrote is there for the next worker', async () => {
  const name = named();
  const store = new Store(name);
  await store.save(await store.claim(), full('u1'), 'strict');
  await store.close();
  const next = new Store(name);
  expect(await next.load()).toEqual({
    uploads: [upload('u1')],
    sessions: [session],
    digests: [{ id: 'u1', part: 0, value: 'd0' }],
    staged: [{ id: 'u1', part: 1 }],
    handles: ['u1'],
  });
  expect(await next.staged('u1', 1)).toEqual(bytes(1, 2));
  expect(await next.handle('u1')).toEqual(handle('u1'));
});

test('uploads come back in the order they were added', async () => {
  const store = new Store(named());
  const uploads = [upload('c', 3), upload('a', 1 + 2 / 4096), upload('b', 1 + 1 / 4096)];
  await store.save(await store.claim(), { uploads }, 'relaxed');
  expect((await store.load()).uploads.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
});

test('each claim is a new generation, over restarts too', async () => {
  const name = named();
  const store = new Store(name);
  expect([await store.claim(), await store.claim()]).toEqual([1, 2]);
  expect(await new Store(name).claim()).toBe(3);
});

test('an engine that another has taken the place of writes nothing more, and is told', async () => {
  const name = named();
  const old = new Store(name);
  const generation = await old.claim();
  await old.save(generation, { uploads: [upload('u1')] }, 'strict');
  const store = new Store(name);
  const newer = await store.claim();
  for (const checkpoint of [full('u2'), { forget: ['u1'] }, {}])
    expect(await codeOf(old.save(generation, checkpoint, 'relaxed'))).toBe('OUTDATED');
  expect(await store.load()).toEqual({ ...nothing, uploads: [upload('u1')] });
  await store.save(newer, { uploads: [upload('u3')] }, 'strict');
});

test('a generation is above all that are known, also when the browser has thrown away what was stored', async () => {
  const store = new Store(named());
  expect([await store.claim(7), await store.claim(3), await store.claim()]).toEqual([8, 9, 10]);
});

test('a checkpoint that is already on its way when another engine claims its place is whole or not there', async () => {
  const name = named();
  const old = new Store(name);
  const generation = await old.claim();
  const store = new Store(name);
  const [saved] = await Promise.allSettled([old.save(generation, full('u1'), 'strict'), store.claim()]);
  const { uploads, digests, staged, handles } = await store.load();
  const counts = [uploads, digests, staged, handles].map(({ length }) => length);
  expect(counts).toEqual(saved.status === 'fulfilled' ? [1, 1, 1, 1] : [0, 0, 0, 0]);
});

test('a checkpoint that is cut short leaves nothing behind', async () => {
  const store = new Store(named());
  const generation = await store.claim();
  const remove = IDBObjectStore.prototype.delete;
  vi.spyOn(IDBObjectStore.prototype, 'delete').mockImplementation(function (this: IDBObjectStore, key) {
    const request = remove.call(this, key);
    this.transaction.abort();
    return request;
  });
  const change = { ...full('u1'), unstage: { id: 'u1', part: 5 } };
  // WebKit in a private window names no reason, whether it has no room or does not take the value.
  expect(await codeOf(store.save(generation, change, 'strict'))).toBe('DEVICE_FULL');
  expect(await store.load()).toEqual(nothing);
});

test('a value that cannot be stored leaves nothing of its checkpoint behind', async () => {
  const store = new Store(named());
  const generation = await store.claim();
  const uncloneable = { ...handle('u1'), getFile: () => undefined } as unknown as FileSystemFileHandle;
  const change = { ...full('u1'), handles: [{ id: 'u1', handle: uncloneable }] };
  await expect(store.save(generation, change, 'strict')).rejects.toMatchObject({ name: 'DataCloneError' });
  expect(await store.load()).toEqual(nothing);
  await store.save(generation, full('u2'), 'strict');
  expect((await store.load()).uploads).toEqual([upload('u2')]);
});

test('a browser without room says DEVICE_FULL, and nothing of the checkpoint is kept', async () => {
  const store = new Store(named());
  const generation = await store.claim();
  const put = IDBObjectStore.prototype.put;
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
    const request = put.call(this, value, key);
    // What fake-indexeddb does itself when a commit fails; real browsers find out at the commit as well.
    if (this.name === 'staged') {
      (this.transaction as IDBTransaction & { _abort: (name: string) => void })._abort('QuotaExceededError');
    }
    return request;
  });
  expect(await codeOf(store.save(generation, full('u1'), 'strict'))).toBe('DEVICE_FULL');
  expect(await store.load()).toEqual(nothing);
});

test('forgetting an upload removes all there is of it, and nothing of another', async () => {
  const store = new Store(named());
  const generation = await store.claim();
  for (const id of ['u1', 'u', 'u11']) await store.save(generation, full(id), 'strict');
  await store.save(generation, { stage: { id: 'u1', part: 9999, bytes: bytes(3) } }, 'strict');
  await store.save(generation, { forget: ['u1'] }, 'strict');
  const { uploads, digests, staged, handles } = await store.load();
  const left = ['u', 'u11'];
  expect(uploads.map(({ id }) => id)).toEqual(left);
  expect(digests.map(({ id }) => id)).toEqual(left);
  expect(staged).toEqual(left.map((id) => ({ id, part: 1 })));
  expect(handles).toEqual(left);
});

test('a session that is forgotten is gone, and no other', async () => {
  const store = new Store(named());
  const generation = await store.claim();
  const sessions = ['s1', 's2', 's3'].map((id) => ({ ...session, id }));
  await store.save(generation, { uploads: [upload('u1')], sessions }, 'strict');
  await store.save(generation, { forgetSessions: ['s1', 's3', 'nobody'] }, 'relaxed');
  expect(await store.load()).toEqual({ ...nothing, uploads: [upload('u1')], sessions: [sessions[1]] });
});

test('staged bytes go with the acknowledgement of their part, or all at once', async () => {
  const store = new Store(named());
  const generation = await store.claim();
  for (const part of [0, 1, 2]) {
    await store.save(generation, { stage: { id: 'u1', part, bytes: bytes(part) } }, 'strict');
    await store.save(generation, { stage: { id: 'u2', part, bytes: bytes(part) } }, 'strict');
  }
  await store.save(generation, { uploads: [upload('u1')], unstage: { id: 'u1', part: 1 } }, 'relaxed');
  expect(await store.staged('u1', 1)).toBe(null);
  expect(await store.staged('u1', 2)).toEqual(bytes(2));
  await store.save(generation, { unstageAll: ['u1'] }, 'relaxed');
  const { uploads, staged } = await store.load();
  expect(uploads).toEqual([upload('u1')]);
  expect(staged.map(({ id, part }) => `${id}:${part}`)).toEqual(['u2:0', 'u2:1', 'u2:2']);
});

test('bytes whose record cannot be read are gone, and nothing worse', async () => {
  const store = new Store(named());
  const generation = await store.claim();
  await store.save(generation, { stage: { id: 'u1', part: 0, bytes: bytes(1) } }, 'strict');
  vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(() => {
    throw new DOMException('The file could not be read', 'NotReadableError');
  });
  expect(await store.staged('u1', 0)).toBe(null);
});

test('of two that say the same of the session, one changes it', async () => {
  const name = named();
  const stores = [new Store(name), new Store(name), new Store(name)];
  await stores[0]?.changeAccount({ type: 'signed-in', account: ada });
  const changes = await Promise.all(
    stores.map((store) => store.changeAccount({ type: 'session-refused', epoch: 1 })),
  );
  const expiries = changes.filter(({ before, after }) => before.at === 'signed-in' && after.at === 'expired');
  expect(expiries).toHaveLength(1);
  expect(await stores[1]?.account()).toEqual({ at: 'expired', epoch: 2, account: ada, told: false });
});

test('a change of the session needs no engine, and a new engine changes no session', async () => {
  const store = new Store(named());
  await store.changeAccount({ type: 'signed-in', account: ada });
  await store.claim();
  await store.claim();
  expect(await store.account()).toEqual({ at: 'signed-in', epoch: 1, account: ada });
});

test.each(['InvalidStateError', 'UnknownError'])(
  'a connection that is lost with %s is opened again',
  async (error) => {
    const store = new Store(named());
    const generation = await store.claim();
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(() => {
      throw new DOMException('Connection to Indexed Database server lost', error);
    });
    await store.save(generation, { uploads: [upload('u1')] }, 'strict');
    expect((await store.load()).uploads).toEqual([upload('u1')]);
  },
);

test('what was under way while the browser closed the connection is done on the next one', async () => {
  const store = new Store(named());
  const generation = await store.claim();
  const put = IDBObjectStore.prototype.put;
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(function (
    this: IDBObjectStore,
    value,
    key,
  ) {
    const request = put.call(this, value, key);
    (this.transaction as IDBTransaction & { _abort: (name: string) => void })._abort('AbortError');
    this.transaction.db.close();
    return request;
  });
  await store.save(generation, { uploads: [upload('u1')] }, 'strict');
  expect((await store.load()).uploads).toEqual([upload('u1')]);
});

test.each([1, 2])('a database that did not open %i times opens later', async (times) => {
  const store = new Store(named());
  const open = vi.spyOn(indexedDB, 'open');
  for (let n = 0; n < times; n++) {
    open.mockImplementationOnce(() => {
      throw new DOMException('Version change transaction was aborted', 'AbortError');
    });
  }
  const claimed = store.claim();
  if (times === 2) await expect(claimed).rejects.toThrow('aborted');
  else expect(await claimed).toBe(1);
  expect(await store.load()).toEqual(nothing);
});

test('a newer worker that upgrades the database does not wait for this one', async () => {
  const name = named();
  const store = new Store(name);
  await store.claim();
  const newer = await openDB(name, 2);
  expect(newer.version).toBe(2);
  newer.close();
});
