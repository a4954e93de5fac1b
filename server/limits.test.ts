import { afterEach, expect, test } from 'vitest';
import { clientNetwork } from './client-address.ts';
import {
  newestMail,
  openUpload,
  partPath,
  putPart,
  signIn,
  startTestServer,
  TEST_ORIGIN,
  type TestServer,
  testFile,
} from './testing.ts';

let server: TestServer;
const start = async (env: Record<string, string> = {}) => {
  server = await startTestServer(env);
};
afterEach(() => server.stop());

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(server.url + path, {
    method: 'POST',
    headers: { Origin: TEST_ORIGIN, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}
const sendCode = (email: string, headers = {}) =>
  post('/api/auth/email-otp/send-verification-otp', { email, type: 'sign-in' }, headers);
const enterCode = (email: string, otp: string) => post('/api/auth/sign-in/email-otp', { email, otp });
const from = (address: string) => ({ 'X-Forwarded-For': address });

/** What the database was asked for during `work`, and what was answered, without what differs from call to call. */
async function stepsOf(work: () => Promise<Response>) {
  server.statements.length = 0;
  const answer = await work();
  const headers = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
  return { status: answer.status, body: await answer.text(), headers, statements: [...server.statements] };
}

test.each(['open', 'first', 'domains'])(
  'with sign-up %s, a known and an unknown address are answered alike, by the same steps',
  async (signUp) => {
    await start({ SIGN_UP: signUp, SIGN_UP_DOMAINS: 'example.org' });
    const known = 'a@example.org';
    const unknown = signUp === 'domains' ? 'b@example.net' : 'b@example.org';
    await signIn(server, known);

    const sent = await stepsOf(() => sendCode(known));
    expect(sent.status).toBe(200);
    expect(sent.statements.length).toBeGreaterThan(3);
    expect(await stepsOf(() => sendCode(unknown))).toEqual(sent);

    const wrong = async (email: string) => {
      const { code } = await newestMail(server.dataDir, email);
      return stepsOf(() => enterCode(email, code === '000000' ? '111111' : '000000'));
    };
    const guessed = await wrong(known);
    expect(guessed.status).toBe(400);
    expect(await wrong(unknown)).toEqual(guessed);
  },
);

test('an address that never asked for a code is answered as one whose code ran out', async () => {
  await start({ SIGN_UP: 'first' });
  await signIn(server, 'a@example.org');
  const known = await stepsOf(() => enterCode('a@example.org', '123456'));
  expect(await stepsOf(() => enterCode('b@example.org', '123456'))).toEqual(known);
});

test('codes are limited by address of the person and of the client, whoever asks from wherever', async () => {
  await start({ CODE_SENDS_PER_HOUR: '2', CODE_REQUESTS_PER_HOUR_PER_CLIENT: '3', TRUST_PROXY: '127.0.0.1' });
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    expect((await sendCode('a@example.org', from(address))).status).toBe(200);
  }
  expect((await sendCode('a@example.org', from('192.0.2.3'))).status).toBe(429);
  for (const name of ['b', 'c', 'd']) {
    expect((await sendCode(`${name}@example.org`, from(`2001:db8:1:2:${name}::1`))).status).toBe(200);
  }
  expect((await sendCode('e@example.org', from('2001:db8:1:2::ffff'))).status).toBe(429);
  expect((await sendCode('e@example.org', from('2001:db8:1:3::1'))).status).toBe(200);
});

test('nobody new comes in where sign-up is closed', async () => {
  await start({ SIGN_UP: 'closed' });
  await sendCode('a@example.org');
  const { code } = await newestMail(server.dataDir, 'a@example.org');
  const answer = await enterCode('a@example.org', code);
  expect([answer.status, (await answer.json()).code]).toEqual([403, 'SIGN_UP_CLOSED']);
});

test('one client may ask the API only so much in a minute, and is told when to come back', async () => {
  await start({ REQUESTS_PER_MINUTE_PER_CLIENT: '5', TRUST_PROXY: '127.0.0.1' });
  server.freeze();
  const ask = (address: string, path = '/api/auth/methods') =>
    fetch(server.url + path, { headers: from(address) });
  const many = await Promise.all(Array.from({ length: 20 }, () => ask('192.0.2.1')));
  expect(many.filter(({ status }) => status === 200)).toHaveLength(5);
  const refused = await ask('192.0.2.1');
  const wait = Number(refused.headers.get('Retry-After'));
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(60);
  expect(await refused.json()).toMatchObject({
    code: 'RATE_LIMITED',
    limit: 5,
    limitName: 'REQUESTS_PER_MINUTE_PER_CLIENT',
  });
  expect((await ask('192.0.2.2')).status).toBe(200);
  expect((await ask('192.0.2.1', '/healthz')).status).toBe(200);
  server.advance(wait * 1000);
  expect((await ask('192.0.2.1')).status).toBe(200);
});

test('parts that are taken do not count, so that many small files are not held up; refused ones do', async () => {
  await start({ REQUESTS_PER_MINUTE_PER_CLIENT: '20' });
  server.freeze();
  const me = await signIn(server);
  const files = Array.from({ length: 40 }, (_, i) => testFile(10, { name: `${i}.bin` }));
  const sid = await openUpload(me, files);
  for (const { announced, bytes } of files) {
    expect((await putPart(me, partPath(sid, announced.id, 0), bytes)).status).toBe(201);
  }
  const path = partPath(sid, files[0]?.announced.id ?? '', 0);
  const refused = [];
  for (let i = 0; i < 20; i++) refused.push((await putPart(me, path, Buffer.from('another'))).status);
  expect(refused[0]).toBeGreaterThanOrEqual(400);
  expect(refused.at(-1)).toBe(429);
});

test('the limit on requests is told to pages on another origin, too', async () => {
  const APP_ORIGIN = 'http://app.localhost:5173';
  await start({ REQUESTS_PER_MINUTE_PER_CLIENT: '1', APP_ORIGIN });
  server.freeze();
  const ask = () => fetch(`${server.url}/api/session`, { headers: { Origin: APP_ORIGIN } });
  await ask();
  const refused = await ask();
  expect([refused.status, refused.headers.get('Access-Control-Allow-Origin')]).toEqual([429, APP_ORIGIN]);
});

test('what is counted of an IPv6 client is its network', () => {
  expect(clientNetwork('192.0.2.1')).toBe('192.0.2.1');
  expect(clientNetwork('')).toBe('');
  for (const address of ['2001:db8::1', '2001:0db8:0:0:ffff::', '2001:DB8:0:0:1:2:3:4', '2001:db8::1%eth0']) {
    expect(clientNetwork(address)).toBe('2001:db8:0:0::/64');
  }
  expect(clientNetwork('::1')).toBe('0:0:0:0::/64');
  expect(clientNetwork('fe80::')).toBe('fe80:0:0:0::/64');
});
