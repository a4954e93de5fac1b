import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import {
  CookieJar,
  signIn,
  startTestServer,
  TEST_ORIGIN,
  type TestAccount,
  type TestServer,
} from './testing.ts';

let server: TestServer;
const start = async (env: Record<string, string> = {}) => {
  server = await startTestServer(env);
};
afterEach(() => server.stop());

const MINUTE_MS = 60_000;
const REGISTER = '/api/auth/passkey/register';
const SIGN_IN = '/api/auth/passkey/sign-in';

async function code(answer: Response): Promise<string> {
  expect(answer.headers.getSetCookie()).toEqual([]);
  return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
}

/** A page with a cookie jar, signed in as `me` or as nobody. */
function page(me?: TestAccount, jar = new CookieJar()) {
  return {
    jar,
    post: (path: string, body: unknown = {}) =>
      jar.fetch(server.url + path, {
        method: 'POST',
        headers: { Origin: TEST_ORIGIN, ...me?.headers, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}

/** `me`, in a jar of their own. */
function pageOf(me: TestAccount) {
  const jar = new CookieJar();
  jar.keep(server.url, new Response(null, { headers: { 'Set-Cookie': me.cookie } }));
  return page(me, jar);
}

interface Options {
  challenge: string;
  rp: { id: string };
  rpId: string;
  user: { id: string };
  excludeCredentials: { id: string }[];
  allowCredentials?: unknown[];
}
const ask = async (from: ReturnType<typeof page>, path: string) => {
  const answer = await from.post(`${path}/options`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Options;
};

async function register(me: TestAccount, device = new Authenticator(), name?: string) {
  const tab = pageOf(me);
  const response = device.create(await ask(tab, REGISTER));
  const answer = await tab.post(`${REGISTER}/verify`, { response, name });
  expect(answer.status).toBe(201);
  return { device, passkey: (await answer.json()) as { id: string; name: string } };
}

test('a passkey made in settings signs in, by the cookie alone, and is seen to have been used', async () => {
  await start();
  const me = await signIn(server);
  const { device, passkey } = await register(me, new Authenticator(), 'My key');
  expect(passkey).toEqual({
    id: expect.any(String),
    name: 'My key',
    createdAt: expect.any(Number),
    lastUsedAt: null,
    backedUp: false,
  });
  const tab = page();
  const options = await ask(tab, SIGN_IN);
  expect([options.rpId, options.allowCredentials ?? []]).toEqual(['localhost', []]);
  const answer = await tab.post(`${SIGN_IN}/verify`, { response: device.get(options) });
  expect([answer.status, await answer.json()]).toEqual([200, { account: { id: me.id, email: me.email } }]);
  expect(answer.headers.getSetCookie()).toEqual([
    expect.stringMatching(
      /^holdfast\.session_token=[^;]+; Max-Age=7776000; Path=\/; HttpOnly; SameSite=Lax$/,
    ),
  ]);
  const session = await tab.jar.fetch(`${server.url}/api/session`);
  expect((await session.json()).account).toEqual({ id: me.id, email: me.email });
  const { passkeys } = await (await me.request('GET', '/api/auth/passkey')).json();
  expect(passkeys).toEqual([{ ...passkey, lastUsedAt: expect.any(Number) }]);
});

test('a sign-in by passkey ends the session that its request came with, and no other', async () => {
  await start();
  const me = await signIn(server);
  const { device } = await register(me);
  const other = await signIn(server);
  const tab = pageOf(other);
  const answer = await tab.post(`${SIGN_IN}/verify`, { response: device.get(await ask(tab, SIGN_IN)) });
  expect(answer.status).toBe(200);
  expect((await other.request('GET', '/api/session')).status).toBe(401);
  expect((await me.request('GET', '/api/session')).status).toBe(200);
});

test('a challenge is good once, for five minutes, in its own browser, and for its own purpose', async () => {
  await start();
  const me = await signIn(server);
  const { device } = await register(me);
  const tab = page();
  const used = { response: device.get(await ask(tab, SIGN_IN)) };
  expect((await tab.post(`${SIGN_IN}/verify`, used)).status).toBe(200);
  expect(await code(await tab.post(`${SIGN_IN}/verify`, used))).toBe('400 PASSKEY_EXPIRED');

  const late = { response: device.get(await ask(tab, SIGN_IN)) };
  server.advance(5 * MINUTE_MS);
  expect(await code(await tab.post(`${SIGN_IN}/verify`, late))).toBe('400 PASSKEY_EXPIRED');

  const elsewhere = { response: device.get(await ask(tab, SIGN_IN)) };
  expect(await code(await page().post(`${SIGN_IN}/verify`, elsewhere))).toBe('400 PASSKEY_EXPIRED');
  const other = page();
  await ask(other, SIGN_IN);
  expect(await code(await other.post(`${SIGN_IN}/verify`, elsewhere))).toBe('400 PASSKEY_EXPIRED');

  const mine = pageOf(await signIn(server, me.email));
  const toRegister = await ask(mine, REGISTER);
  const answer = device.get({ ...toRegister, rpId: 'localhost' });
  expect(await code(await mine.post(`${SIGN_IN}/verify`, { response: answer }))).toBe('400 PASSKEY_EXPIRED');
});

test('two tabs of one browser can both be asked, and both answer', async () => {
  await start();
  const { device } = await register(await signIn(server));
  const jar = new CookieJar();
  const [one, two] = [page(undefined, jar), page(undefined, jar)];
  const [first, second] = [await ask(one, SIGN_IN), await ask(two, SIGN_IN)];
  expect((await one.post(`${SIGN_IN}/verify`, { response: device.get(first) })).status).toBe(200);
  expect((await two.post(`${SIGN_IN}/verify`, { response: device.get(second) })).status).toBe(200);
});

test('the same answer sent twice at once signs in once', async () => {
  await start();
  const { device } = await register(await signIn(server));
  const tab = page();
  const body = { response: device.get(await ask(tab, SIGN_IN)) };
  const answers = await Promise.all([1, 2].map(() => tab.post(`${SIGN_IN}/verify`, body)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
});

test('an answer that proves anything else is refused, and uses its challenge up', async () => {
  await start({ CODE_GUESSES_PER_HOUR: '100' });
  const { device } = await register(await signIn(server));
  const { id, keys, userHandle } = device;
  const forgeries: Record<string, (options: Options) => unknown> = {
    'another site': (options) => device.get(options, { origin: 'https://evil.example' }),
    'another relying party': (options) => device.get({ ...options, rpId: 'evil.example' }),
    'nobody verified': (options) => device.get(options, { flags: 0x01 }),
    'another key': (options) => new Authenticator(id, userHandle).get(options),
    'another account': (options) => new Authenticator(id, 'x', keys).get(options),
    'another ceremony': (options) => device.get(options, { type: 'webauthn.create' }),
  };
  for (const [title, forge] of Object.entries(forgeries)) {
    const tab = page();
    const options = await ask(tab, SIGN_IN);
    const forged = await code(await tab.post(`${SIGN_IN}/verify`, { response: forge(options) }));
    const right = await code(await tab.post(`${SIGN_IN}/verify`, { response: device.get(options) }));
    expect([title, forged, right]).toEqual([title, '400 PASSKEY_REFUSED', '400 PASSKEY_EXPIRED']);
  }
});

test('a counter that went back is a copy, and is refused', async () => {
  await start();
  const { device } = await register(await signIn(server));
  device.counter = 10;
  const enter = async () => {
    const tab = page();
    return tab.post(`${SIGN_IN}/verify`, { response: device.get(await ask(tab, SIGN_IN)) });
  };
  expect((await enter()).status).toBe(200);
  device.counter = 5;
  expect(await code(await enter())).toBe('400 PASSKEY_REFUSED');
});

test('to make a passkey one has to be signed in, by a recent sign-in, with the token', async () => {
  await start({ RECENT_SIGN_IN_MINUTES: '10' });
  expect(await code(await page().post(`${REGISTER}/options`))).toBe('401 SIGNED_OUT');
  const me = await signIn(server);
  const path = `${REGISTER}/options`;
  expect(await code(await me.request('POST', path, {}, { 'X-CSRF-Token': '' }))).toBe('403 CSRF_INVALID');
  server.advance(9 * MINUTE_MS);
  const tab = pageOf(me);
  const response = new Authenticator().create(await ask(tab, REGISTER));
  server.advance(MINUTE_MS);
  expect(await code(await me.request('POST', path, {}))).toBe('403 SIGN_IN_TOO_OLD');
  expect(await code(await tab.post(`${REGISTER}/verify`, { response }))).toBe('403 SIGN_IN_TOO_OLD');
});

test('a question to one account is not answered for another, and a known passkey is not made twice', async () => {
  await start();
  const me = await signIn(server);
  const { device } = await register(me);
  const tab = pageOf(me);
  const options = await ask(tab, REGISTER);
  expect(options.excludeCredentials.map(({ id }) => id)).toEqual([device.id]);
  expect(Buffer.from(options.user.id, 'base64url').toString()).toBe(me.id);
  const again = { response: device.create(options) };
  const other = await signIn(server);
  const jar = pageOf(other).jar;
  const name = 'holdfast.sign_in';
  const theirCookie = `${name}=${tab.jar.get(server.url, name)}`;
  jar.keep(server.url, new Response(null, { headers: { 'Set-Cookie': theirCookie } }));
  const stolen = await page(other, jar).post(`${REGISTER}/verify`, again);
  expect(await code(stolen)).toBe('400 PASSKEY_EXPIRED');
  const second = { response: device.create(await ask(tab, REGISTER)) };
  expect(await code(await tab.post(`${REGISTER}/verify`, second))).toBe('409 PASSKEY_EXISTS');
});

test('passkeys are renamed and deleted by their own account, and a deleted one is unknown', async () => {
  await start({ MAX_PASSKEYS: '1' });
  const me = await signIn(server);
  const stranger = await signIn(server);
  const { device, passkey } = await register(me);
  const path = `/api/auth/passkey/${passkey.id}`;
  expect(await code(await me.request('POST', `${REGISTER}/options`, {}))).toBe('409 TOO_MANY_PASSKEYS');
  expect(await code(await stranger.request('PATCH', path, { name: 'Mine' }))).toBe('404 NOT_FOUND');
  expect(await code(await stranger.request('DELETE', path))).toBe('404 NOT_FOUND');
  expect(await code(await me.request('PATCH', path, { name: ' ' }))).toBe('400 INVALID_INPUT');
  expect((await (await me.request('PATCH', path, { name: 'Phone' })).json()).name).toBe('Phone');
  expect((await me.request('DELETE', path)).status).toBe(204);
  expect(await (await me.request('GET', '/api/auth/passkey')).json()).toEqual({ passkeys: [] });
  const tab = page();
  const gone = { response: device.get(await ask(tab, SIGN_IN)) };
  expect(await code(await tab.post(`${SIGN_IN}/verify`, gone))).toBe('400 PASSKEY_UNKNOWN');
});

test('sign-ins by passkey are limited, begun ones and failed ones, also over all clients', async () => {
  await start({
    SIGN_IN_STARTS_PER_HOUR_PER_CLIENT: '6',
    CODE_REQUESTS_PER_HOUR_PER_CLIENT: '3',
    CODE_GUESSES_PER_HOUR: '2',
    TRUST_PROXY: '127.0.0.1',
  });
  const me = await signIn(server);
  const { device } = await register(me);
  const verify = (from: string, response: unknown, jar: CookieJar) =>
    jar.fetch(`${server.url}${SIGN_IN}/verify`, {
      method: 'POST',
      headers: { Origin: TEST_ORIGIN, 'Content-Type': 'application/json', 'X-Forwarded-For': from },
      body: JSON.stringify({ response }),
    });
  const tab = page();
  for (const from of ['192.0.2.1', '192.0.2.2']) {
    const wrong = device.get(await ask(tab, SIGN_IN), { flags: 0x01 });
    expect(await code(await verify(from, wrong, tab.jar))).toBe('400 PASSKEY_REFUSED');
  }
  const right = device.get(await ask(tab, SIGN_IN));
  expect(await code(await verify('192.0.2.3', right, tab.jar))).toBe('429 RATE_LIMITED');
  const unknown = new Authenticator();
  // One IPv6 client has many addresses, all in one network.
  for (const from of ['2001:db8::1', '2001:db8::ffff:2', '2001:db8:0:0:1::3']) {
    const answer = await verify(from, unknown.get(await ask(tab, SIGN_IN)), tab.jar);
    expect(await code(answer)).toBe('400 PASSKEY_UNKNOWN');
  }
  expect(await code(await verify('2001:db8::4', unknown.get({ ...right, challenge: 'x' }), tab.jar))).toBe(
    '429 RATE_LIMITED',
  );
  expect(await code(await tab.post(`${SIGN_IN}/options`))).toBe('429 RATE_LIMITED');
});

test('what is no answer of an authenticator is refused in our own form', async () => {
  await start();
  const tab = page();
  const response = new Authenticator().get(await ask(tab, SIGN_IN));
  for (const wrong of [
    {},
    { response: null },
    { response: { ...response, id: '' } },
    { response: { ...response, id: '<script>' } },
    { response: { ...response, response: {} } },
  ]) {
    expect(await code(await tab.post(`${SIGN_IN}/verify`, wrong))).toBe('400 INVALID_INPUT');
  }
  const noJson = { ...response, response: { ...response.response, clientDataJSON: 'AAAA' } };
  expect(await code(await tab.post(`${SIGN_IN}/verify`, { response: noJson }))).toBe('400 PASSKEY_REFUSED');
});

/** An authenticator in software: ES256, attestation "none" (WebAuthn Level 3, §6 and §8.7). */
class Authenticator {
  readonly id: string;
  userHandle: string;
  readonly keys: { publicKey: KeyObject; privateKey: KeyObject };
  counter = 0;

  constructor(
    id: string = randomBytes(32).toString('base64url'),
    userHandle = '',
    keys = generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ) {
    this.id = id;
    this.userHandle = userHandle;
    this.keys = keys;
  }

  create({ challenge, rp, user }: Pick<Options, 'challenge' | 'rp' | 'user'>) {
    this.userHandle = user.id;
    const rawId = Buffer.from(this.id, 'base64url');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(rawId.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, rawId, this.#coseKey()]);
    const authData = this.#authData(rp.id, 0x45, attested);
    const attestationObject = cbor(
      new Map<string, CborValue>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    );
    return this.#answer({
      clientDataJSON: clientData('webauthn.create', challenge, TEST_ORIGIN).toString('base64url'),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal'],
    });
  }

  get(
    { challenge, rpId }: { challenge: string; rpId?: string },
    { origin = TEST_ORIGIN, flags = 0x05, type = 'webauthn.get' } = {},
  ) {
    const authData = this.#authData(rpId ?? 'localhost', flags, Buffer.alloc(0));
    const client = clientData(type, challenge, origin);
    const signed = Buffer.concat([authData, createHash('sha256').update(client).digest()]);
    return this.#answer({
      clientDataJSON: client.toString('base64url'),
      authenticatorData: authData.toString('base64url'),
      signature: sign('sha256', signed, this.keys.privateKey).toString('base64url'),
      userHandle: this.userHandle,
    });
  }

  #answer<T>(response: T) {
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key',
      response,
      clientExtensionResults: {},
      challenge: '',
    };
  }

  #authData(rpId: string, flags: number, rest: Buffer): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.of(flags), counter, rest]);
  }

  #coseKey(): Buffer {
    const { x = '', y = '' } = this.keys.publicKey.export({ format: 'jwk' });
    return cbor(
      new Map<number, CborValue>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    );
  }
}

function clientData(type: string, challenge: string, origin: string): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
}

type CborValue = number | string | Buffer | Map<number | string, CborValue>;

/** As much CBOR (RFC 8949) as an attestation needs. */
function cbor(value: CborValue): Buffer {
  const head = (major: number, length: number) =>
    length < 24
      ? Buffer.of((major << 5) | length)
      : length < 256
        ? Buffer.of((major << 5) | 24, length)
        : Buffer.of((major << 5) | 25, length >> 8, length & 255);
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  const pairs = [...value].flatMap(([key, item]) => [cbor(key), cbor(item)]);
  return Buffer.concat([head(5, value.size), ...pairs]);
}
