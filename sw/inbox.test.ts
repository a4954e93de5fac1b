import 'fake-indexeddb/auto';
import { expect, test, vi } from 'vitest';
import { HoldfastError } from '../shared/errors.ts';
import { newUpload } from '../shared/upload.ts';
import { Inbox, isShare } from './inbox.ts';
import { Store } from './store.ts';

let names = 0;
const MIB = 1024 * 1024;

function inbox({ room = 100 * MIB, store = new Store(`inbox-test-${names++}`) } = {}) {
  const done: unknown[] = [];
  const host = {
    store,
    room: async () => room,
    now: () => 9,
    post: (news: object) => done.push(news),
    log: () => undefined,
  };
  return { inbox: new Inbox(host), store, done };
}

function share(...files: File[]): Request {
  const body = new FormData();
  for (const file of files) body.append('files', file);
  return new Request('https://holdfast.test/share-target', { method: 'POST', body });
}

/** The platform refuses a redirect to a mere path, which only a browser with a page completes. */
function whereTo(): () => string[] {
  const redirect = vi.spyOn(Response, 'redirect').mockImplementation(() => new Response());
  return () => redirect.mock.calls.map(([url, status]) => `${status} ${url}`);
}

const photo = new File([new Uint8Array(20 * MIB).fill(7)], 'photo.jpg', { type: 'image/jpeg' });
const empty = new File([], 'empty.txt', { type: 'text/plain' });

test('only a POST to the share target is a share', () => {
  expect(isShare(share())).toBe(true);
  expect(isShare(new Request('https://holdfast.test/share-target'))).toBe(false);
  expect(isShare(new Request('https://holdfast.test/api/files', { method: 'POST' }))).toBe(false);
});

test('what is shared is kept part by part, and waits for a decision', async () => {
  const to = whereTo();
  const { inbox: one, store, done } = inbox();
  await one.take(share(photo, empty));
  expect(to()).toEqual(['303 /app?share=kept']);
  expect(done).toEqual([{ type: 'inbox' }]);
  const files = await one.list();
  expect(files).toEqual([
    {
      id: expect.any(String),
      name: 'photo.jpg',
      size: 20 * MIB,
      type: 'image/jpeg',
      lastModified: expect.any(Number),
      sharedAt: 9,
    },
    {
      id: expect.any(String),
      name: 'empty.txt',
      size: 0,
      type: 'text/plain',
      lastModified: expect.any(Number),
      sharedAt: 9,
    },
  ]);
  const id = files[0]?.id ?? '';
  const parts = [await store.staged(id, 0), await store.staged(id, 1), await store.staged(id, 2)];
  expect(parts.map((part) => part?.byteLength)).toEqual([8 * MIB, 8 * MIB, 4 * MIB]);
  expect((await store.staged(files[1]?.id ?? '', 0))?.byteLength).toBe(0);
});

test('what is too much for the device is not kept, and said to be', async () => {
  const to = whereTo();
  const { inbox: one } = inbox({ room: MIB });
  await one.take(share(photo));
  await one.take(share());
  await one.take(share(...Array.from({ length: 1001 }, (_, n) => new File(['x'], `${n}.txt`))));
  expect(to().slice(-3)).toEqual([
    '303 /app?share=full',
    '303 /app?share=unreadable',
    '303 /app?share=too-many',
  ]);
  expect(await one.list()).toEqual([]);
});

test('what is opened while nobody is signed in waits beside what was shared, all of it or nothing', async () => {
  whereTo();
  const { inbox: one, store, done } = inbox({ room: 30 * MIB });
  await one.take(share(empty));
  expect(await one.keep([photo, photo])).toBe('full');
  expect(await one.keep([photo])).toBe('kept');
  expect(await one.keep([])).toBe('unreadable');
  expect((await one.list()).map(({ name }) => name)).toEqual(['empty.txt', 'photo.jpg']);
  expect((await store.load()).staged).toHaveLength(4);
  expect(done).toEqual(Array(4).fill({ type: 'inbox' }));
});

test('a disk that runs full half-way leaves nothing behind', async () => {
  const to = whereTo();
  const { inbox: one, store } = inbox();
  const keep = store.keepInInbox.bind(store);
  vi.spyOn(store, 'keepInInbox').mockImplementation(async (id, part, bytes) => {
    if (part === 2) throw new HoldfastError('DEVICE_FULL', 'No room');
    await keep(id, part, bytes);
  });
  await one.take(share(empty, photo));
  expect(to().at(-1)).toBe('303 /app?share=full');
  expect(await one.list()).toEqual([]);
  expect((await store.load()).staged).toEqual([]);
});

test('what a worker that died had half kept is dropped', async () => {
  const { inbox: one, store } = inbox();
  const half = { id: 'h1', name: 'a', size: 3, type: '', lastModified: 1, sharedAt: 2, whole: false };
  await store.noteInInbox([half]);
  await store.keepInInbox('h1', 0, new ArrayBuffer(3));
  expect(await one.list()).toEqual([]);
  expect((await store.load()).staged).toEqual([]);
});

test('what is discarded is gone with its bytes', async () => {
  whereTo();
  const { inbox: one, store, done } = inbox();
  await one.take(share(empty));
  await one.discard((await one.list()).map(({ id }) => id));
  expect([await one.list(), (await store.load()).staged]).toEqual([[], []]);
  expect(done).toEqual([{ type: 'inbox' }, { type: 'inbox' }]);
});

test('what became an upload keeps its bytes, whatever is said of the inbox later', async () => {
  whereTo();
  const { inbox: one, store } = inbox();
  await one.take(share(empty));
  const [file] = await one.list();
  const id = file?.id ?? '';
  const of = { id, account: 'a1', session: 's1', path: '', name: 'empty.txt', size: 0, type: '' };
  const upload = newUpload({ ...of, lastModified: 6, addedAt: 1 });
  await store.save(await store.claim(), { uploads: [upload], accepted: [id] }, 'strict');
  await one.discard([id]);
  expect(await one.list()).toEqual([]);
  expect(await store.load()).toMatchObject({ uploads: [upload], staged: [{ id, part: 0 }] });
});
