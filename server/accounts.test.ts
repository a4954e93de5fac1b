import { randomUUID } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { header } from '../shared/api.ts';
import { deviceName } from './account-session.ts';
import { accountFor, newestMail, signIn, startTestServer, TEST_ORIGIN, type TestServer } from './testing.ts';

const DAY_MS = 86_400_000;
let server: TestServer;
const start = async (env: Record<string, string> = {}) => {
  server = await startTestServer(env);
};
afterEach(() => server.stop());

const JSON_HEADERS = { Origin: TEST_ORIGIN, 'Content-Type': 'application/json' };
function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(server.url + path, { method: 'POST', headers: { ...JSON_HEADERS, ...headers }, body: text });
}
const sendCode = (email: string) =>
  post('/api/auth/email-otp/send-verification-otp', { email, type: 'sign-in' });
const enterCode = (email: string, otp: string) => post('/api/auth/sign-in/email-otp', { email, otp });
const session = (cookie: string) =>
  fetch(`${server.url}/api/session`, { headers: cookie ? { Cookie: cookie } : {} });
async function code(answer: Response): Promise<string> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
}
async function wrongCode(email: string): Promise<string> {
  const right = (await newestMail(server.dataDir, email)).code;
  return right === '000000' ? '111111' : '000000';
}

test('a mailed code signs in, by a cookie that no script reads, and the body holds no token', async () => {
  await start();
  const email = 'Ada@Example.org';
  expect(await (await sendCode(email)).json()).toEqual({ success: true });
  const mail = await newestMail(server.dataDir, 'ada@example.org');
  expect(mail.subject).toContain(mail.code);
  const answer = await enterCode(email, mail.code);
  expect(await answer.json()).toEqual({ account: { id: expect.any(String), email: 'ada@example.org' } });
  const cookies = answer.headers.getSetCookie();
  expect(cookies).toHaveLength(1);
  expect(cookies[0]).toMatch(
    /^holdfast\.session_token=[^;]+; Max-Age=7776000; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  const facts = await (await session(cookies[0]?.split(';')[0] ?? '')).json();
  expect(facts).toEqual({
    account: { id: expect.any(String), email: 'ada@example.org' },
    csrfToken: expect.stringMatching(/^[\w-]{43}$/),
    issuedAt: expect.any(Number),
    expiresAt: facts.issuedAt + 7 * DAY_MS,
    now: expect.any(Number),
  });
});

test('without a cookie one is signed out; with a dead one the session has expired; neither sets a cookie', async () => {
  await start();
  const me = await signIn(server);
  const none = await session('');
  expect([none.headers.getSetCookie(), await code(none)]).toEqual([[], '401 SIGNED_OUT']);
  server.advance(7 * DAY_MS + 1);
  const dead = await session(me.cookie);
  expect([dead.headers.getSetCookie(), await code(dead)]).toEqual([[], '401 SESSION_EXPIRED']);
  for (const forged of [
    'holdfast.session_token=abc',
    `${me.cookie}x`,
    'holdfast.session_token=%',
    me.cookie.replace('=', '=x'),
  ]) {
    const answer = await session(forged);
    expect([answer.headers.getSetCookie(), await code(answer)]).toEqual([[], '401 SESSION_EXPIRED']);
  }
});

test('a new sign-in ends the session that its request came with, and no other', async () => {
  await start();
  const first = await signIn(server, 'a@example.org');
  const elsewhere = await signIn(server, 'a@example.org');
  const second = await signIn(server, 'b@example.org', first.cookie);
  expect(await code(await session(first.cookie))).toBe('401 SESSION_EXPIRED');
  expect((await session(elsewhere.cookie)).status).toBe(200);
  expect((await session(second.cookie)).status).toBe(200);
});

test('signing out ends the session and clears the cookie; signing out again is no error, and clears nothing', async () => {
  await start();
  const me = await signIn(server);
  const answer = await me.request('DELETE', '/api/session');
  expect(answer.status).toBe(204);
  expect(answer.headers.getSetCookie()).toEqual([
    'holdfast.session_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
  ]);
  expect(await code(await session(me.cookie))).toBe('401 SESSION_EXPIRED');
  const again = await me.request('DELETE', '/api/session');
  expect([again.status, again.headers.getSetCookie()]).toEqual([204, []]);
});

test('the sessions of an account are listed without their tokens, and each can be ended', async () => {
  await start();
  const me = await signIn(server, 'a@example.org');
  const other = await signIn(server, 'a@example.org');
  const stranger = await signIn(server);
  const text = await (await me.request('GET', '/api/sessions')).text();
  expect(text).not.toContain(decodeURIComponent(me.cookie.split('=')[1] ?? '').split('.')[0]);
  const { sessions } = JSON.parse(text) as { sessions: { id: string; current: boolean }[] };
  expect(sessions.map(({ current }) => current).sort()).toEqual([false, true]);
  const id = sessions.find(({ current }) => !current)?.id ?? '';
  expect(await code(await stranger.request('DELETE', `/api/sessions/${id}`))).toBe('404 NOT_FOUND');
  expect((await me.request('DELETE', `/api/sessions/${id}`)).status).toBe(204);
  expect(await code(await session(other.cookie))).toBe('401 SESSION_EXPIRED');
  expect((await session(me.cookie)).status).toBe(200);
});

test('a wrong code is told, the third spends the code, and a new one brings no new guesses', async () => {
  await start({ CODE_GUESSES_PER_HOUR: '5' });
  const email = 'a@example.org';
  await sendCode(email);
  const wrong = await wrongCode(email);
  for (const _ of [1, 2, 3]) expect(await code(await enterCode(email, wrong))).toBe('400 CODE_WRONG');
  const { code: right } = await newestMail(server.dataDir, email);
  expect(await code(await enterCode(email, right))).toBe('400 CODE_EXPIRED');
  await sendCode(email);
  expect(await code(await enterCode(email, await wrongCode(email)))).toBe('400 CODE_WRONG');
  const refused = await enterCode(email, (await newestMail(server.dataDir, email)).code);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3500);
  expect(await code(refused)).toBe('429 RATE_LIMITED');
  server.advance(3_600_000);
  expect((await enterCode(email, (await newestMail(server.dataDir, email)).code)).status).toBe(200);
});

test('a code is good once', async () => {
  await start();
  await sendCode('a@example.org');
  const { code: otp } = await newestMail(server.dataDir, 'a@example.org');
  const answers = await Promise.all([enterCode('a@example.org', otp), enterCode('a@example.org', otp)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
});

test('an address gets only so many codes, whoever asks', async () => {
  await start({ CODE_SENDS_PER_HOUR: '2' });
  expect((await sendCode('a@example.org')).status).toBe(200);
  expect((await sendCode('A@example.org ')).status).toBe(200);
  const refused = await sendCode('a@example.org');
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(await code(refused)).toBe('429 RATE_LIMITED');
  expect((await sendCode('b@example.org')).status).toBe(200);
});

test('one client gets only so many codes for all addresses', async () => {
  await start({ CODE_REQUESTS_PER_HOUR_PER_CLIENT: '2' });
  await sendCode('a@example.org');
  await sendCode('b@example.org');
  expect(await code(await sendCode('c@example.org'))).toBe('429 RATE_LIMITED');
});

test('where sign-up is closed, only who holds the right code learns that there is no account', async () => {
  await start({ SIGN_UP: 'first' });
  await signIn(server, 'first@example.org');
  const known = await sendCode('first@example.org');
  const unknown = await sendCode('second@example.org');
  expect([unknown.status, await unknown.text()]).toEqual([known.status, await known.text()]);
  for (const email of ['first@example.org', 'second@example.org']) {
    expect(await code(await enterCode(email, await wrongCode(email)))).toBe('400 CODE_WRONG');
  }
  const { code: right } = await newestMail(server.dataDir, 'second@example.org');
  expect(await code(await enterCode('second@example.org', right))).toBe('403 SIGN_UP_CLOSED');
  await signIn(server, 'first@example.org');
});

test('of two first people at the same time, one gets in', async () => {
  await start({ SIGN_UP: 'first' });
  const emails = ['a@example.org', 'b@example.org'];
  for (const email of emails) await sendCode(email);
  const answers = await Promise.all(
    emails.map(async (email) => enterCode(email, (await newestMail(server.dataDir, email)).code)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
});

test('sign-up by domain takes these domains and no others that end like them', async () => {
  await start({ SIGN_UP: 'domains', SIGN_UP_DOMAINS: 'example.org, Example.net' });
  await signIn(server, 'a@example.net');
  for (const email of ['a@notexample.org', 'a@sub.example.org', 'a@example.org.evil.test']) {
    await sendCode(email);
    const { code: right } = await newestMail(server.dataDir, email);
    expect(await code(await enterCode(email, right))).toBe('403 SIGN_UP_CLOSED');
  }
});

test('sign-in calls refuse what is no such input, in our own form', async () => {
  await start();
  const path = '/api/auth/email-otp/send-verification-otp';
  expect(await code(await post(path, { email: 'nobody', type: 'sign-in' }))).toBe('400 INVALID_INPUT');
  expect(await code(await post(path, { email: 'a@example.org', type: 'forget-password' }))).toBe(
    '400 INVALID_INPUT',
  );
  expect(await code(await post(path, '{"email":'))).toBe('400 INVALID_INPUT');
  expect(await code(await post(path, '', { 'Content-Type': 'text/plain' }))).toBe('415 WRONG_CONTENT_TYPE');
  expect(await code(await post(path, {}, { Origin: 'https://evil.example' }))).toBe('403 ORIGIN_REFUSED');
  expect(await code(await enterCode('a@example.org', 'x'.repeat(10_000)))).toBe('400 INVALID_INPUT');
  expect(await code(await enterCode(`${'x'.repeat(10_000)}@example.org`, '123456'))).toBe(
    '400 INVALID_INPUT',
  );
});

test('no other route of better-auth is there', async () => {
  await start();
  const me = await signIn(server);
  for (const path of [
    'get-session',
    'sign-out',
    'list-sessions',
    'update-user',
    'ok',
    'error',
    'sign-up/email',
    'delete-user',
  ]) {
    for (const method of ['GET', 'POST']) {
      const answer = await me.request(method, `/api/auth/${path}`, method === 'POST' ? {} : undefined);
      expect([path, await code(answer)]).toEqual([path, '404 NOT_FOUND']);
    }
  }
});

test('guards speak in their order: origin, session, account, token', async () => {
  await start();
  const me = await signIn(server);
  const ask = async (headers: Record<string, string>) => {
    const answer = await fetch(`${server.url}/api/files/${randomUUID()}`, { method: 'DELETE', headers });
    expect(answer.headers.getSetCookie()).toEqual([]);
    return code(answer);
  };
  expect(await ask({})).toBe('403 ORIGIN_REFUSED');
  expect(await ask({ Origin: 'http://localhost:0.evil.example' })).toBe('403 ORIGIN_REFUSED');
  expect(await ask({ Origin: 'null', 'Sec-Fetch-Site': 'same-origin' })).toBe('403 ORIGIN_REFUSED');
  expect(await ask({ 'Sec-Fetch-Site': 'same-site' })).toBe('403 ORIGIN_REFUSED');
  expect(await ask({ 'Sec-Fetch-Site': 'same-origin' })).toBe('401 SIGNED_OUT');
  expect(await ask({ Origin: TEST_ORIGIN })).toBe('401 SIGNED_OUT');
  expect(await ask({ Origin: TEST_ORIGIN, Cookie: me.cookie })).toBe('403 WRONG_ACCOUNT');
  const other = await signIn(server);
  const mine = { Origin: TEST_ORIGIN, Cookie: me.cookie };
  expect(await ask({ ...mine, [header.account]: other.id, [header.csrf]: me.csrf })).toBe(
    '403 WRONG_ACCOUNT',
  );
  expect(await ask({ ...mine, [header.account]: me.id })).toBe('403 CSRF_INVALID');
  expect(await ask({ ...mine, [header.account]: me.id, [header.csrf]: other.csrf })).toBe('403 CSRF_INVALID');
  expect(await ask({ ...mine, [header.account]: me.id, [header.csrf]: me.csrf })).toBe('404 NOT_FOUND');
});

test('the account is asked for on every upload request, also where nothing is changed', async () => {
  await start();
  const me = await signIn(server);
  const ask = (path: string) => fetch(server.url + path, { headers: { Cookie: me.cookie } });
  expect(await code(await ask('/api/upload-sessions?state=open'))).toBe('403 WRONG_ACCOUNT');
  expect((await ask('/api/files')).status).toBe(200);
});

test('a navigation to a file without a session is led to the sign-in page', async () => {
  await start();
  const path = `/api/files/${randomUUID()}/content?download=1`;
  const headers = { 'Sec-Fetch-Mode': 'navigate' }; // `fetch` would put its own mode in its place
  const answer = await new Promise<IncomingMessage>((resolve) =>
    get(server.url + path, { headers }, resolve),
  );
  answer.resume();
  expect(answer.statusCode).toBe(303);
  expect(answer.headers.location).toBe(`${TEST_ORIGIN}/signin?returnTo=${encodeURIComponent(path)}`);
});

test('sessions outlive the server, and so does its secret', async () => {
  await start();
  const me = await signIn(server);
  await server.services.db.destroy();
  const again = await startTestServer({}, server.dataDir);
  const same = await accountFor(again, me.email, me.cookie);
  expect([same.id, same.csrf]).toEqual([me.id, me.csrf]);
  await again.stop();
  server = { ...server, stop: () => server.services.db.destroy().catch(() => {}) };
});

test('a device is named by browser and system', () => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
  expect(deviceName(chrome)).toBe('Chrome · Linux');
  expect(deviceName(`${chrome} Edg/140.0`.replace('X11; Linux', 'Windows NT 10.0; Win64'))).toBe(
    'Edge · Windows',
  );
  expect(deviceName('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1')).toBe(
    'Safari · iOS',
  );
  expect(deviceName(chrome.replace('Chrome', 'HeadlessChrome'))).toBe('Chrome · Linux');
  expect(deviceName('Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) CriOS/140.0 Mobile Safari/604.1')).toBe(
    'Chrome · iOS',
  );
  expect(deviceName('curl/8')).toBe('');
});
