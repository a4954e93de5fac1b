import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { expect, test, vi } from 'vitest';
import type { AccountState } from '../shared/account-session.ts';
import type { News } from '../shared/protocol.ts';
import { Account } from './account.ts';
import { Store } from './store.ts';

const ada = { id: 'a1', email: 'ada@example.test' };
const bob = { id: 'b1', email: 'bob@example.test' };
type Answer = Response | null | Promise<Response | null>;

function session(account: typeof ada, csrfToken = `token of ${account.id}`): Response {
  return Response.json({ account, csrfToken, issuedAt: 1, expiresAt: 2, now: 1 });
}
const refused = () => Response.json({ code: 'SESSION_EXPIRED' }, { status: 401 });

let names = 0;

/** A device whose server gives `answers` in order, then none; `reborn` is it after its worker died. */
function device(
  answers: (() => Answer)[],
  store = new Store(`account-test-${names++}`),
  system: () => Promise<void> = async () => undefined,
) {
  const posts: News[] = [];
  /** News and changes, in the order they came. */
  const order: string[] = [];
  const asked: RequestInit[] = [];
  const clock = { now: 100_000 };
  let changes = 0;
  const account: Account = new Account({
    instance: 'one',
    store,
    fetch: async (path, init) => {
      expect(path).toBe('/api/session');
      asked.push(init);
      return (await answers.shift()?.()) ?? null;
    },
    post: (news) => {
      posts.push(news);
      order.push(news.type);
    },
    now: () => clock.now,
    onChange: () => {
      changes++;
      order.push(`change to ${account.current.at}`);
    },
    onExpired: async (epoch) => {
      order.push(`person told of ${epoch}`);
      await system();
    },
  });
  const reborn = (next: (() => Answer)[] = []) => device(next, store);
  return { account, store, posts, order, asked, clock, reborn, changes: () => changes };
}

/** Empties the store `name` of what it knows of the account, as a browser does that needs the room. */
async function emptied(name: string): Promise<void> {
  const db = await openDB(name);
  await db.clear('account');
  db.close();
}

/** An answer that comes when `arrive` is called. */
function late(answer: () => Response | null) {
  const { promise, resolve } = Promise.withResolvers<Response | null>();
  return { answer: () => promise, arrive: () => resolve(answer()) };
}

const here = (epoch: number, account = ada): AccountState => ({ at: 'signed-in', epoch, account });
const types = (posts: News[]) => posts.map(({ type }) => type);

test('a new device knows of nobody', async () => {
  const { account, posts } = device([]);
  expect(account.view).toEqual({ epoch: 0, state: 'unknown', account: null, by: 'one' });
  expect(await account.state()).toEqual({ at: 'unknown', epoch: 0 });
  expect(posts).toEqual([]);
});

test('an answer that names an account signs it in, and the pages are told who, without the token', async () => {
  const { account, store, posts, changes } = device([() => session(ada)]);
  expect(await account.ask()).toBe('alive');
  expect(await store.account()).toEqual(here(1));
  expect(posts).toEqual([
    { type: 'session', session: { epoch: 1, state: 'signed-in', account: ada, by: 'one' } },
    { type: 'session-restored', epoch: 1, accountId: 'a1' },
  ]);
  expect(changes()).toBe(1);
});

test('an answer that says nothing new is not told', async () => {
  const { account, posts, changes } = device([() => session(ada), () => session(ada)]);
  await account.ask();
  await account.ask();
  expect([posts.length, changes()]).toEqual([2, 1]);
});

test('all who ask at once share one request', async () => {
  const { account, asked } = device([() => session(ada)]);
  expect(await Promise.all([account.ask(), account.ask(), account.ask()])).toEqual([
    'alive',
    'alive',
    'alive',
  ]);
  expect(asked).toHaveLength(1);
});

test('a refusal ends the session once, in the row and for the pages', async () => {
  const { account, store, posts } = device([() => session(ada), refused, refused]);
  await account.ask();
  posts.length = 0;
  expect(await account.ask()).toBe('expired');
  expect(await account.ask()).toBe('expired');
  expect(posts).toEqual([
    { type: 'session', session: { epoch: 2, state: 'expired', account: ada, by: 'one' } },
    { type: 'session-expired', epoch: 2 },
  ]);
  expect(await store.account()).toEqual({ at: 'expired', epoch: 2, account: ada, told: true });
});

test('an expiry stops the engine first, then pages hear of the state and the expiry, then the system', async () => {
  const { account, order } = device([() => session(ada), refused]);
  await account.ask();
  order.length = 0;
  await account.ask();
  expect(order).toEqual(['change to expired', 'session', 'session-expired', 'person told of 2']);
});

test('all who want to know the state at once share one reading, and one announcement', async () => {
  const { store, reborn } = device([]);
  await store.changeAccount({ type: 'signed-in', account: ada });
  await store.changeAccount({ type: 'session-refused', epoch: 1 });
  const reads = vi.spyOn(store, 'account');
  const { account, posts } = reborn();
  const states = await Promise.all([account.state(), account.state(), account.state()]);
  expect(states.map(({ at, epoch }) => `${at}@${epoch}`)).toEqual(['expired@2', 'expired@2', 'expired@2']);
  expect(reads).toHaveBeenCalledTimes(1);
  expect(posts).toEqual([{ type: 'session-expired', epoch: 2 }]);
});

test('a reading of the state that failed is tried again by the next who asks', async () => {
  const { store, reborn } = device([]);
  await store.changeAccount({ type: 'signed-in', account: ada });
  const { account } = reborn();
  const reads = vi.spyOn(store, 'account').mockRejectedValueOnce(new DOMException('lost', 'UnknownError'));
  const both = await Promise.allSettled([account.state(), account.state()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(account.current).toEqual({ at: 'unknown', epoch: 0 });
  expect(await account.state()).toEqual(here(1));
  expect(reads).toHaveBeenCalledTimes(2);
});

test('an expiry is told, in an epoch of its own, though the browser has thrown away what was stored', async () => {
  const name = `account-test-${names++}`;
  const { account, order, reborn } = device([() => session(ada), refused], new Store(name));
  await account.ask();
  await emptied(name);
  order.length = 0;
  await account.ask();
  expect(order).toEqual(['change to expired', 'session', 'session-expired', 'person told of 2']);
  expect(await reborn().account.state()).toEqual({ at: 'expired', epoch: 2, account: ada, told: true });
});

test('who is still here is written down again after the browser has thrown that away', async () => {
  const name = `account-test-${names++}`;
  const { account, reborn } = device([() => session(ada), () => session(ada)], new Store(name));
  await account.ask();
  await emptied(name);
  await account.ask();
  expect(await reborn().account.state()).toEqual(here(1));
});

test('two workers that meet the same expiry announce it once between them', async () => {
  const first = device([() => session(ada), refused]);
  await first.account.ask();
  const second = first.reborn([refused]);
  await second.account.state();
  await Promise.all([first.account.ask(), second.account.ask()]);
  const announced = [...first.posts, ...second.posts].filter(({ type }) => type === 'session-expired');
  expect(announced).toEqual([{ type: 'session-expired', epoch: 2 }]);
});

test('a worker that died between the row and the news: the next one to start tells, once', async () => {
  const { store, reborn } = device([]);
  await store.changeAccount({ type: 'signed-in', account: ada });
  await store.changeAccount({ type: 'session-refused', epoch: 1 });
  const next = reborn();
  await next.account.state();
  await next.account.state();
  expect(next.order).toEqual(['session-expired', 'person told of 2']);
  const last = next.reborn();
  await last.account.state();
  expect(last.order).toEqual([]);
  expect(last.account.view).toEqual({ epoch: 2, state: 'expired', account: ada, by: 'one' });
});

test('a worker that died before the system had shown it: the next one has it shown again', async () => {
  const dead = device([() => session(ada), refused], undefined, () => new Promise(() => undefined));
  await dead.account.ask();
  void dead.account.ask();
  await vi.waitFor(() => expect(dead.order).toContain('person told of 2'));
  const next = dead.reborn();
  await next.account.state();
  expect(next.order).toEqual(['session-expired', 'person told of 2']);
});

test.each([
  ['nothing', () => null],
  ['a server in trouble', () => new Response(null, { status: 503 })],
  ['a 401 of something between', () => new Response('<h1>Sign in to the hotel</h1>', { status: 401 })],
  ['a refusal that is no 401', () => Response.json({ code: 'WRONG_ACCOUNT' }, { status: 403 })],
  ['the page of a portal', () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
  ['JSON of something else', () => Response.json({ hello: 'world' })],
])('%s says nothing about the session', async (_what, answer) => {
  const { account, posts, store } = device([() => session(ada), answer]);
  await account.ask();
  posts.length = 0;
  expect(await account.ask()).toBe('unknown');
  expect(await store.account()).toEqual(here(1));
  expect(posts).toEqual([]);
});

test('a question that hangs is given up after 10 s', async () => {
  const gaveUp = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(gaveUp.signal);
  const { account, asked } = device([
    () => new Promise((resolve) => gaveUp.signal.addEventListener('abort', () => resolve(null))),
  ]);
  const verdict = account.ask();
  await vi.waitUntil(() => asked.length === 1);
  gaveUp.abort();
  expect(await verdict).toBe('unknown');
  expect(timeout.mock.calls).toEqual([[10_000]]);
  timeout.mockRestore();
});

test('a 401 that left before a sign-in does not end it', async () => {
  const slow = late(refused);
  const { account, posts, asked } = device([() => session(ada), slow.answer, () => session(ada, 'fresh')]);
  await account.ask();
  const asking = account.ask();
  await vi.waitUntil(() => asked.length === 2);
  await account.noteSignIn();
  posts.length = 0;
  slow.arrive();
  await asking;
  expect(account.current).toEqual(here(2));
  expect(posts).toEqual([]);
  expect(await account.csrfToken()).toBe('fresh');
});

test('a 200 that left before a sign-out does not bring the session back, nor its token', async () => {
  const slow = late(() => session(ada));
  const { account, asked, posts } = device([() => session(ada), slow.answer]);
  await account.ask();
  const asking = account.ask();
  await vi.waitUntil(() => asked.length === 2);
  await account.change({ type: 'signed-out' });
  slow.arrive();
  await asking;
  expect(account.current).toEqual({ at: 'signed-out', epoch: 2 });
  expect(types(posts)).toEqual(['session', 'session-restored', 'session']);
  expect(await account.csrfToken()).toBe(null);
});

test('a sign-in begins an epoch, of the same account too', async () => {
  const { account, posts } = device([() => session(ada), () => session(ada), () => session(bob)]);
  await account.ask();
  await account.noteSignIn();
  await account.noteSignIn();
  expect(posts.filter(({ type }) => type === 'session-restored')).toEqual([
    { type: 'session-restored', epoch: 1, accountId: 'a1' },
    { type: 'session-restored', epoch: 2, accountId: 'a1' },
    { type: 'session-restored', epoch: 3, accountId: 'b1' },
  ]);
});

test('a sign-in whose outcome could not be read is noticed by the next question', async () => {
  const { account } = device([refused, () => null, () => session(ada)]);
  await account.ask();
  expect(account.current.at).toBe('signed-out');
  await account.noteSignIn();
  expect(account.current.at).toBe('signed-out');
  await account.ask();
  expect(account.current).toEqual(here(2));
});

test('the token is asked for once, and again in a new epoch or after it was refused', async () => {
  const answers = ['one', 'two', 'three'].map((token) => () => session(ada, token));
  const { account, asked } = device(answers);
  expect([await account.csrfToken(), await account.csrfToken()]).toEqual(['one', 'one']);
  account.forgetCsrfToken();
  expect([await account.csrfToken(), await account.csrfToken()]).toEqual(['two', 'two']);
  await account.change({ type: 'signed-in', account: ada });
  expect(await account.csrfToken()).toBe('three');
  expect(asked).toHaveLength(3);
});

test('there is no token when nobody answers or nobody is signed in', async () => {
  const { account } = device([() => session(ada), () => null, refused]);
  await account.ask();
  account.forgetCsrfToken();
  expect(await account.csrfToken()).toBe(null);
  expect(await account.csrfToken()).toBe(null);
  expect(account.current.at).toBe('expired');
});

test('a worker that was born again has to ask for the token', async () => {
  const first = device([() => session(ada)]);
  await first.account.ask();
  const next = first.reborn([() => session(ada, 'again')]);
  expect(await next.account.csrfToken()).toBe('again');
  expect(next.asked).toHaveLength(1);
});

test('pages that wake up together ask once in 2 s', async () => {
  const { account, asked, clock } = device([() => session(ada), () => session(ada)]);
  await Promise.all([account.check(), account.check()]);
  clock.now += 1999;
  await account.check();
  expect(asked).toHaveLength(1);
  clock.now += 1;
  await account.check();
  expect(asked).toHaveLength(2);
});
