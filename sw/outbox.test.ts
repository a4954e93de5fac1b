import 'fake-indexeddb/auto';
import { expect, test, vi } from 'vitest';
import type { AccountState } from '../shared/account-session.ts';
import type { News } from '../shared/protocol.ts';
import type { Account } from './account.ts';
import type { ApiRequest } from './gateway.ts';
import { mayWait, Outbox, takesBack } from './outbox.ts';
import { type Intent, Store } from './store.ts';

const file = '/api/files/0b0e2d0c-5f3e-4a58-9f6f-1d1f6f1d2a10';
const ada: AccountState = { at: 'signed-in', epoch: 1, account: { id: 'a1', email: 'a@b.test' } };
const bob: AccountState = { at: 'signed-in', epoch: 3, account: { id: 'b1', email: 'b@b.test' } };
const expired: AccountState = {
  at: 'expired',
  epoch: 2,
  account: { id: 'a1', email: 'a@b.test' },
  told: true,
};

type Answer = number | Promise<number>;
let names = 0;

/** A device whose server gives these statuses in order, then 204; `reborn` is it after its worker died. */
function device(answers: Answer[] = [], store = new Store(`outbox-test-${names++}`)) {
  const sent: string[] = [];
  const posts: News[] = [];
  const log: string[] = [];
  let works = 0;
  const account = { current: ada as AccountState, state: async () => account.current };
  const tries: (() => void)[] = [];
  const outbox = new Outbox({
    store,
    account: account as unknown as Account,
    send: async ({ method, path, body, headers }: ApiRequest) => {
      const type = headers.get('Content-Type');
      sent.push([method, path.split('/')[3], body, type].filter(Boolean).join(' '));
      return new Response(null, { status: (await answers.shift()) ?? 204 });
    },
    post: (news) => posts.push(news),
    onWork: () => void works++,
    pause: () => new Promise((resolve) => void tries.push(resolve)),
    log: (line) => log.push(line),
  });
  const waiting = async () =>
    (await store.intents()).map(({ intent: { method, path } }) => `${method} ${path.split('/')[3]}`);
  const reborn = (next: Answer[] = []) => device(next, store);
  const dropped = () => posts.filter(({ type }) => type === 'outbox-dropped');
  return { outbox, account, store, sent, posts, dropped, log, waiting, reborn, tries, works: () => works };
}

function change(method: string, id: string, body?: string): ApiRequest {
  const bytes = body === undefined ? null : (new TextEncoder().encode(body).buffer as ArrayBuffer);
  return { method, path: `/api/files/${id}`, headers: new Headers(), body: bytes };
}
const rename = (id: string) => change('PATCH', id, `{"name":"${id}.txt"}`);
const remove = (id: string) => change('DELETE', id);

test.each([
  ['DELETE', file, true],
  ['PATCH', file, true],
  ['GET', file, false],
  ['POST', file, false],
  ['PUT', file, false],
  ['DELETE', '/api/session', false],
  ['DELETE', '/api/files/', false],
  ['DELETE', `${file}/content`, false],
  ['DELETE', '/api/upload-sessions/1/files/2', false],
  ['DELETE', '/api/account', false],
])('%s %s may wait: %s', (method, path, may) => {
  expect(mayWait({ method, path, headers: new Headers(), body: null })).toBe(may);
});

test('what waits goes out in the order it was asked for, each once, with its body', async () => {
  const { outbox, sent, waiting, dropped } = device();
  for (const one of [rename('u1'), remove('u2'), rename('u3')]) await outbox.add(one);
  expect(await waiting()).toEqual(['PATCH u1', 'DELETE u2', 'PATCH u3']);
  await outbox.flush();
  expect(sent).toEqual([
    'PATCH u1 {"name":"u1.txt"} application/json',
    'DELETE u2',
    'PATCH u3 {"name":"u3.txt"} application/json',
  ]);
  await outbox.flush();
  expect([sent.length, await waiting(), dropped()]).toEqual([3, [], []]);
});

test('what a page had not come to delete is deleted, once, and what nobody answers for waits', async () => {
  const { outbox, sent, waiting, account } = device([204, 503]);
  await outbox.deleteAll(['u1', 'u2', 'u3']);
  expect([sent, await waiting()]).toEqual([
    ['DELETE u1', 'DELETE u2'],
    ['DELETE u2', 'DELETE u3'],
  ]);
  await outbox.flush();
  expect([sent.slice(2), await waiting()]).toEqual([['DELETE u2', 'DELETE u3'], []]);
  account.current = expired;
  await outbox.deleteAll(['u4']);
  expect(await waiting()).toEqual([]);
});

test('what is kept holds no header, cookie or token of the request', async () => {
  const { outbox, store } = device();
  const asked = rename('u1');
  asked.headers.set('X-CSRF-Token', 'secret');
  await outbox.add(asked);
  expect((await store.intents()).map(({ intent }) => intent)).toEqual([
    {
      account: 'a1',
      method: 'PATCH',
      path: '/api/files/u1',
      body: '{"name":"u1.txt"}',
      at: expect.any(Number),
    },
  ] satisfies Intent[]);
});

test.each([500, 502, 503, 504, 408, 429])(
  'with %i the change stays, and those behind it wait their turn',
  async (status) => {
    const { outbox, sent, waiting, dropped } = device([204, status]);
    for (const id of ['u1', 'u2', 'u3']) await outbox.add(remove(id));
    await outbox.flush();
    expect(await waiting()).toEqual(['DELETE u2', 'DELETE u3']);
    await outbox.flush();
    expect(sent).toEqual(['DELETE u1', 'DELETE u2', 'DELETE u2', 'DELETE u3']);
    expect([await waiting(), dropped()]).toEqual([[], []]);
  },
);

test.each([400, 401, 403, 409, 422])('with %i the change is dropped, and that is said', async (status) => {
  const { outbox, sent, waiting, dropped } = device([status]);
  await outbox.add(rename('u1'));
  await outbox.add(remove('u2'));
  await outbox.flush();
  expect(sent).toHaveLength(2);
  expect(await waiting()).toEqual([]);
  expect(dropped()).toEqual([{ type: 'outbox-dropped', count: 1 }]);
});

test('what was dropped while no page was open is known to the next worker, until somebody has seen it', async () => {
  const first = device([403, 409, 204]);
  for (const id of ['u1', 'u2', 'u3']) await first.outbox.add(rename(id));
  await first.outbox.flush();
  const { outbox, posts, sent } = first.reborn();
  expect(await outbox.dropped()).toBe(2);
  await outbox.add(remove('u4'));
  await outbox.flush();
  expect(sent).toEqual(['DELETE u4']);
  posts.length = 0;
  await outbox.noteSeen();
  expect([await outbox.dropped(), posts]).toEqual([0, [{ type: 'outbox-dropped', count: 0 }]]);
});

test('a deletion of what is gone already is done, a change of it is dropped', async () => {
  const { outbox, waiting, dropped } = device([404, 404]);
  await outbox.add(remove('u1'));
  await outbox.add(rename('u2'));
  await outbox.flush();
  expect([await waiting(), dropped()]).toEqual([[], [{ type: 'outbox-dropped', count: 1 }]]);
});

test('changes of another account never leave: they are dropped and said to be, once', async () => {
  const { outbox, account, sent, waiting, dropped } = device();
  await outbox.add(rename('u1'));
  await outbox.add(remove('u2'));
  account.current = bob;
  await outbox.add(remove('u3'));
  await outbox.flush();
  expect(sent).toEqual(['DELETE u3']);
  expect(await waiting()).toEqual([]);
  await outbox.flush();
  expect(dropped()).toEqual([{ type: 'outbox-dropped', count: 2 }]);
});

test('a change of an account that is replaced while another goes out does not go out in the new name', async () => {
  const slow = Promise.withResolvers<number>();
  const { outbox, account, sent, dropped } = device([slow.promise]);
  await outbox.add(remove('u1'));
  await outbox.add(remove('u2'));
  const flushing = outbox.flush();
  while (sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  account.current = bob;
  slow.resolve(204);
  await flushing;
  expect([sent, dropped()]).toEqual([['DELETE u1'], [{ type: 'outbox-dropped', count: 1 }]]);
});

test('while nobody is signed in nothing is kept, and what waits stays for who asked', async () => {
  const { outbox, account, sent, waiting, dropped } = device();
  await outbox.add(remove('u1'));
  account.current = expired;
  expect(await outbox.add(remove('u2'))).toBe(false);
  await outbox.flush();
  expect([sent, await waiting(), dropped()]).toEqual([[], ['DELETE u1'], []]);
  account.current = { ...ada, epoch: 3 };
  await outbox.flush();
  expect([sent, await waiting()]).toEqual([['DELETE u1'], []]);
});

test('flushes that come together send each change once', async () => {
  const slow = Promise.withResolvers<number>();
  const { outbox, sent } = device([slow.promise]);
  await outbox.add(remove('u1'));
  await outbox.add(remove('u2'));
  const flushes = [outbox.flush(), outbox.flush(), outbox.flush()];
  await Promise.resolve();
  slow.resolve(204);
  await Promise.all([...flushes, outbox.flush()]);
  expect(sent).toEqual(['DELETE u1', 'DELETE u2']);
});

test('a change that is asked for while others go out is not lost', async () => {
  const slow = Promise.withResolvers<number>();
  const { outbox, sent, waiting } = device([slow.promise]);
  await outbox.add(remove('u1'));
  const flushing = outbox.flush();
  await outbox.add(remove('u2'));
  slow.resolve(204);
  await flushing;
  await outbox.flush();
  expect([sent, await waiting()]).toEqual([['DELETE u1', 'DELETE u2'], []]);
});

test('what waits is there for the next worker', async () => {
  const first = device([503]);
  await first.outbox.add(rename('u1'));
  await first.outbox.flush();
  const next = first.reborn();
  await next.outbox.flush();
  expect(next.sent).toEqual(['PATCH u1 {"name":"u1.txt"} application/json']);
  expect(await next.waiting()).toEqual([]);
});

test('a worker that dies between the answer and its note sends once more, which the requests bear', async () => {
  const first = device([new Promise<number>(() => undefined)]);
  await first.outbox.add(remove('u1'));
  await first.outbox.add(rename('u2'));
  void first.outbox.flush();
  while (first.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  // The server has deleted it meanwhile: the answer to the second is 404, and that is as good as done.
  const next = first.reborn([404, 200]);
  await next.outbox.flush();
  expect([...first.sent, ...next.sent]).toEqual([
    'DELETE u1',
    'DELETE u1',
    'PATCH u2 {"name":"u2.txt"} application/json',
  ]);
  expect([await next.waiting(), next.dropped()]).toEqual([[], []]);
});

test('the log says that something waits or was dropped, and never what', async () => {
  const { outbox, log } = device([401]);
  await outbox.add(rename('u1'));
  await outbox.flush();
  expect(log).toEqual(['1 changes wait to be made', '1 changes dropped']);
});

test('only restoring a file takes a deletion back', () => {
  const asked = (method: string, path: string) =>
    takesBack({ method, path, headers: new Headers(), body: null });
  expect(asked('POST', `${file}/restore`)).toBe(file);
  expect([asked('GET', `${file}/restore`), asked('POST', file), asked('DELETE', file)]).toEqual([
    null,
    null,
    null,
  ]);
});

test('a deletion that still waits is taken back here, and never sent', async () => {
  const { outbox, sent, waiting } = device();
  for (const one of [rename('u1'), remove('u1'), remove('u2')]) await outbox.add(one);
  expect(await outbox.takeBack('/api/files/u1')).toBe(true);
  expect(await waiting()).toEqual(['PATCH u1', 'DELETE u2']);
  await outbox.flush();
  expect(sent.some((one) => one === 'DELETE u1')).toBe(false);
});

test('a deletion that is just being sent is for the server to take back', async () => {
  let settle: (status: number) => void = () => undefined;
  const { outbox } = device([new Promise((resolve) => (settle = resolve))]);
  await outbox.add(remove('u1'));
  const flushed = outbox.flush();
  const takenBack = outbox.takeBack('/api/files/u1');
  settle(204);
  await flushed;
  expect(await takenBack).toBe(false);
});

test('a change that waits is work, of which pages hear, until it is made', async () => {
  const { outbox, posts, works } = device([503]);
  expect(await outbox.hasWork()).toBe(false);
  await outbox.add(rename('u1'));
  expect([await outbox.hasWork(), works(), posts]).toEqual([true, 1, [{ type: 'outbox-waits' }]]);
  await outbox.flush();
  expect([await outbox.hasWork(), posts.length]).toEqual([true, 1]);
  await outbox.flush();
  expect([await outbox.hasWork(), posts.slice(1)]).toEqual([false, [{ type: 'library' }]]);
});

test('what a worker before this one kept is work, but not while nobody is signed in', async () => {
  const first = device();
  await first.outbox.add(remove('u1'));
  const next = first.reborn();
  next.account.current = expired;
  expect(await next.outbox.hasWork()).toBe(false);
  next.account.current = ada;
  expect(await next.outbox.hasWork()).toBe(true);
});

test('while nobody answers it is tried again after a pause, until nothing waits', async () => {
  const { outbox, sent, waiting, tries } = device([503, 503]);
  await outbox.add(remove('u1'));
  const flushed = outbox.keepFlushing(new AbortController().signal);
  for (const times of [1, 2]) {
    await vi.waitUntil(() => tries.length > 0);
    expect(sent).toHaveLength(times);
    tries.pop()?.();
  }
  await flushed;
  expect([sent.length, await waiting(), tries]).toEqual([3, [], []]);
});

test('it is not tried again once time is up', async () => {
  const { outbox, sent, waiting, tries } = device([503]);
  await outbox.add(remove('u1'));
  const time = new AbortController();
  const flushed = outbox.keepFlushing(time.signal);
  await vi.waitUntil(() => tries.length > 0);
  time.abort();
  tries.pop()?.();
  await flushed;
  expect([sent.length, await waiting()]).toEqual([1, ['DELETE u1']]);
});
