import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import type { AccountState } from '../shared/account-session.ts';
import { header, type StoredFile } from '../shared/api.ts';
import type { Account } from './account.ts';
import { isOfLibrary, LibraryMemory } from './library-memory.ts';
import { Store } from './store.ts';

const ids = [
  '11111111-1111-4111-8111-111111111111',
  '22222222-2222-4222-8222-222222222222',
  '33333333-3333-4333-8333-333333333333',
];
const [a, b, c] = ids.map((id, n) => file(id, `file ${n}.txt`, n)) as [StoredFile, StoredFile, StoredFile];
const ada: AccountState = { at: 'signed-in', epoch: 1, account: { id: 'ada', email: 'ada@example.test' } };
const bob: AccountState = { at: 'signed-in', epoch: 2, account: { id: 'bob', email: 'bob@example.test' } };

let names = 0;

function file(id: string, name: string, storedAt: number): StoredFile {
  return { id, path: '', name, size: 1, type: '', lastModified: 0, storedAt, etag: id };
}

/** A worker whose memory is asked; `restart` makes the next one on the same database. */
function workerWith(state: AccountState) {
  const store = new Store(`library-memory-test-${names++}`);
  const account = { current: state, state: async () => account.current };
  const log: string[] = [];
  let memory = start();
  let response = silence();
  const kept: Promise<void>[] = [];

  function start(): LibraryMemory {
    return new LibraryMemory({
      store,
      account: account as unknown as Account,
      now: () => 1234,
      log: (line) => log.push(line),
    });
  }

  return {
    store,
    log,
    account,
    restart: () => {
      memory = start();
    },
    /** What a page gets to its request while the server says `next`. */
    ask: async (method: string, path: string, next: Response, during: () => void = () => undefined) => {
      response = next;
      const send = async () => {
        during();
        return response;
      };
      const answer = await memory.answer(new Request(`https://app.test${path}`, { method }), send, (work) =>
        kept.push(work),
      );
      await Promise.all(kept);
      return answer;
    },
    become: async (next: AccountState) => {
      account.current = next;
      await memory.accountChanged();
    },
  };
}

function listed(files: StoredFile[], next: string | null = null): Response {
  return Response.json({ files, next, count: files.length, usedBytes: 3, quotaBytes: 10 });
}

function silence(): Response {
  const headers = { 'Content-Type': 'application/problem+json', [header.gateway]: '1' };
  return Response.json({ code: 'UNREACHABLE' }, { status: 503, headers });
}

async function shown(answer: Response): Promise<{ ids: string[]; heardAt: string | null }> {
  const body = (await answer.json()) as { files?: StoredFile[] };
  return { ids: (body.files ?? []).map(({ id }) => id), heardAt: answer.headers.get(header.heardAt) };
}

test('only the list and single files are of the library', () => {
  const paths = ['/api/files', '/api/files/f1', '/api/files/f1/content', '/api/shares', '/api/session'];
  expect(paths.filter((path) => isOfLibrary(new Request(`https://app.test${path}`)))).toEqual([
    '/api/files',
    '/api/files/f1',
  ]);
});

test('what was heard answers while nobody else does, marked, and after a restart too', async () => {
  const worker = workerWith(ada);
  expect(await shown(await worker.ask('GET', '/api/files', listed([b, a])))).toEqual({
    ids: [b.id, a.id],
    heardAt: null,
  });
  const expected = { ids: [b.id, a.id], heardAt: '1234' };
  expect(await shown(await worker.ask('GET', '/api/files?order=newest', silence()))).toEqual(expected);
  worker.restart();
  expect(await shown(await worker.ask('GET', '/api/files', silence()))).toEqual(expected);
  expect((await shown(await worker.ask('GET', '/api/files?q=file%200', silence()))).ids).toEqual([a.id]);
});

test('a portal’s page is no answer of the server’s', async () => {
  const worker = workerWith(ada);
  await worker.ask('GET', '/api/files', listed([a]));
  const portal = new Response('<html>', { headers: { 'Content-Type': 'text/html' } });
  expect((await shown(await worker.ask('GET', '/api/files', portal))).ids).toEqual([a.id]);
});

test('where nothing was ever heard, silence stays silence', async () => {
  const worker = workerWith(ada);
  expect((await worker.ask('GET', '/api/files', silence())).status).toBe(503);
});

test('our server’s own refusal is passed on', async () => {
  const worker = workerWith(ada);
  await worker.ask('GET', '/api/files', listed([a]));
  for (const status of [400, 401, 429, 500]) {
    const refusal = Response.json({ code: 'X' }, { status });
    expect((await worker.ask('GET', '/api/files', refusal)).status).toBe(status);
  }
});

test('what a later answer leaves out, what is renamed and what is deleted is remembered so', async () => {
  const worker = workerWith(ada);
  await worker.ask('GET', '/api/files', listed([c, b, a]));
  await worker.ask('GET', '/api/files?limit=2', listed([c, a], 'more'));
  await worker.ask('PATCH', `/api/files/${a.id}`, Response.json({ ...a, name: 'new.txt' }));
  await worker.ask('DELETE', `/api/files/${c.id}`, new Response(null, { status: 204 }));
  worker.restart();
  const answer = await worker.ask('GET', '/api/files', silence());
  expect(((await answer.json()) as { files: StoredFile[] }).files).toEqual([{ ...a, name: 'new.txt' }]);
});

test('a change that only waits is not remembered as made', async () => {
  const worker = workerWith(ada);
  await worker.ask('GET', '/api/files', listed([a]));
  await worker.ask('DELETE', `/api/files/${a.id}`, Response.json({ queued: true }, { status: 202 }));
  expect((await shown(await worker.ask('GET', '/api/files', silence()))).ids).toEqual([a.id]);
});

test('an account that signs out leaves nothing behind, one that expires finds it again', async () => {
  const worker = workerWith(ada);
  await worker.ask('GET', '/api/files', listed([a]));
  const { account } = ada as Extract<AccountState, { at: 'signed-in' }>;
  await worker.become({ at: 'expired', epoch: 2, account, told: true });
  expect((await worker.ask('GET', '/api/files', silence())).status).toBe(503);
  await worker.become({ ...ada, epoch: 3 });
  expect((await shown(await worker.ask('GET', '/api/files', silence()))).ids).toEqual([a.id]);
  await worker.become({ at: 'signed-out', epoch: 4 });
  expect(await worker.store.library()).toBe(null);
});

test('another account sees nothing of the first one’s library', async () => {
  const worker = workerWith(ada);
  await worker.ask('GET', '/api/files', listed([a]));
  await worker.become(bob);
  expect((await worker.ask('GET', '/api/files', silence())).status).toBe(503);
  expect(await worker.store.library()).toBe(null);
});

test('an answer that comes after somebody else signed in is not remembered', async () => {
  const worker = workerWith(ada);
  const change = () => {
    worker.account.current = bob;
  };
  await worker.ask('GET', '/api/files', listed([a]), change);
  expect(await worker.store.library()).toBe(null);
});
