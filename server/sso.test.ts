import { afterEach, expect, test } from 'vitest';
import { devProvider } from './dev-sso.ts';
import type { Provider } from './sso.ts';
import { CookieJar, freePort, newestMail, signIn, startTestServer, type TestServer } from './testing.ts';

let server: TestServer;
let provider: Provider | null = null;
let home = '';
afterEach(async () => {
  await server.stop();
  await provider?.stop();
  provider = null;
});

/** A server that knows its own address, with the built-in provider unless `env` names another. */
async function start(env: Record<string, string> = {}): Promise<void> {
  const port = await freePort();
  home = `http://localhost:${port}`;
  server = await startTestServer({ PORT: String(port), PUBLIC_URL: home, ...env });
}

/** A server with a provider that it knows by discovery, as any other. */
async function startWithProvider(env: Record<string, string> = {}): Promise<void> {
  const port = await freePort();
  provider = devProvider(`http://localhost:${port}/api/auth/callback/oidc`);
  const { issuer, clientId, clientSecret } = await provider.settings();
  home = `http://localhost:${port}`;
  server = await startTestServer({
    PORT: String(port),
    PUBLIC_URL: home,
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: clientId,
    OIDC_CLIENT_SECRET: clientSecret ?? '',
    OIDC_NAME: 'Example Inc.',
    ...env,
  });
}

const begin = (jar: CookieJar, headers: Record<string, string> = {}) =>
  jar.fetch(`${home}/api/auth/sign-in/sso`, { method: 'POST', headers: { Origin: home, ...headers } });

/** Follows redirects from `url` until a page answers, or one leads to our own. */
async function follow(jar: CookieJar, url: string): Promise<{ url: string; answer: Response }> {
  let at = url;
  for (let hops = 0; hops < 10; hops++) {
    const answer = await jar.fetch(at);
    const location = answer.headers.get('Location');
    if (location === null) return { url: at, answer };
    at = new URL(location, at).href;
    if (at.startsWith(home)) return { url: at, answer };
  }
  throw new Error(`Round and round at ${at}`);
}

/** Fills in the provider's page, and goes on to our callback, which is not asked yet. */
async function atProvider(jar: CookieJar, url: string, form: Record<string, string>): Promise<string> {
  const page = await follow(jar, url);
  expect(await page.answer.text()).toContain('<form method="post">');
  const posted = await jar.fetch(page.url, { method: 'POST', body: new URLSearchParams(form) });
  const next = new URL(posted.headers.get('Location') ?? '', page.url).href;
  const { url: callback } = await follow(jar, next);
  expect(callback.startsWith(`${home}/api/auth/callback/oidc?`)).toBe(true);
  return callback;
}

async function enter(jar: CookieJar, form: Record<string, string>, headers: Record<string, string> = {}) {
  const answer = await begin(jar, headers);
  expect(answer.status).toBe(200);
  const { url, state } = await answer.json();
  const callback = await atProvider(jar, url, form);
  const back = await jar.fetch(callback);
  expect(back.status).toBe(303);
  return { state, callback, back, location: (back.headers.get('Location') ?? '').replace(home, '') };
}

const account = async (jar: CookieJar) => {
  const answer = await jar.fetch(`${home}/api/session`);
  return answer.ok ? (await answer.json()).account.email : answer.status;
};

test('one signs in by a provider found by discovery, and comes back with nothing but the state', async () => {
  await startWithProvider();
  const methods = await (await fetch(`${home}/api/auth/methods`)).json();
  expect(methods).toEqual({ email: true, passkey: true, sso: { name: 'Example Inc.' } });
  const jar = new CookieJar();
  const { state, back, location } = await enter(jar, { email: 'Ada@Example.org' });
  expect(location).toBe(`/signin/complete?state=${state}`);
  expect(state).toMatch(/^[\w-]{43}$/);
  expect(back.headers.getSetCookie()).toEqual([
    expect.stringMatching(
      /^holdfast\.session_token=[^;]+; Max-Age=7776000; Path=\/; HttpOnly; SameSite=Lax$/,
    ),
  ]);
  expect(await account(jar)).toBe('ada@example.org');
});

test('the address asks for a code by PKCE, with nonce and state, answered by query; its cookie is short and Lax', async () => {
  await start();
  const jar = new CookieJar();
  const answer = await begin(jar);
  const { url, state } = await answer.json();
  const asked = Object.fromEntries(new URL(url).searchParams);
  expect(asked).toMatchObject({
    response_type: 'code',
    redirect_uri: `${home}/api/auth/callback/oidc`,
    scope: 'openid email',
    state,
    nonce: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
  });
  expect(asked.response_mode ?? 'query').toBe('query');
  expect(answer.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^holdfast\.sign_in=[\w-]{43}; Max-Age=900; Path=\/; HttpOnly; SameSite=Lax$/),
  ]);
});

test('the built-in provider stands in on localhost, starts when asked for, and can be switched off', async () => {
  await start();
  const methods = async () => (await (await fetch(`${server.url}/api/auth/methods`)).json()).sso;
  expect(await methods()).toEqual({ name: 'Development SSO' });
  const jar = new CookieJar();
  await enter(jar, { email: 'a@example.org' });
  expect(await account(jar)).toBe('a@example.org');
  await server.stop();
  await start({ DEV_SSO: 'off' });
  expect(await methods()).toBeNull();
  expect((await begin(new CookieJar())).status).toBe(404);
  expect((await fetch(`${home}/api/auth/callback/oidc?state=x&code=y`)).status).toBe(404);
  await server.stop();
  await start({ PUBLIC_URL: 'https://files.example', HOST: '127.0.0.1' });
  expect(await methods()).toBeNull();
});

test('the account is the one of the verified address, whichever way it was made', async () => {
  await start();
  const byCode = await signIn(server, 'a@example.org', '', home);
  const jar = new CookieJar();
  await enter(jar, { email: 'a@example.org' });
  expect((await (await jar.fetch(`${home}/api/session`)).json()).account.id).toBe(byCode.id);
  const second = new CookieJar();
  await enter(second, { email: 'b@example.org' });
  const { id } = (await (await second.fetch(`${home}/api/session`)).json()).account;
  expect((await signIn(server, 'b@example.org', '', home)).id).toBe(id);
});

test('a sign-in by the provider ends the session that the browser had', async () => {
  await start();
  const old = await signIn(server, 'a@example.org', '', home);
  const jar = new CookieJar();
  jar.keep(home, new Response(null, { headers: { 'Set-Cookie': old.cookie } }));
  await enter(jar, { email: 'b@example.org' });
  expect((await old.request('GET', '/api/session')).status).toBe(401);
  expect(await account(jar)).toBe('b@example.org');
});

test('an address that the provider does not vouch for opens no account, least of all one there is', async () => {
  await start();
  await signIn(server, 'a@example.org', '', home);
  const jar = new CookieJar();
  const { location, state, back } = await enter(jar, { email: 'a@example.org', unverified: 'on' });
  expect(location).toBe(`/signin?sso=SSO_EMAIL_UNVERIFIED&state=${state}`);
  expect(back.headers.getSetCookie()).toEqual([]);
  expect(await account(jar)).toBe(401);
});

test('who says no at the provider is not signed in, and may try again', async () => {
  await start();
  const jar = new CookieJar();
  const { location, state } = await enter(jar, { do: 'cancel' });
  expect(location).toBe(`/signin?sso=SSO_CANCELLED&state=${state}`);
  expect(await account(jar)).toBe(401);
  await enter(jar, { email: 'a@example.org' });
  expect(await account(jar)).toBe('a@example.org');
});

test('an answer counts once', async () => {
  await start();
  const jar = new CookieJar();
  const { callback } = await enter(jar, { email: 'a@example.org' });
  const again = await jar.fetch(callback);
  expect(again.headers.get('Location')).toBe(`${home}/signin?sso=SSO_EXPIRED`);
  expect(again.headers.getSetCookie()).toEqual([]);
  expect(await account(jar)).toBe('a@example.org');
});

test('an answer counts in the browser that asked, under its own state, within ten minutes', async () => {
  await start();
  const jar = new CookieJar();
  const location = async (from: CookieJar, url: string) =>
    (await from.fetch(url)).headers.get('Location')?.replace(home, '');
  const { url } = await (await begin(jar)).json();
  const callback = await atProvider(jar, url, { email: 'a@example.org' });
  const other = new CookieJar();
  await begin(other);
  expect(await location(other, callback)).toBe('/signin?sso=SSO_EXPIRED');
  expect(await location(new CookieJar(), callback)).toBe('/signin?sso=SSO_EXPIRED');
  const changed = new URL(callback);
  changed.searchParams.set('state', '"><script>//evil.example');
  expect(await location(jar, changed.href)).toBe('/signin?sso=SSO_EXPIRED');
  expect(await location(jar, `${home}/api/auth/callback/oidc`)).toBe('/signin?sso=SSO_EXPIRED');

  // A code that was given to one sign-in does not finish another: PKCE and nonce are of the other.
  const { state } = await (await begin(jar)).json();
  const mixed = new URL(callback);
  mixed.searchParams.set('state', state);
  expect(await location(jar, mixed.href)).toBe(`/signin?sso=SSO_FAILED&state=${state}`);
  const forged = new URL(callback);
  forged.searchParams.set('iss', 'https://evil.example');
  expect(await location(jar, forged.href)).toMatch(/^\/signin\?sso=SSO_FAILED&state=/);

  const late = await (await begin(jar)).json();
  const lateCallback = await follow(jar, late.url); // the provider knows them by now
  server.advance(10 * 60_000);
  expect(await location(jar, lateCallback.url)).toBe('/signin?sso=SSO_EXPIRED');
  expect(await account(jar)).toBe(401);
});

test('two tabs can be on their way at once, and both come back', async () => {
  await start();
  const jar = new CookieJar();
  const [one, two] = [await (await begin(jar)).json(), await (await begin(jar)).json()];
  const first = await atProvider(jar, one.url, { email: 'a@example.org' });
  expect((await jar.fetch(first)).headers.get('Location')).toContain(`/signin/complete?state=${one.state}`);
  const second = await follow(jar, two.url); // the provider knows them by now
  expect((await jar.fetch(second.url)).headers.get('Location')).toContain(
    `/signin/complete?state=${two.state}`,
  );
});

test('who may make an account is the same as by code', async () => {
  await start({ SIGN_UP: 'first' });
  await enter(new CookieJar(), { email: 'first@example.org' });
  const { location } = await enter(new CookieJar(), { email: 'second@example.org' });
  expect(location).toMatch(/^\/signin\?sso=SIGN_UP_CLOSED&state=/);
  expect((await enter(new CookieJar(), { email: 'first@example.org' })).location).toMatch(
    /^\/signin\/complete/,
  );
  await server.stop();
  await start({ SIGN_UP: 'domains', SIGN_UP_DOMAINS: 'example.org' });
  expect((await enter(new CookieJar(), { email: 'a@evil.example' })).location).toMatch('SIGN_UP_CLOSED');
  expect((await enter(new CookieJar(), { email: 'a@example.org' })).location).toMatch('/signin/complete');
});

test('of a first person by code and one by the provider at the same time, one gets in', async () => {
  await start({ SIGN_UP: 'first' });
  const jar = new CookieJar();
  const { url } = await (await begin(jar)).json();
  const callback = await atProvider(jar, url, { email: 'a@example.org' });
  const post = (path: string, body: unknown) =>
    fetch(home + path, {
      method: 'POST',
      headers: { Origin: home, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const email = 'b@example.org';
  await post('/api/auth/email-otp/send-verification-otp', { email, type: 'sign-in' });
  const { code: otp } = await newestMail(server.dataDir, email);
  const [byCode, bySso] = await Promise.all([
    post('/api/auth/sign-in/email-otp', { email, otp }),
    jar.fetch(callback),
  ]);
  const came = [byCode.status === 200, bySso.headers.get('Location')?.includes('/signin/complete')];
  expect(came.filter(Boolean)).toHaveLength(1);
});

test('a provider that cannot be reached is unavailable, to be asked again', async () => {
  const nobody = `http://localhost:${await freePort()}`;
  await start({ OIDC_ISSUER: nobody, OIDC_CLIENT_ID: 'x', OIDC_CLIENT_SECRET: 'y' });
  const answer = await begin(new CookieJar());
  expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '30']);
  expect((await answer.json()).code).toBe('UNAVAILABLE');
  expect((await (await fetch(`${home}/api/auth/methods`)).json()).sso).toEqual({ name: 'localhost' });
});

test('a provider that goes away in the middle costs that try and no more', async () => {
  await startWithProvider();
  const jar = new CookieJar();
  const { url, state } = await (await begin(jar)).json();
  const callback = await atProvider(jar, url, { email: 'a@example.org' });
  await provider?.stop();
  const back = await jar.fetch(callback);
  expect(back.headers.get('Location')).toBe(`${home}/signin?sso=UNAVAILABLE&state=${state}`);
});

test('a wrong secret is no way in, and is not the person’s fault', async () => {
  await startWithProvider({ OIDC_CLIENT_SECRET: 'wrong' });
  const { location } = await enter(new CookieJar(), { email: 'a@example.org' });
  expect(location).toMatch(/^\/signin\?sso=SSO_FAILED&state=/);
});

test('sign-ins by a provider are limited by client, begun ones and failed ones', async () => {
  await start({ SIGN_IN_STARTS_PER_HOUR_PER_CLIENT: '3', CODE_REQUESTS_PER_HOUR_PER_CLIENT: '2' });
  const jar = new CookieJar();
  for (const _ of [1, 2]) await enter(jar, { do: 'cancel' });
  expect((await enter(jar, { email: 'a@example.org' })).location).toMatch('sso=RATE_LIMITED');
  const refused = await begin(jar);
  expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, expect.any(String)]);
});
