import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AccountState } from '../shared/account-session.ts';
import { header } from '../shared/api.ts';
import type { News } from '../shared/protocol.ts';
import { Account } from './account.ts';
import { type ApiRequest, fetchApi, Gateway } from './gateway.ts';
import { Outbox } from './outbox.ts';
import { answerPage } from './page-requests.ts';
import { Store } from './store.ts';

const ada = { id: 'a1', email: 'ada@example.test' };
const bob = { id: 'b1', email: 'bob@example.test' };

interface Seen {
  method: string;
  path: string;
  headers: Headers;
  body: string;
}

/** A server by the contract: a cookie, a token bound to it, and what it was asked. */
class Server {
  cookie: typeof ada | null = ada;
  csrf = 'secret-1';
  seen: Seen[] = [];
  inits: RequestInit[] = [];
  /** Answers instead of the server; `undefined` leaves it to the server, null is no answer at all. */
  instead: (request: Seen) => Response | null | undefined | Promise<Response | null | undefined> = () =>
    undefined;

  fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    const body = init.body === null || init.body === undefined ? '' : await new Response(init.body).text();
    const request = { method: init.method ?? 'GET', path: url, headers, body };
    this.seen.push(request);
    this.inits.push(init);
    const other = await orAborted(Promise.resolve(this.instead(request)), init.signal);
    if (other === null) throw new TypeError('Failed to fetch');
    return other ?? this.answer(request);
  };

  answer({ method, path, headers }: Seen): Response {
    if (path.startsWith('/api/auth/')) return Response.json({ account: this.cookie });
    if (!this.cookie) return problem('SIGNED_OUT', 401);
    if (path === '/api/session' && method === 'GET') {
      return Response.json({ account: this.cookie, csrfToken: this.csrf, issuedAt: 1, expiresAt: 2, now: 1 });
    }
    if (method !== 'GET' && method !== 'HEAD') {
      if (headers.get(header.account) !== this.cookie.id) return problem('WRONG_ACCOUNT', 403);
      if (headers.get(header.csrf) !== this.csrf) return problem('CSRF_INVALID', 403);
    }
    if (path === '/api/session') {
      this.cookie = null;
      return new Response(null, { status: 204 });
    }
    return Response.json({ path });
  }

  get calls(): string[] {
    return this.seen.map(({ method, path }) => `${method} ${path}`);
  }

  count(call: string): number {
    return this.calls.filter((one) => one === call).length;
  }
}

/** What `work` brings, unless `signal` ends it before. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
    work.then(resolve, reject);
  });
}

function problem(code: string, status: number): Response {
  return Response.json({ code }, { status, headers: { 'Content-Type': 'application/problem+json' } });
}

let names = 0;
let server = new Server();

beforeEach(() => {
  server = new Server();
  vi.stubGlobal('fetch', server.fetch);
  vi.stubGlobal('__API_ORIGIN__', '');
});

afterEach(() => {
  vi.useRealTimers();
});

/** A worker's gate; without `state` its database is new. */
async function gate(state?: 'signed-in' | 'expired' | 'signed-out') {
  const store = new Store(`gateway-test-${names++}`);
  if (state) await store.changeAccount({ type: 'signed-in', account: ada });
  if (state === 'expired') {
    await store.changeAccount({ type: 'session-refused', epoch: 1 });
    await store.changeAccount({ type: 'told', epoch: 2 });
  }
  if (state === 'signed-out') await store.changeAccount({ type: 'signed-out' });
  const posts: News[] = [];
  const log: string[] = [];
  const account = new Account({
    instance: 'one',
    store,
    fetch: fetchApi,
    post: (news) => posts.push(news),
    now: Date.now,
    onChange: () => undefined,
    onExpired: async () => undefined,
  });
  const gateway = new Gateway(account, (line) => log.push(line));
  const fromPage = (request: Request) => {
    const send = (one: ApiRequest) => gateway.send(one);
    const outbox = new Outbox({
      store,
      account,
      send,
      post: (news) => posts.push(news),
      onWork: () => undefined,
      pause: async () => undefined,
      log: () => undefined,
    });
    return answerPage({ gateway, outbox, post: (news) => posts.push(news) }, request);
  };
  return { store, account, gateway, posts, log, fromPage };
}

function get(path: string): ApiRequest {
  return { method: 'GET', path, headers: new Headers(), body: null };
}

function post(path: string, body = 'body'): ApiRequest {
  return { method: 'POST', path, headers: new Headers(), body };
}

async function outcome(response: Response) {
  const body = (await response.json().catch(() => null)) as { code?: string } | null;
  return { status: response.status, code: body?.code, own: response.headers.get(header.gateway) };
}
const expired = { status: 401, code: 'SESSION_EXPIRED', own: '1' };
const unreachable = { status: 503, code: 'UNREACHABLE', own: '1' };
const announced = (posts: News[]) => posts.filter(({ type }) => type === 'session-expired');
const here: AccountState = { at: 'signed-in', epoch: 1, account: ada };

test('a request goes out with the cookie, follows no redirect, and is never cached', async () => {
  vi.stubGlobal('__API_ORIGIN__', 'https://api.example.test');
  await fetchApi('/api/files?limit=2', { method: 'GET' });
  expect(server.seen[0]?.path).toBe('https://api.example.test/api/files?limit=2');
  expect(server.inits[0]).toMatchObject({
    credentials: 'include',
    redirect: 'manual',
    cache: 'no-store',
    mode: 'cors',
  });
  expect(server.seen[0]?.headers.get('Accept')).toBe('application/json');
});

test('no network is no answer', async () => {
  server.instead = () => null;
  expect(await fetchApi('/api/files', {})).toBe(null);
  const { gateway } = await gate('signed-in');
  expect(await outcome(await gateway.send(get('/api/files')))).toEqual(unreachable);
});

test('the account goes with every request, the token with the unsafe ones, and Authorization with none', async () => {
  const { gateway } = await gate('signed-in');
  await gateway.send(get('/api/files'));
  await gateway.send(post('/api/files/1'));
  const sent = server.seen.filter(({ path }) => path !== '/api/session');
  expect(sent.map(({ headers }) => [headers.get(header.account), headers.get(header.csrf)])).toEqual([
    ['a1', null],
    ['a1', 'secret-1'],
  ]);
  for (const { headers } of server.seen) expect(headers.has('Authorization')).toBe(false);
});

test('of what a page sends only its body and a few harmless headers go on', async () => {
  const { fromPage } = await gate('signed-in');
  const headers = {
    'Content-Type': 'text/plain',
    Range: 'bytes=0-1',
    'If-None-Match': '"x"',
    Authorization: 'Bearer x',
    [header.account]: 'b1',
    [header.csrf]: 'forged',
    'X-Other': '1',
  };
  const request = new Request('https://app.example.test/api/files/1?x=2', {
    method: 'PATCH',
    headers,
    body: 'hello',
  });
  expect((await fromPage(request)).status).toBe(200);
  const sent = server.seen.at(-1);
  expect([sent?.method, sent?.path, sent?.body]).toEqual(['PATCH', '/api/files/1?x=2', 'hello']);
  expect(Object.fromEntries(sent?.headers ?? [])).toEqual({
    accept: 'application/json',
    'content-type': 'text/plain',
    'if-none-match': '"x"',
    range: 'bytes=0-1',
    'x-account': 'a1',
    'x-csrf-token': 'secret-1',
  });
});

test('401s that come together cause one probe and one announcement, and none of them is sent again', async () => {
  const { gateway, posts, store } = await gate('signed-in');
  server.cookie = null;
  const paths = Array.from({ length: 12 }, (_, n) => `/api/files/${n}`);
  const answers = await Promise.all(paths.map((path) => gateway.send(get(path))));
  expect(await Promise.all(answers.map(outcome))).toEqual(paths.map(() => expired));
  expect(server.count('GET /api/session')).toBe(1);
  for (const path of paths) expect(server.count(`GET ${path}`)).toBe(1);
  expect(announced(posts)).toEqual([{ type: 'session-expired', epoch: 2 }]);
  expect(await store.account()).toEqual({ at: 'expired', epoch: 2, account: ada, told: true });
});

test('a 401 that comes after the session was found to be over is logged, and causes nothing', async () => {
  const { gateway, posts, log } = await gate('signed-in');
  server.cookie = null;
  const slow = Promise.withResolvers<undefined>();
  server.instead = ({ path }) => (path === '/api/slow' ? slow.promise : undefined);
  const late = gateway.send(get('/api/slow'));
  await vi.waitUntil(() => server.count('GET /api/slow') === 1);
  await gateway.send(get('/api/files'));
  slow.resolve(undefined);
  expect(await outcome(await late)).toEqual(expired);
  expect(log).toEqual(['401 of epoch 1 suppressed in epoch 2']);
  expect(server.count('GET /api/session')).toBe(1);
  expect(announced(posts)).toHaveLength(1);
});

test('a 401 that joins the probe of another is logged, and causes no probe of its own', async () => {
  const { gateway, posts, log } = await gate('signed-in');
  server.cookie = null;
  const probe = Promise.withResolvers<undefined>();
  server.instead = ({ path }) => (path === '/api/session' ? probe.promise : undefined);
  const first = gateway.send(get('/api/a'));
  await vi.waitUntil(() => server.count('GET /api/session') === 1);
  expect(log).toEqual([]);
  const second = gateway.send(get('/api/b'));
  await vi.waitUntil(() => log.length === 1);
  probe.resolve(undefined);
  expect([await outcome(await first), await outcome(await second)]).toEqual([expired, expired]);
  expect(log).toEqual(['401 of epoch 1 suppressed: a probe is under way']);
  expect(server.count('GET /api/session')).toBe(1);
  expect(announced(posts)).toHaveLength(1);
});

test('a late 401 of an old epoch, after a new sign-in, is logged, and the new session goes on', async () => {
  const { gateway, posts, log, account } = await gate('signed-in');
  const slow = Promise.withResolvers<Response>();
  server.instead = ({ path }) => (path === '/api/slow' ? slow.promise : undefined);
  const late = gateway.send(get('/api/slow'));
  await vi.waitUntil(() => server.count('GET /api/slow') === 1);
  await gateway.send(post('/api/auth/sign-in/email-otp'));
  const asked = server.count('GET /api/session');
  slow.resolve(problem('SESSION_EXPIRED', 401));
  expect(await outcome(await late)).toEqual(expired);
  expect(log).toEqual(['401 of epoch 1 suppressed in epoch 2']);
  expect(server.count('GET /api/session')).toBe(asked);
  expect(account.current).toEqual({ ...here, epoch: 2 });
  expect(announced(posts)).toEqual([]);
});

test('a 401 to a session that lives: each request goes out once more, and nobody hears of it', async () => {
  const { gateway, posts, account } = await gate('signed-in');
  const refusedOnce = new Set<string>();
  server.instead = ({ path }) => {
    if (path === '/api/session' || refusedOnce.has(path)) return undefined;
    refusedOnce.add(path);
    return problem('SESSION_EXPIRED', 401);
  };
  const answers = await Promise.all([
    gateway.send(get('/api/a')),
    gateway.send(get('/api/b')),
    gateway.send(post('/api/c', 'whole')),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect([server.count('GET /api/a'), server.count('GET /api/b'), server.count('POST /api/c')]).toEqual([
    2, 2, 2,
  ]);
  expect(server.seen.filter(({ path }) => path === '/api/c').map(({ body }) => body)).toEqual([
    'whole',
    'whole',
  ]);
  expect(posts).toEqual([]);
  expect(account.current).toEqual(here);
});

test('a 401 that left before the session was seen alive is in the same race, and causes no second probe', async () => {
  const { gateway, posts, log } = await gate('signed-in');
  const slow = Promise.withResolvers<Response>();
  let asked = 0;
  server.instead = ({ path }) => (path === '/api/slow' && asked++ === 0 ? slow.promise : undefined);
  const late = gateway.send(get('/api/slow'));
  await vi.waitUntil(() => asked === 1);
  await gateway.send(get('/api/session'));
  slow.resolve(problem('SESSION_EXPIRED', 401));
  expect((await late).status).toBe(200);
  expect([server.count('GET /api/slow'), server.count('GET /api/session')]).toEqual([2, 1]);
  expect(log).toEqual(['401 of epoch 1 suppressed: the session was seen alive since']);
  expect(posts).toEqual([]);
});

test('a session that was seen alive just before its end is still found to be over', async () => {
  const { gateway, posts } = await gate('signed-in');
  const slow = Promise.withResolvers<undefined>();
  server.instead = ({ path }) => (path === '/api/slow' ? slow.promise : undefined);
  const late = gateway.send(get('/api/slow'));
  await vi.waitUntil(() => server.count('GET /api/slow') === 1);
  await gateway.send(get('/api/session'));
  server.cookie = null;
  slow.resolve(undefined);
  expect(await outcome(await late)).toEqual(expired);
  expect([server.count('GET /api/slow'), server.count('GET /api/session')]).toEqual([2, 2]);
  expect(announced(posts)).toHaveLength(1);
});

test('asking for the token is no proof for the request that it is for: its 401 is probed', async () => {
  const { gateway, posts } = await gate('signed-in');
  server.instead = ({ path }) => {
    if (path === '/api/a') server.cookie = null;
    return undefined;
  };
  expect(await outcome(await gateway.send(post('/api/a')))).toEqual(expired);
  expect([server.count('POST /api/a'), server.count('GET /api/session')]).toEqual([1, 2]);
  expect(announced(posts)).toHaveLength(1);
});

test('of any number of requests of pages 32 are under way at a time, and after an expiry no more leave', async () => {
  const { gateway, posts } = await gate('signed-in');
  const held = Promise.withResolvers<undefined>();
  server.instead = ({ path }) => (path === '/api/session' ? undefined : held.promise);
  const asked = Array.from({ length: 100 }, (_, n) => gateway.send({ ...get(`/api/${n}`), ofPage: true }));
  const engines = gateway.send(get('/api/engine'));
  await vi.waitUntil(() => server.count('GET /api/engine') === 1);
  expect(server.seen).toHaveLength(33);
  server.cookie = null;
  held.resolve(undefined);
  expect(await Promise.all((await Promise.all(asked)).map(outcome))).toEqual(asked.map(() => expired));
  expect(await outcome(await engines)).toEqual(expired);
  expect(server.seen).toHaveLength(34);
  expect(server.count('GET /api/session')).toBe(1);
  expect(announced(posts)).toHaveLength(1);
});

test.each([
  { whose: 'of a page', request: { ...get('/api/files'), ofPage: true } as ApiRequest, waitMs: 15_000 },
  { whose: 'of sign-in', request: post('/api/auth/sign-in/email-otp'), waitMs: 30_000 },
])(
  'a request $whose that vanishes is given up after $waitMs ms, and one that waits for its turn gets it',
  async ({ request, waitMs }) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { gateway } = await gate('signed-in');
    server.instead = () => new Promise<never>(() => undefined);
    const lost = Array.from({ length: 32 }, () => gateway.send(request));
    while (server.seen.length < 32) await new Promise((resolve) => setImmediate(resolve)); // the clock stands
    server.instead = () => undefined;
    let answers = 0;
    const next = gateway.send({ ...get('/api/next'), ofPage: true });
    for (const asked of lost) void asked.then(() => answers++);
    await vi.advanceTimersByTimeAsync(waitMs - 1);
    expect(answers).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all((await Promise.all(lost)).map(outcome))).toEqual(lost.map(() => unreachable));
    expect((await next).status).toBe(200);
  },
);

test('what waits behind others of its page leaves in its turn', async () => {
  const { gateway } = await gate('signed-in');
  const asked = Array.from({ length: 100 }, (_, n) => gateway.send({ ...get(`/api/${n}`), ofPage: true }));
  expect((await Promise.all(asked)).every(({ status }) => status === 200)).toBe(true);
  expect(server.calls).toEqual(asked.map((_, n) => `GET /api/${n}`));
});

test('a change that waited for its token while somebody signed in anew no longer leaves', async () => {
  const { gateway } = await gate('signed-in');
  const first = Promise.withResolvers<undefined>();
  let sessions = 0;
  server.instead = ({ path }) => (path === '/api/session' && sessions++ === 0 ? first.promise : undefined);
  const change = gateway.send(post('/api/a'));
  await vi.waitUntil(() => sessions === 1);
  await gateway.send(post('/api/auth/sign-in/email-otp'));
  first.resolve(undefined);
  expect(await outcome(await change)).toEqual(expired);
  expect(server.count('POST /api/a')).toBe(0);
});

test('a second 401 to a session that lives goes to its caller as it is', async () => {
  const { gateway, posts } = await gate('signed-in');
  server.instead = ({ path }) => (path === '/api/a' ? problem('SESSION_EXPIRED', 401) : undefined);
  expect(await outcome(await gateway.send(get('/api/a')))).toEqual({ ...expired, own: null });
  expect([server.count('GET /api/a'), server.count('GET /api/session')]).toEqual([2, 1]);
  expect(posts).toEqual([]);
});

test.each([
  ['nobody', () => null],
  ['a server in trouble', () => new Response(null, { status: 502 })],
  ['a portal', () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
])('a probe that is answered by %s signs nobody out', async (_who, answer) => {
  const { gateway, posts, account } = await gate('signed-in');
  server.instead = ({ path }) => (path === '/api/session' ? answer() : problem('SESSION_EXPIRED', 401));
  expect(await outcome(await gateway.send(get('/api/a')))).toEqual(unreachable);
  expect(server.count('GET /api/a')).toBe(1);
  expect(posts).toEqual([]);
  expect(account.current).toEqual(here);
});

test('a refusal while another account has signed in is not sent again for it', async () => {
  const { gateway, posts } = await gate('signed-in');
  server.instead = ({ path }) => {
    if (path !== '/api/a') return undefined;
    server.cookie = bob;
    return problem('SESSION_EXPIRED', 401);
  };
  expect(await outcome(await gateway.send(get('/api/a')))).toEqual(expired);
  expect(server.count('GET /api/a')).toBe(1);
  expect(announced(posts)).toEqual([]);
});

test.each(['expired', 'signed-out'] as const)(
  'while %s nothing but sign-in calls reaches the server',
  async (at) => {
    const { gateway } = await gate(at);
    server.cookie = null;
    for (const request of [
      get('/api/files'),
      post('/api/files/1'),
      get('/api/sessions'),
      get('/api/session/x'),
    ]) {
      expect(await outcome(await gateway.send(request))).toEqual(expired);
    }
    expect(server.calls).toEqual([]);
    await gateway.send(get('/api/session'));
    await gateway.send(post('/api/auth/email-otp/send-verification-otp'));
    expect(server.calls).toEqual(['GET /api/session', 'POST /api/auth/email-otp/send-verification-otp']);
  },
);

test('no address gets past the gate while the session is over', async () => {
  const { gateway } = await gate('expired');
  server.cookie = null;
  const step = fc.constantFrom('auth', 'session', '..', '.', 'files', '%2e%2e', '', 'x');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
      server.seen = [];
      const path = `/api/${steps.join('/')}`;
      const { pathname } = new URL(path, 'https://app.example.test');
      await gateway.send(get(path));
      const isSignIn = pathname === '/api/session' || pathname.startsWith('/api/auth/');
      expect(server.calls.length > 0).toBe(isSignIn);
    }),
  );
});

test('a refused sign-in call is never a suspect', async () => {
  const { gateway, posts, account } = await gate('signed-in');
  server.instead = ({ path }) => (path.startsWith('/api/auth/') ? problem('CODE_WRONG', 401) : undefined);
  expect((await gateway.send(post('/api/auth/sign-in/email-otp'))).status).toBe(401);
  expect(server.calls).toEqual(['POST /api/auth/sign-in/email-otp']);
  expect(posts).toEqual([]);
  expect(await account.state()).toEqual(here);
});

test('a sign-in that went through is known before its caller is answered', async () => {
  const { gateway, posts, account } = await gate('expired');
  expect((await gateway.send(post('/api/auth/sign-in/email-otp'))).status).toBe(200);
  expect(account.current).toEqual({ ...here, epoch: 3 });
  expect(posts.at(-1)).toEqual({ type: 'session-restored', epoch: 3, accountId: 'a1' });
});

test('before anything is known the server is asked first who is here', async () => {
  const { gateway } = await gate();
  expect((await gateway.send(get('/api/files'))).status).toBe(200);
  expect(server.calls).toEqual(['GET /api/session', 'GET /api/files']);
});

test('before anything is known, and with no answer to that, nothing goes out', async () => {
  const { gateway } = await gate();
  server.instead = () => null;
  expect(await outcome(await gateway.send(get('/api/files')))).toEqual(unreachable);
  expect(server.calls).toEqual(['GET /api/session']);
});

test('a token that was rotated is fetched once, and its request goes out once more', async () => {
  const { gateway } = await gate('signed-in');
  await gateway.send(post('/api/a'));
  server.csrf = 'secret-2';
  server.seen = [];
  expect((await gateway.send(post('/api/b', 'whole'))).status).toBe(200);
  expect(server.calls).toEqual(['POST /api/b', 'GET /api/session', 'POST /api/b']);
  expect(server.seen.at(-1)?.headers.get(header.csrf)).toBe('secret-2');
  expect(server.seen.at(-1)?.body).toBe('whole');
});

test('a token that is refused again is not fetched a third time', async () => {
  const { gateway } = await gate('signed-in');
  server.instead = ({ path }) => (path === '/api/b' ? problem('CSRF_INVALID', 403) : undefined);
  expect(await outcome(await gateway.send(post('/api/b')))).toEqual({
    status: 403,
    code: 'CSRF_INVALID',
    own: null,
  });
  expect([server.count('POST /api/b'), server.count('GET /api/session')]).toEqual([2, 2]);
});

test('many requests that meet a rotated token all succeed', async () => {
  const { gateway } = await gate('signed-in');
  await gateway.send(post('/api/a'));
  server.csrf = 'secret-2';
  const answers = await Promise.all(['/api/b', '/api/c', '/api/d'].map((path) => gateway.send(post(path))));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
});

test('a token that was rotated because another account signed in is not tried with the new one', async () => {
  const { gateway } = await gate('signed-in');
  await gateway.send(post('/api/a'));
  server.instead = ({ path }) => {
    if (path !== '/api/b') return undefined;
    server.cookie = bob;
    return problem('CSRF_INVALID', 403);
  };
  expect(await outcome(await gateway.send(post('/api/b')))).toEqual(expired);
  expect(server.count('POST /api/b')).toBe(1);
});

test('a token that was rotated by a sign-in of the same account is not tried across it', async () => {
  const { gateway, account } = await gate('signed-in');
  await gateway.send(post('/api/a'));
  server.instead = async ({ path }) => {
    if (path !== '/api/b') return undefined;
    server.csrf = 'secret-2';
    await account.noteSignIn();
    return problem('CSRF_INVALID', 403);
  };
  expect(await outcome(await gateway.send(post('/api/b')))).toEqual(expired);
  expect(server.count('POST /api/b')).toBe(1);
});

test('a token that was refused, and nobody who gives a new one: the server was not reached', async () => {
  const { gateway, posts, account } = await gate('signed-in');
  await gateway.send(post('/api/a'));
  server.instead = ({ path }) => (path === '/api/b' ? problem('CSRF_INVALID', 403) : null);
  expect(await outcome(await gateway.send(post('/api/b')))).toEqual(unreachable);
  expect([server.count('POST /api/b'), server.count('GET /api/session')]).toEqual([1, 2]);
  expect(posts).toEqual([]);
  expect(account.current).toEqual(here);
});

test('a token that was refused because the session is over: it has expired, and that is announced', async () => {
  const { gateway, posts } = await gate('signed-in');
  await gateway.send(post('/api/a'));
  server.instead = ({ path }) => {
    if (path !== '/api/b') return undefined;
    server.cookie = null;
    return problem('CSRF_INVALID', 403);
  };
  expect(await outcome(await gateway.send(post('/api/b')))).toEqual(expired);
  expect(server.count('POST /api/b')).toBe(1);
  expect(announced(posts)).toEqual([{ type: 'session-expired', epoch: 2 }]);
});

test('a session that is found to be over on asking for the token has expired, and nothing is sent', async () => {
  const { gateway, posts } = await gate('signed-in');
  server.cookie = null;
  expect(await outcome(await gateway.send(post('/api/b')))).toEqual(expired);
  expect(server.calls).toEqual(['GET /api/session']);
  expect(announced(posts)).toEqual([{ type: 'session-expired', epoch: 2 }]);
});

test('with no answer to who is signed in there is no token, and nothing is sent', async () => {
  const { gateway, posts } = await gate('signed-in');
  server.instead = () => null;
  expect(await outcome(await gateway.send(post('/api/b')))).toEqual(unreachable);
  expect(server.calls).toEqual(['GET /api/session']);
  expect(posts).toEqual([]);
});

test('a cookie of another account is the answer to its caller, and the request is not sent again', async () => {
  const { gateway } = await gate('signed-in');
  await gateway.send(post('/api/a'));
  server.cookie = bob;
  expect(await outcome(await gateway.send(post('/api/b')))).toEqual({
    status: 403,
    code: 'WRONG_ACCOUNT',
    own: null,
  });
  expect(server.count('POST /api/b')).toBe(1);
});

test('a cookie of another account makes the worker ask who is signed in, and pages hear of it', async () => {
  const { gateway, posts, account } = await gate('signed-in');
  await gateway.send(post('/api/a'));
  server.cookie = bob;
  await gateway.send(post('/api/b'));
  await vi.waitUntil(() => posts.length === 2);
  expect(account.current).toEqual({ at: 'signed-in', epoch: 2, account: bob });
  expect(posts).toEqual([
    { type: 'session', session: { epoch: 2, state: 'signed-in', account: bob, by: 'one' } },
    { type: 'session-restored', epoch: 2, accountId: 'b1' },
  ]);
  expect(server.count('GET /api/session')).toBe(2);
});

test('a page that asks who is signed in gets to know that, and no token', async () => {
  const { fromPage } = await gate();
  const page = await fromPage(new Request('https://app.example.test/api/session'));
  expect(await page.json()).toEqual({ account: ada });
});

test('nothing that a page is sent holds the token', async () => {
  const { gateway, posts } = await gate('signed-in');
  server.csrf = 'secret-never-to-be-seen';
  const answers = [
    await gateway.send(get('/api/session')),
    await gateway.send(post('/api/a')),
    await gateway.send(post('/api/auth/sign-in/email-otp')),
    await gateway.send({ ...post('/api/session'), method: 'DELETE' }),
  ];
  const told = await Promise.all(
    answers.map(async (answer) => JSON.stringify([...answer.headers]) + (await answer.text())),
  );
  expect(told.join() + JSON.stringify(posts)).not.toContain('secret-never');
});

test('who is signed in is known without an answer too, and who was is not', async () => {
  server.instead = () => null;
  const signedIn = await gate('signed-in');
  expect(await (await signedIn.gateway.send(get('/api/session'))).json()).toEqual({ account: ada });
  const over = await gate('expired');
  expect(await outcome(await over.gateway.send(get('/api/session')))).toEqual(unreachable);
  server.instead = () => problem('SIGNED_OUT', 401);
  expect(await outcome(await over.gateway.send(get('/api/session')))).toEqual(expired);
});

test('a sign-out ends the session at the server, then here', async () => {
  const { gateway, posts, account } = await gate('signed-in');
  const answer = await gateway.send({ ...get('/api/session'), method: 'DELETE' });
  expect(answer.status).toBe(204);
  expect(account.current).toEqual({ at: 'signed-out', epoch: 2 });
  expect(posts).toEqual([
    { type: 'session', session: { epoch: 2, state: 'signed-out', account: null, by: 'one' } },
  ]);
  expect(server.cookie).toBe(null);
});

test('a sign-out of a session that is over already is one all the same', async () => {
  const { gateway, posts, account } = await gate('signed-in');
  await gateway.send(post('/api/a'));
  server.cookie = null;
  await gateway.send({ ...get('/api/session'), method: 'DELETE' });
  expect(account.current).toEqual({ at: 'signed-out', epoch: 2 });
  expect(announced(posts)).toEqual([]);
});

test('a sign-out after an expiry asks nobody, and the device forgets who it was', async () => {
  const { gateway, posts, store } = await gate('expired');
  expect((await gateway.send({ ...get('/api/session'), method: 'DELETE' })).status).toBe(204);
  expect(server.calls).toEqual([]);
  expect(await store.account()).toEqual({ at: 'signed-out', epoch: 3 });
  expect(posts).toEqual([
    { type: 'session', session: { epoch: 3, state: 'signed-out', account: null, by: 'one' } },
  ]);
});

test('a sign-out while nobody is signed in asks nobody, and changes nothing', async () => {
  const { gateway, posts, store } = await gate('signed-out');
  expect((await gateway.send({ ...get('/api/session'), method: 'DELETE' })).status).toBe(204);
  expect(server.calls).toEqual([]);
  expect(await store.account()).toEqual({ at: 'signed-out', epoch: 2 });
  expect(posts).toEqual([]);
});

const HTML = { 'Content-Type': 'text/html' };
const signOut: ApiRequest = { method: 'DELETE', path: '/api/session', headers: new Headers(), body: null };

/** A gate after a sign-out that nobody answered. */
async function signedOutOffline() {
  const all = await gate('signed-in');
  server.instead = () => null;
  const answer = await all.gateway.send(signOut);
  expect([answer.status, await answer.json()]).toEqual([202, { queued: true }]);
  server.instead = () => undefined;
  server.seen = [];
  return all;
}

test('a sign-out that nobody answers holds here at once, and says that the server has yet to hear of it', async () => {
  const { account, posts } = await signedOutOffline();
  expect(account.current).toEqual({ at: 'signed-out', epoch: 2, pending: ada });
  expect(posts).toEqual([
    { type: 'session', session: { epoch: 2, state: 'signed-out', account: null, by: 'one' } },
  ]);
});

test.each([
  ['a portal', 200],
  ['a portal with a sign-in of its own', 401],
  ['a server in trouble', 502],
])("that %s answers a sign-out is not the server's word: it waits", async (_who, status) => {
  const { gateway, account } = await gate('signed-in');
  server.instead = ({ method }) =>
    method === 'DELETE' ? new Response('<html>', { status, headers: HTML }) : undefined;
  expect((await gateway.send(signOut)).status).toBe(202);
  expect(account.current).toEqual({ at: 'signed-out', epoch: 2, pending: ada });
});

test('the server hears of a sign-out before anything else goes out', async () => {
  const { gateway, account } = await signedOutOffline();
  expect(await outcome(await gateway.send(get('/api/files')))).toEqual(expired);
  expect(server.calls).toEqual(['GET /api/session', 'DELETE /api/session']);
  expect([server.cookie, account.current]).toEqual([null, { at: 'signed-out', epoch: 2 }]);
});

test('that its session still lives is no news while a sign-out waits', async () => {
  const { account } = await signedOutOffline();
  await account.ask();
  expect(account.current).toEqual({ at: 'signed-out', epoch: 2, pending: ada });
});

test('a sign-out that waits is not told to whoever else is signed in by now', async () => {
  const { gateway, account } = await signedOutOffline();
  server.cookie = bob;
  expect(await gateway.finishSignOut()).toBe(true);
  expect(server.calls).toEqual(['GET /api/session']);
  expect([server.cookie, account.current]).toEqual([bob, { at: 'signed-out', epoch: 2 }]);
});

test.each([
  ['nobody', () => null],
  ['a server in trouble', () => new Response(null, { status: 503 })],
  ['a portal', () => new Response('<html>', { headers: HTML })],
  ['a portal with a sign-in of its own', () => new Response('<html>', { status: 401, headers: HTML })],
  ['a proxy', () => new Response('<html>', { status: 403, headers: HTML })],
])(
  'a sign-out that waits goes on waiting while %s answers, to the question or to itself',
  async (_who, answer) => {
    for (const method of ['GET', 'DELETE']) {
      const { gateway, account } = await signedOutOffline();
      server.instead = (request) => (request.method === method ? answer() : undefined);
      expect(await gateway.finishSignOut()).toBe(false);
      expect(await outcome(await gateway.send(get('/api/files')))).toEqual(unreachable);
      expect(account.current).toEqual({ at: 'signed-out', epoch: 2, pending: ada });
      server.instead = () => undefined;
      expect(await gateway.finishSignOut()).toBe(true);
      expect(server.cookie).toBe(null);
      server.cookie = ada;
    }
  },
);

test('with no sign-out waiting there is nothing to tell', async () => {
  const { gateway } = await gate('signed-out');
  expect(await gateway.finishSignOut()).toBe(true);
  expect(server.calls).toEqual([]);
});

test('a sign-in waits until the server has heard of the sign-out before it', async () => {
  const { gateway, account } = await signedOutOffline();
  server.instead = ({ path }) => {
    if (path.startsWith('/api/auth/')) server.cookie = bob;
    return undefined;
  };
  await gateway.send(post('/api/auth/sign-in/email-otp'));
  expect(server.calls.slice(0, 3)).toEqual([
    'GET /api/session',
    'DELETE /api/session',
    'POST /api/auth/sign-in/email-otp',
  ]);
  expect(account.current).toEqual({ at: 'signed-in', epoch: 3, account: bob });
});

test.each([
  ['/api/auth/passkey/sign-in/verify', 3],
  ['/api/auth/sign-in/email-otp', 3],
  ['/api/auth/passkey/sign-in/options', 2],
  ['/api/auth/methods', 2],
])('while expired %s goes out, and leaves the session in epoch %i', async (path, epoch) => {
  const { gateway, account } = await gate('expired');
  expect((await gateway.send(post(path))).status).toBe(200);
  expect(server.calls[0]).toBe(`POST ${path}`);
  expect(account.current.epoch).toBe(epoch);
});

test.each(['/api/auth/passkey', '/api/auth/passkey/register/options', '/api/auth/passkey/1'])(
  'a person’s own passkeys at %s are behind the gate',
  async (path) => {
    const over = await gate('expired');
    expect(await outcome(await over.gateway.send(post(path)))).toEqual(expired);
    expect(server.calls).toEqual([]);
  },
);

test('an account that is deleted is signed out', async () => {
  const { gateway, account } = await gate('signed-in');
  expect((await gateway.send({ ...post('/api/account'), method: 'DELETE' })).status).toBe(200);
  expect(account.current).toEqual({ at: 'signed-out', epoch: 2 });
});
