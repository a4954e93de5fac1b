import { expect, test } from 'vitest';
import type { AccountState } from '../shared/account-session.ts';
import type { Account } from './account.ts';
import { isThumbnail, Thumbnails } from './thumbnails.ts';

const ada: AccountState = { at: 'signed-in', epoch: 1, account: { id: 'ada', email: 'ada@example.test' } };
const bob: AccountState = { at: 'signed-in', epoch: 2, account: { id: 'bob', email: 'bob@example.test' } };

/** As much of a browser's caches as is used here. */
function fakeCaches() {
  const all = new Map<string, Map<string, Response>>();
  const open = async (name: string) => {
    const held = all.get(name) ?? new Map<string, Response>();
    all.set(name, held);
    return {
      match: async (path: string) => held.get(path)?.clone(),
      put: async (path: string, response: Response) => void held.set(path, response),
      keys: async () => [...held.keys()],
      delete: async (path: string) => held.delete(path),
    };
  };
  const caches = {
    open,
    keys: async () => [...all.keys()],
    delete: async (name: string) => all.delete(name),
  };
  return { all, caches: caches as unknown as CacheStorage };
}

function workerWith(state: AccountState) {
  const { all, caches } = fakeCaches();
  const account = { current: state, state: async () => account.current };
  const thumbnails = new Thumbnails({ caches, account: account as unknown as Account });
  let asked = 0;
  const ask = async (id: string, status = 200) => {
    const kept: Promise<void>[] = [];
    const send = async () => {
      asked++;
      return new Response(status === 200 ? 'picture' : null, { status });
    };
    const request = new Request(`https://app.test/api/files/${id}/thumbnail`);
    const response = await thumbnails.answer(request, send, (work) => kept.push(work));
    await Promise.all(kept);
    return response;
  };
  return { all, account, thumbnails, ask, asked: () => asked };
}

test('only a thumbnail is one', () => {
  const is = (path: string, method = 'GET') =>
    isThumbnail(new Request(`https://app.test${path}`, { method }));
  expect(is('/api/files/f1/thumbnail')).toBe(true);
  expect([is('/api/files/f1/content'), is('/api/files/f1/thumbnail', 'DELETE')]).toEqual([false, false]);
});

test('a picture is asked for once', async () => {
  const worker = workerWith(ada);
  expect(await (await worker.ask('f1')).text()).toBe('picture');
  expect(await (await worker.ask('f1')).text()).toBe('picture');
  expect(worker.asked()).toBe(1);
});

test('that there is none is not kept', async () => {
  const worker = workerWith(ada);
  for (const status of [404, 401, 503]) expect((await worker.ask('f1', status)).status).toBe(status);
  expect((await worker.ask('f1')).status).toBe(200);
});

test('no account sees another one’s pictures, and signing out drops them', async () => {
  const worker = workerWith(ada);
  await worker.ask('f1');
  worker.account.current = bob;
  await worker.thumbnails.accountChanged();
  expect([...worker.all.keys()]).toEqual([]);
  await worker.ask('f1');
  expect(worker.asked()).toBe(2);
  worker.account.current = { at: 'signed-out', epoch: 3 };
  await worker.thumbnails.accountChanged();
  expect([...worker.all.keys()]).toEqual([]);
  await worker.ask('f1');
  expect([...worker.all.keys()]).toEqual([]);
});

test('the oldest make room for new ones', async () => {
  const worker = workerWith(ada);
  for (let n = 0; n < 605; n++) await worker.ask(`f${n}`);
  const held = worker.all.get('thumbnails:ada');
  expect([held?.size, held?.has('/api/files/f4/thumbnail'), held?.has('/api/files/f5/thumbnail')]).toEqual([
    600,
    false,
    true,
  ]);
});
