import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { reap } from './reaper.ts';
import {
  accountFor,
  CookieJar,
  openUpload,
  partHeaders,
  partPath,
  rawPut,
  signIn,
  startTestServer,
  type TestAccount,
  type TestServer,
  testFile,
} from './testing.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
let server: TestServer;
const start = async (env: Record<string, string> = {}) => {
  server = await startTestServer(env);
};
afterEach(() => server.stop());

const session = (cookie: string) => fetch(`${server.url}/api/session`, { headers: { Cookie: cookie } });
const status = async (cookie: string) => (await session(cookie)).status;
function jarOf(me: TestAccount): CookieJar {
  const jar = new CookieJar();
  jar.keep(server.url, new Response(null, { headers: { 'Set-Cookie': me.cookie } }));
  return jar;
}

test('on https every cookie is __Host- and Secure', async () => {
  const origin = 'https://files.example';
  await start({ PUBLIC_URL: origin, HOST: '127.0.0.1', SIGN_UP: 'open' });
  const me = await signIn(server, 'a@example.org', '', origin);
  expect(me.cookie).toMatch(/^__Host-holdfast\.session_token=/);
  const asked = await fetch(`${server.url}/api/auth/passkey/sign-in/options`, {
    method: 'POST',
    headers: { Origin: origin },
  });
  expect(asked.headers.getSetCookie()).toEqual([
    expect.stringMatching(
      /^__Host-holdfast\.sign_in=[\w-]{43}; Max-Age=900; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    ),
  ]);
  const out = await me.request('DELETE', '/api/session');
  expect(out.headers.getSetCookie()).toEqual([
    '__Host-holdfast.session_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure',
  ]);
});

test('for pages on another site every cookie is SameSite=None and Secure', async () => {
  const origin = 'https://app.example';
  await start({
    PUBLIC_URL: 'https://files.test',
    APP_ORIGIN: origin,
    HOST: '127.0.0.1',
    SIGN_UP: 'open',
    COOKIE_SAME_SITE: 'none',
  });
  const me = await signIn(server, 'a@example.org', '', origin);
  const asked = await fetch(`${server.url}/api/auth/passkey/sign-in/options`, {
    method: 'POST',
    headers: { Origin: origin },
  });
  expect((await asked.json()).rpId).toBe('app.example');
  const out = await me.request('DELETE', '/api/session');
  for (const answer of [asked, out]) {
    expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-.*; Path=\/; HttpOnly; SameSite=None; Secure$/);
  }
});

test('a session ends seven days after its last use, to the millisecond, however small the steps between uses', async () => {
  await start();
  server.freeze();
  const me = await signIn(server);
  for (const ms of [6 * DAY_MS, 1, 59_999, 30 * MINUTE_MS, 7 * DAY_MS - 1, 999]) {
    server.advance(ms);
    expect([ms, await status(me.cookie)]).toEqual([ms, 200]);
  }
  server.advance(7 * DAY_MS);
  expect(await status(me.cookie)).toBe(401);
});

test('what an expired session asks for does not bring it back', async () => {
  await start();
  server.freeze();
  const me = await signIn(server);
  server.advance(7 * DAY_MS);
  for (const _ of [1, 2]) expect(await status(me.cookie)).toBe(401);
  const parts = await me.request('GET', '/api/upload-sessions?state=open');
  expect(parts.status).toBe(401);
});

test('the last use outlives a restart', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-'));
  server = await startTestServer({}, dataDir);
  const me = await signIn(server);
  server.freeze();
  server.advance(MINUTE_MS / 2);
  expect(await status(me.cookie)).toBe(200);
  const usedAt = server.now();
  await server.stop();
  server = await startTestServer({}, dataDir);
  server.freeze();
  server.advance(usedAt + 7 * DAY_MS - 1 - server.now());
  expect(await status(me.cookie)).toBe(200);
  await rm(dataDir, { recursive: true });
});

test('a use is written down once a minute and not at each request', async () => {
  await start();
  server.freeze();
  const me = await signIn(server);
  server.statements.length = 0;
  for (let i = 0; i < 120; i++) {
    server.advance(1000);
    await Promise.all([session(me.cookie), session(me.cookie)]);
  }
  expect(server.statements.filter((sql) => /^update "session"/.test(sql))).toHaveLength(2);
});

test('a session ends at its absolute age, used or not', async () => {
  await start({ ACCOUNT_SESSION_MAX_DAYS: '20' });
  server.freeze();
  const me = await signIn(server);
  for (const days of [6, 6, 6]) {
    server.advance(days * DAY_MS);
    expect(await status(me.cookie)).toBe(200);
  }
  server.advance(2 * DAY_MS - 1);
  const { expiresAt, issuedAt } = await (await session(me.cookie)).json();
  expect(expiresAt).toBe(issuedAt + 20 * DAY_MS);
  server.advance(1);
  expect(await status(me.cookie)).toBe(401);
});

test('a late 401 takes nothing from the sign-in that came meanwhile', async () => {
  await start();
  const old = await signIn(server, 'a@example.org');
  const jar = jarOf(old);
  server.advance(7 * DAY_MS);
  const late = await Promise.all(
    [
      '/api/session',
      '/api/files',
      '/api/sessions',
      '/api/upload-sessions?state=open',
      '/api/auth/passkey',
    ].map((path) => jar.send(server.url + path)),
  );
  expect(late.map((answer) => answer.status)).toEqual([401, 401, 401, 401, 401]);
  const fresh = await signIn(server, 'a@example.org', old.cookie);
  jar.keep(server.url, new Response(null, { headers: { 'Set-Cookie': fresh.cookie } }));
  for (const answer of late) jar.keep(server.url, answer);
  expect((await jar.fetch(`${server.url}/api/session`)).status).toBe(200);
});

test('a long request of the old session, answered after a new sign-in, leaves the new cookie alone', async () => {
  await start();
  const old = await signIn(server, 'a@example.org');
  const file = testFile(1000);
  const sid = await openUpload(old, [file]);
  server.advance(120 * MINUTE_MS);
  const path = partPath(sid, file.announced.id, 0);
  const slow = await rawPut(old, path, { ...partHeaders(file.bytes), Connection: 'close' }, 1000);
  await slow.send(file.bytes.subarray(0, 500));
  const fresh = await signIn(server, 'a@example.org', old.cookie);
  await slow.send(file.bytes.subarray(500));
  const answer = await slow.answer;
  expect(answer).toMatch(/^HTTP\/1\.1 201 /);
  expect(answer).not.toMatch(/^set-cookie/im);
  expect(await status(fresh.cookie)).toBe(200);
});

test('no answer but to signing in and out sets a cookie, whatever becomes of the request', async () => {
  await start();
  const me = await signIn(server);
  server.advance(DAY_MS);
  const answers = [
    await me.request('GET', '/api/session'),
    await me.request('GET', '/api/files'),
    await me.request('GET', '/api/files/nothing'),
    await me.request('POST', '/api/auth/passkey/sign-in/verify', { response: {} }),
    await me.request('POST', '/api/auth/sign-in/email-otp', { email: me.email, otp: '000000' }),
    await me.request('DELETE', '/api/session', undefined, { 'X-CSRF-Token': 'wrong' }),
    await me.request('PATCH', '/api/auth/passkey/nothing', { name: 'x' }),
    await me.request('GET', '/api/auth/callback/oidc?state=x&code=y'),
    await me.request('GET', '/api/auth/methods'),
  ];
  for (const answer of answers) expect([answer.url, answer.headers.getSetCookie()]).toEqual([answer.url, []]);
});

test('the token of a session is in no body', async () => {
  await start();
  const me = await signIn(server);
  const token = decodeURIComponent(me.cookie.split('=')[1] ?? '').split('.')[0] ?? '';
  expect(token.length).toBeGreaterThan(20);
  for (const path of [
    '/api/session',
    '/api/sessions',
    '/api/auth/passkey',
    '/api/auth/methods',
    '/api/files',
  ]) {
    expect(await (await me.request('GET', path)).text()).not.toContain(token);
  }
});

test('the list of sessions knows the last use, also of the last minute', async () => {
  await start();
  server.freeze();
  const me = await signIn(server);
  server.advance(1234);
  expect(await status(me.cookie)).toBe(200);
  const { sessions } = await (await me.request('GET', '/api/sessions')).json();
  expect(sessions[0].lastUsedAt - sessions[0].createdAt).toBe(1234);
});

test('a session that was ended stays ended, though it was just in use', async () => {
  await start();
  const me = await signIn(server, 'a@example.org');
  const other = await signIn(server, 'a@example.org');
  const { sessions } = await (await me.request('GET', '/api/sessions')).json();
  const { id } = sessions.find((row: { current: boolean }) => !row.current);
  const asking = Array.from({ length: 20 }, () => session(other.cookie));
  await me.request('DELETE', `/api/sessions/${id}`);
  await Promise.all(asking);
  expect(await status(other.cookie)).toBe(401);
});

test('sessions that ended long ago are forgotten', async () => {
  await start({ ACCOUNT_SESSION_DAYS: '1' });
  await signIn(server, 'a@example.org');
  const rows = () =>
    server.services.db
      .selectFrom('session' as 'garbage')
      .selectAll()
      .execute();
  await reap(server.services, server.now() + DAY_MS);
  expect(await rows()).toHaveLength(1);
  await reap(server.services, server.now() + 3 * DAY_MS);
  expect(await rows()).toHaveLength(0);
});

test('a forged cookie is no session, whatever is in it', async () => {
  await start();
  const me = await signIn(server);
  const forged = randomBytes(32).toString('base64url');
  for (const value of [
    forged,
    `${forged}.${forged}`,
    `${forged}.`,
    '.',
    '%E0%A4%A',
    `${me.cookie.split('=')[1]}%00`,
  ]) {
    const answer = await session(`holdfast.session_token=${value}`);
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []]);
  }
  expect((await accountFor(server, me.email, me.cookie)).id).toBe(me.id);
});
