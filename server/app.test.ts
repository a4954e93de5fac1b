import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { header } from '../shared/api.ts';
import { signIn, startTestServer, TEST_ORIGIN, type TestServer } from './testing.ts';

const APP_ORIGIN = 'http://app.localhost:5173';
let appDir: string;
let server: TestServer;
let elsewhere: TestServer;
beforeAll(async () => {
  appDir = await mkdtemp(join(tmpdir(), 'holdfast-app-'));
  await mkdir(join(appDir, 'assets'));
  await writeFile(join(appDir, 'index.html'), `<!doctype html>${'<p>page</p>'.repeat(100)}`);
  await writeFile(join(appDir, 'sw.js'), '// worker');
  await writeFile(join(appDir, '.secret'), 'no');
  await writeFile(join(appDir, 'assets', 'app-abc123.js'), '// script');
  server = await startTestServer({ APP_DIR: appDir });
  elsewhere = await startTestServer({ APP_DIR: appDir, APP_ORIGIN, MAX_BODY_BYTES: '1000' });
});
afterAll(async () => {
  await server.stop();
  await elsewhere.stop();
  await rm(appDir, { recursive: true });
});

async function code(answer: Response): Promise<string> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await answer.json()) as { code: string; status: number };
  return `${problem.status} ${problem.code}`;
}

/** A GET with exactly these headers; `fetch` would add its own. */
function bareGet(path: string, headers: Record<string, string>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(server.url + path, { headers }, resolve).once('error', reject);
  });
}

test('a navigation gets the page, whatever its path, and is asked for again each time', async () => {
  for (const path of ['/', '/app', '/library/a?x=1', '/signin']) {
    const answer = await bareGet(path, { 'Sec-Fetch-Mode': 'navigate', Accept: 'text/html' });
    expect((await buffer(answer)).toString()).toContain('page');
    expect(answer.headers['cache-control']).toBe('no-cache');
    expect(answer.headers['content-security-policy']).toMatch(
      /default-src 'none'; script-src 'self'.*frame-ancestors 'none'/,
    );
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  }
});

test('no connection is left behind for a part to be sent on, whatever it was for', async () => {
  for (const path of ['/app', '/assets/app-abc123.js', '/sw.js', '/api/server', '/nothing.js']) {
    const answer = await bareGet(path, { Accept: 'text/html' });
    await buffer(answer);
    expect([path, answer.headers.connection]).toEqual([path, 'close']);
  }
});

test('a shared link has a page of its own, which keeps its address to itself', async () => {
  const paths = ['/s/abc', '/s/abc/', '/s/..%2fsw.js', '/s/%00', '/s/%ff'];
  for (const page of ['page', 'share page']) {
    for (const path of paths) {
      const answer = await bareGet(path, { Accept: '*/*' });
      expect([path, answer.statusCode]).toEqual([path, 200]);
      expect((await buffer(answer)).toString()).toContain(`<p>${page}</p>`);
      expect(answer.headers).toMatchObject({
        'cache-control': 'no-cache',
        'referrer-policy': 'no-referrer',
        'x-robots-tag': 'noindex',
        'x-frame-options': 'DENY',
      });
    }
    await writeFile(join(appDir, 'share.html'), '<!doctype html><p>share page</p>');
  }
});

test('pages may show films and frames of our own, and no others', async () => {
  const { headers } = await bareGet('/', { Accept: 'text/html' });
  const policy = String(headers['content-security-policy']).split('; ');
  expect(policy).toEqual(expect.arrayContaining(["media-src 'self' blob:", "frame-src 'self'"]));
  expect(policy).toContain("script-src 'self'");
});

test('the page of a shared link may ask an API on another origin, and show its pictures', async () => {
  const answer = await fetch(`${elsewhere.url}/s/abc`);
  const policy = answer.headers.get('content-security-policy')?.split('; ');
  const api = 'http://localhost:0';
  expect(policy).toContain(`connect-src 'self' ${api}`);
  expect(policy).toContain(`img-src 'self' ${api} blob: data:`);
  const shared = await fetch(`${elsewhere.url}/api/shared/abc`, { headers: { Origin: APP_ORIGIN } });
  expect(shared.headers.get('access-control-allow-origin')).toBe(APP_ORIGIN);
  expect(shared.headers.get('access-control-allow-credentials')).toBe('true');
});

test('the worker has a policy of its own and is never cached', async () => {
  const answer = await fetch(`${server.url}/sw.js`);
  expect(answer.headers.get('content-security-policy')).toBe(
    "default-src 'none'; connect-src 'self'; script-src 'self'",
  );
  expect([answer.headers.get('cache-control'), answer.headers.get('content-type')]).toEqual([
    'no-cache',
    'text/javascript; charset=utf-8',
  ]);
});

test('files with a hash in their name never change; what is not there is 404 and no page', async () => {
  const asset = await fetch(`${server.url}/assets/app-abc123.js`);
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  for (const path of [
    '/assets/old.js',
    '/.secret',
    '/..%2f..%2fetc/passwd',
    '/%00',
    '/%ff',
    '/api',
    '/api/nothing',
  ]) {
    expect([path, await code(await fetch(server.url + path))]).toEqual([path, '404 NOT_FOUND']);
  }
});

test('text is sent compressed to whoever takes it', async () => {
  const answer = await bareGet('/index.html', { 'Accept-Encoding': 'gzip' });
  answer.resume();
  expect(answer.headers['content-encoding']).toBe('gzip');
  expect(Number(answer.headers['content-length'])).toBeLessThan(200);
});

test('a wrong method is told apart from a wrong address', async () => {
  const answer = await fetch(`${server.url}/api/session`, {
    method: 'PUT',
    headers: { Origin: TEST_ORIGIN },
  });
  expect(answer.headers.get('allow')).toBe('GET, DELETE');
  expect(await code(answer)).toBe('405 METHOD_NOT_ALLOWED');
  const me = await signIn(server);
  const part = '/api/upload-sessions/a/files/b/parts/0';
  expect(await code(await me.request('GET', part))).toBe('405 METHOD_NOT_ALLOWED');
  expect(await code(await me.request('POST', part, {}))).toBe('405 METHOD_NOT_ALLOWED');
});

test('only the app of the other origin is let in, with credentials, on errors too', async () => {
  const ask = (origin: string, path = '/api/session') =>
    fetch(elsewhere.url + path, { headers: { Origin: origin } });
  const answer = await ask(APP_ORIGIN);
  expect(answer.status).toBe(401);
  expect(answer.headers.get('access-control-allow-origin')).toBe(APP_ORIGIN);
  expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
  expect(answer.headers.get('access-control-expose-headers')).toContain(header.issuedAt);
  expect(answer.headers.get('vary')).toMatch(/\bOrigin\b/);
  for (const origin of ['http://localhost:0', `${APP_ORIGIN}.evil.example`, 'null']) {
    const refused = await ask(origin);
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    expect(refused.headers.get('vary')).toMatch(/\bOrigin\b/);
  }
  expect((await ask(APP_ORIGIN, '/api/nothing')).headers.get('access-control-allow-origin')).toBe(APP_ORIGIN);
});

test('preflights are answered without a session, and kept for a while', async () => {
  const preflight = (origin: string) =>
    new Promise<IncomingMessage>((resolve) => {
      const headers = { Origin: origin, 'Access-Control-Request-Method': 'PUT' };
      request(`${elsewhere.url}/api/upload-sessions/x`, { method: 'OPTIONS', headers }, resolve).end();
    });
  const allowed = await preflight(APP_ORIGIN);
  expect(allowed.statusCode).toBe(204);
  expect(allowed.headers['access-control-allow-methods']).toContain('PATCH');
  for (const name of [
    header.account,
    header.csrf,
    header.attempt,
    header.digest,
    header.offset,
    header.complete,
  ]) {
    expect(allowed.headers['access-control-allow-headers']).toContain(name);
  }
  expect(allowed.headers['access-control-max-age']).toBe('7200');
  expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
});

test('a JSON body over the limit is refused with the limit, chunked or not', async () => {
  const me = await signIn(elsewhere, 'a@example.org', '', APP_ORIGIN);
  const text = JSON.stringify({ name: 'x'.repeat(2000) });
  const json = { 'Content-Type': 'application/json' };
  const answer = await me.request('PATCH', '/api/files/x', text, json);
  expect(await answer.json()).toMatchObject({
    status: 413,
    code: 'TOO_LARGE',
    limit: 1000,
    limitName: 'MAX_BODY_BYTES',
  });
  const chunked = await fetch(`${elsewhere.url}/api/files/x`, {
    method: 'PATCH',
    headers: { ...me.headers, ...json },
    body: new Blob([text]).stream(),
    duplex: 'half',
  } as RequestInit);
  expect(await code(chunked)).toBe('413 TOO_LARGE');
});

test('what goes wrong inside is said without a word about it', async () => {
  const me = await signIn(elsewhere, 'b@example.org', '', APP_ORIGIN);
  const { store } = elsewhere.services;
  const check = store.check;
  store.check = () => Promise.reject(new Error('the disk is on fire'));
  const unready = await fetch(`${elsewhere.url}/readyz`);
  store.check = check;
  expect(await code(unready)).toBe('503 UNAVAILABLE');
  await elsewhere.services.db.schema.alterTable('files').renameTo('hidden').execute();
  const answer = await me.request('GET', '/api/files');
  await elsewhere.services.db.schema.alterTable('hidden').renameTo('files').execute();
  const text = await answer.text();
  expect(answer.status).toBe(500);
  expect(JSON.parse(text)).toEqual({ type: 'about:blank', title: 'INTERNAL', status: 500, code: 'INTERNAL' });
});

test('operators can ask whether the server lives and is ready', async () => {
  expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'ok' });
  expect(await (await fetch(`${server.url}/readyz`)).json()).toEqual({ status: 'ok' });
});

test('the OpenAPI document knows every route, with the schemas that validate', async () => {
  const document = await (await fetch(`${server.url}/api/openapi.json`)).json();
  expect(Object.keys(document.paths).sort()).toEqual([
    '/api/account',
    '/api/archives',
    '/api/archives/{id}/content',
    '/api/auth/callback/oidc',
    '/api/auth/email-otp/send-verification-otp',
    '/api/auth/methods',
    '/api/auth/passkey',
    '/api/auth/passkey/register/options',
    '/api/auth/passkey/register/verify',
    '/api/auth/passkey/sign-in/options',
    '/api/auth/passkey/sign-in/verify',
    '/api/auth/passkey/{id}',
    '/api/auth/sign-in/email-otp',
    '/api/auth/sign-in/sso',
    '/api/files',
    '/api/files/{id}',
    '/api/files/{id}/content',
    '/api/files/{id}/restore',
    '/api/files/{id}/thumbnail',
    '/api/session',
    '/api/sessions',
    '/api/sessions/{id}',
    '/api/shared/{token}',
    '/api/shared/{token}/archive',
    '/api/shared/{token}/files/{id}/content',
    '/api/shared/{token}/files/{id}/thumbnail',
    '/api/shared/{token}/unlock',
    '/api/shares',
    '/api/shares/{id}',
    '/api/upload-sessions',
    '/api/upload-sessions/{sid}',
    '/api/upload-sessions/{sid}/files/{fid}',
    '/api/upload-sessions/{sid}/files/{fid}/digests',
    '/api/upload-sessions/{sid}/files/{fid}/parts/{n}',
  ]);
  const { requestBody, responses } = document.paths['/api/upload-sessions/{sid}'].put;
  const { files } = requestBody.content['application/json'].schema.properties;
  expect([files.minItems, files.maxItems]).toEqual([1, 1000]);
  expect(responses[409].description).toBe('ID_REUSED, TOO_MANY_SESSIONS');
  expect(responses[507].content['application/problem+json'].schema.required).toContain('code');
});
