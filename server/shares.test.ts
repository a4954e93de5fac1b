import { randomBytes, randomUUID } from 'node:crypto';
import sharp from 'sharp';
import * as v from 'valibot';
import { afterEach, expect, test } from 'vitest';
import { type NewShare, Share, SharedFiles, Shares } from '../shared/api.ts';
import { reap } from './reaper.ts';
import {
  CookieJar,
  problemOf,
  signIn,
  startTestServer,
  storeFile,
  TEST_ORIGIN,
  type TestAccount,
  type TestServer,
} from './testing.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let server: TestServer;
let me: TestAccount;
const start = async (env: Record<string, string> = {}) => {
  server = await startTestServer(env);
  me = await signIn(server);
};
afterEach(() => server.stop());

const plain = { expiresAt: null, password: null, maxDownloads: null };
const post = (share: unknown, by = me) => by.request('POST', '/api/shares', share);
async function share(files: readonly string[], more: Partial<NewShare> = {}): Promise<Share> {
  const answer = await post({ ...plain, of: { files }, ...more });
  expect(answer.status).toBe(201);
  return v.parse(Share, await answer.json());
}
const shares = async (by = me) =>
  v.parse(Shares, await (await by.request('GET', '/api/shares')).json()).shares;

/** Somebody who has nothing but a link and a browser. */
class Stranger {
  readonly #jar = new CookieJar();
  readonly #from: Record<string, string>;

  constructor(address?: string) {
    this.#from = address === undefined ? {} : { 'X-Forwarded-For': address };
  }

  open(token: string, path = '', init: RequestInit = {}): Promise<Response> {
    const headers = { ...this.#from, ...Object.fromEntries(new Headers(init.headers)) };
    return this.#jar.fetch(`${server.url}/api/shared/${token}${path}`, { ...init, headers });
  }

  unlock(token: string, password: unknown, origin = TEST_ORIGIN): Promise<Response> {
    return this.open(token, '/unlock', {
      method: 'POST',
      headers: { Origin: origin, 'Content-Type': 'application/json' },
      body: JSON.stringify({ password }),
    });
  }

  content(token: string, file: string, headers: Record<string, string> = {}, method = 'GET') {
    return this.open(token, `/files/${file}/content`, { method, headers });
  }

  async files(token: string): Promise<SharedFiles> {
    const answer = await this.open(token);
    expect(answer.status).toBe(200);
    return v.parse(SharedFiles, await answer.json());
  }
}
const stranger = () => new Stranger();

test('a file is shared by a link that needs no account, and says nothing of its owner', async () => {
  await start();
  const bytes = randomBytes(1000);
  const file = await storeFile(me, bytes, { name: 'Übung.pdf', path: 'private/clients', type: 'text/html' });
  await storeFile(me, 10, { name: 'other' });
  const made = await share([file.id]);
  expect(made).toMatchObject({
    name: 'Übung.pdf',
    hasPassword: false,
    maxDownloads: null,
    downloads: 0,
    files: 1,
    bytes: 1000,
  });
  const answer = await stranger().open(made.token);
  expect(await answer.json()).toEqual({
    name: 'Übung.pdf',
    files: [{ id: file.id, path: '', name: 'Übung.pdf', size: 1000, type: 'text/html' }],
    expiresAt: null,
    downloadsLeft: null,
    now: expect.any(Number),
  });
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-robots-tag': 'noindex',
  });
  const content = await stranger().content(made.token, file.id);
  expect(Object.fromEntries(content.headers)).toMatchObject({
    'content-disposition': expect.stringMatching(/^attachment; /),
    'content-security-policy': "sandbox; default-src 'none'",
    'content-length': '1000',
    'accept-ranges': 'bytes',
    etag: `"${file.etag}"`,
  });
  expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true);
  expect((await shares())[0]?.downloads).toBe(1);
});

test('a folder is what is in it now, below it too, as seen from itself', async () => {
  await start();
  const put = (path: string, name: string) => storeFile(me, 10, { path, name });
  const inside = [await put('a/b', '2'), await put('a/b/c', '1'), await put('a/b', '1')];
  for (const path of ['', 'a', 'a/bc', 'A/b', 'a/b-', 'x/a/b']) await put(path, '1');
  const made = await share([], { of: { folder: 'a/b' } });
  expect([made.name, made.files, made.bytes]).toEqual(['b', 3, 30]);
  await put('a/b', 'later');
  const { files } = await stranger().files(made.token);
  expect(files.map(({ path, name }) => `${path}/${name}`)).toEqual(['/1', '/2', 'c/1']);
  expect(new Set(files.map(({ id }) => id))).toEqual(new Set(inside.map(({ id }) => id)));
  const joker = await post({ ...plain, of: { folder: 'a/_' } });
  expect(await problemOf(joker)).toBe('404 NOT_FOUND');
});

test('a selection is shown in the order of names, is called after the first, and takes a name', async () => {
  await start();
  const ids: string[] = [];
  for (const name of ['b 10', 'b 9', 'a']) ids.push((await storeFile(me, 1, { name, path: name })).id);
  const made = await share([...ids, ids[0] ?? '']);
  expect([made.name, made.files]).toEqual(['a + 2', 3]);
  const { files } = await stranger().files(made.token);
  expect(files.map(({ path, name }) => path + name)).toEqual(['a', 'b 9', 'b 10']);
  expect((await share(ids, { name: '  For you ' })).name).toBe('For you');
  const listed = await shares();
  expect(listed.map(({ name }) => name).sort()).toEqual(['For you', 'a + 2']);
});

test('a share is called after the files that are there now, unless its owner or its folder named it', async () => {
  await start();
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) ids.push((await storeFile(me, 1, { name, path: 'box' })).id);
  const made = {
    files: await share(ids),
    named: await share(ids, { name: 'For you' }),
    folder: await share([], { of: { folder: 'box' } }),
  };
  const names = async () => {
    const listed = new Map((await shares()).map(({ id, name }) => [id, name]));
    const found: Record<string, string | undefined> = {};
    for (const [what, { id, token }] of Object.entries(made)) {
      found[what] = listed.get(id);
      expect((await stranger().files(token)).name).toBe(listed.get(id));
    }
    return found;
  };
  expect(await names()).toEqual({ files: 'a + 2', named: 'For you', folder: 'box' });
  await me.request('DELETE', `/api/files/${ids[0]}`);
  await me.request('PATCH', `/api/files/${ids[2]}`, { name: 'B first' });
  expect(await names()).toEqual({ files: 'b + 1', named: 'For you', folder: 'box' });
  await me.request('PATCH', `/api/files/${ids[1]}`, { name: 'z' });
  expect(await names()).toEqual({ files: 'B first + 1', named: 'For you', folder: 'box' });
  await me.request('DELETE', `/api/files/${ids[1]}`);
  expect(await names()).toEqual({ files: 'B first', named: 'For you', folder: 'box' });

  await me.request('DELETE', `/api/files/${ids[2]}`);
  const left = (await shares()).map(({ name, files }) => [name, files]);
  expect(left.sort()).toEqual([
    ['', 0],
    ['For you', 0],
    ['box', 0],
  ]);
});

test('what is not in the share is not there, though it is the same account', async () => {
  await start();
  const shared = await storeFile(me, 10, { name: 'shared' });
  const other = await storeFile(me, 10, { name: 'other' });
  const { token } = await share([shared.id]);
  for (const sub of ['content', 'thumbnail']) {
    const answer = await stranger().open(token, `/files/${other.id}/${sub}`);
    expect(await problemOf(answer)).toBe('404 NOT_FOUND');
  }
  expect(await problemOf(await stranger().content(token, 'nothing'))).toBe('404 NOT_FOUND');
  await me.request('PATCH', `/api/files/${shared.id}`, { name: 'renamed' });
  expect((await stranger().files(token)).files.map(({ name }) => name)).toEqual(['renamed']);
});

test('a deleted file is out of its share, and back in it when it is restored', async () => {
  await start();
  const file = await storeFile(me, 10);
  const { token } = await share([file.id]);
  await me.request('DELETE', `/api/files/${file.id}`);
  expect(await problemOf(await stranger().open(token))).toBe('404 NOT_FOUND');
  expect(await problemOf(await stranger().content(token, file.id))).toBe('404 NOT_FOUND');
  expect(await shares()).toMatchObject([{ files: 0, bytes: 0 }]);
  await me.request('POST', `/api/files/${file.id}/restore`);
  expect((await stranger().files(token)).files).toHaveLength(1);

  await me.request('DELETE', `/api/files/${file.id}`);
  server.advance(61 * MINUTE_MS);
  await reap(server.services, server.now());
  expect(await shares()).toHaveLength(1);
  server.advance(31 * DAY_MS);
  await reap(server.services, server.now());
  expect(await server.services.db.selectFrom('shares').selectAll().execute()).toEqual([]);
});

/** What the database was asked for and what was answered, without what differs from one request to the next. */
async function stepsOf(token: string, sub = '') {
  server.statements.length = 0;
  const answer = await stranger().open(token, sub);
  const headers = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
  return { status: answer.status, body: await answer.text(), headers, statements: [...server.statements] };
}

test('what never was, has ended, is used up, was taken back or is closed is answered alike, by the same steps', async () => {
  await start({ RECENT_SIGN_IN_MINUTES: '1000000' });
  const file = await storeFile(me, 10);
  const other = await signIn(server);
  const theirs = await storeFile(other, 10);
  const expired = await share([file.id], { expiresAt: server.now() + 60 * MINUTE_MS, password: 'secret' });
  const usedUp = await share([file.id], { maxDownloads: 1 });
  const revoked = await share([file.id]);
  const closed = (await (await post({ ...plain, of: { files: [theirs.id] } }, other)).json()) as Share;
  await (await stranger().content(usedUp.token, file.id)).arrayBuffer();
  expect((await me.request('DELETE', `/api/shares/${revoked.id}`)).status).toBe(204);
  expect((await other.request('DELETE', '/api/account')).status).toBe(204);
  server.advance(61 * MINUTE_MS);

  const { token } = await share([file.id]);
  const bytes = Buffer.from(token, 'base64url');
  const forged = (at: number) => bytes.with(at, (bytes[at] ?? 0) ^ 1);
  const tokens = {
    expired: expired.token,
    usedUp: usedUp.token,
    revoked: revoked.token,
    closed: closed.token,
    random: randomBytes(32).toString('base64url'),
    anotherId: Buffer.from(forged(0)).toString('base64url'),
    anotherMac: Buffer.from(forged(31)).toString('base64url'),
    idAlone: token.slice(0, 22),
    longer: `${token}A`,
    padded: `${token}%3D`,
    otherSpelling: token.slice(0, -1) + String.fromCharCode(token.charCodeAt(42) + 1),
    spaced: `%20${token}`,
    text: 'x',
    long: 'x'.repeat(5000),
    odd: '%00%ff',
    quoted: "'%20or%201=1--",
  };
  for (const sub of ['', '/archive', `/files/${file.id}/content`, `/files/${file.id}/thumbnail`]) {
    const unknown = await stepsOf(randomBytes(32).toString('base64url'), sub);
    expect(unknown.status).toBe(404);
    for (const [name, wrong] of Object.entries(tokens)) {
      expect([name, await stepsOf(wrong, sub)]).toEqual([name, unknown]);
    }
  }
  for (const [name, wrong] of Object.entries(tokens)) {
    expect([name, await problemOf(await stranger().unlock(wrong, 'secret'))]).toEqual([
      name,
      '404 NOT_FOUND',
    ]);
  }
  expect((await stranger().open(token)).status).toBe(200);
});

test('a stolen database gives no links, nor does another secret', async () => {
  await start();
  const file = await storeFile(me, 10);
  const { id, token } = await share([file.id], { password: 'my password' });
  const rows = await server.services.db.selectFrom('shares').selectAll().execute();
  const text = JSON.stringify(rows);
  expect(text).toContain(id);
  expect(text).not.toContain(token);
  expect(text).not.toContain(token.slice(22));
  expect(text).not.toContain('my password');
});

test('a password locks everything, until its cookie opens this share and no other', async () => {
  await start();
  const file = await storeFile(me, 10);
  const one = await share([file.id], { password: 'pässword', expiresAt: server.now() + DAY_MS });
  const two = await share([file.id], { password: 'pässword' });
  expect(one.hasPassword).toBe(true);
  const guest = stranger();
  for (const sub of [
    '',
    '/archive',
    `/files/${file.id}/content`,
    `/files/${file.id}/thumbnail`,
    '/files/x/content',
  ]) {
    expect([sub, await problemOf(await guest.open(one.token, sub))]).toEqual([sub, '403 SHARE_LOCKED']);
  }
  for (const wrong of ['', 'password', 'pässword ', 'PÄSSWORD']) {
    expect([wrong, await problemOf(await guest.unlock(one.token, wrong))]).toEqual([
      wrong,
      '403 SHARE_LOCKED',
    ]);
  }
  const answer = await guest.unlock(one.token, 'pa\u0308ssword');
  expect([answer.status, await answer.text()]).toEqual([204, '']);
  const [cookie = ''] = answer.headers.getSetCookie();
  expect(cookie.replace(/=[^;]*/, '=…')).toBe(
    `holdfast.share=…; Max-Age=43200; Path=/api/shared/${one.token}; HttpOnly; SameSite=Lax`,
  );
  expect((await guest.open(one.token)).status).toBe(200);
  expect((await guest.content(one.token, file.id)).status).toBe(200);
  // This jar knows no paths: the cookie goes to the other share as well, and opens nothing there.
  expect(await problemOf(await guest.open(two.token))).toBe('403 SHARE_LOCKED');

  const [value = ''] = (cookie.split(';')[0] ?? '').split('=').slice(1);
  const forged = [
    `${Number.parseInt(value, 10) + 1}${value.slice(value.indexOf('.'))}`,
    '9'.repeat(15),
    'x',
    '',
  ];
  for (const made of forged) {
    const init = { headers: { Cookie: `holdfast.share=${made}` } };
    const tried = await fetch(`${server.url}/api/shared/${one.token}`, init);
    expect([made, await problemOf(tried)]).toEqual([made, '403 SHARE_LOCKED']);
  }
  server.advance(12 * 60 * MINUTE_MS);
  expect(await problemOf(await guest.open(one.token))).toBe('403 SHARE_LOCKED');
});

test('on https the cookie is Secure, and ends with its share', async () => {
  server = await startTestServer({ PUBLIC_URL: 'https://files.example' });
  const { shareKeys } = server.services;
  const id = shareKeys.newId();
  const lock = { id, password: 'hash', expiresAt: 61_000 };
  const cookie = shareKeys.unlocking(shareKeys.tokenOf(id), lock, 1000);
  expect(cookie).toMatch(/^__Secure-holdfast\.share=.*; Max-Age=60; .*; HttpOnly; SameSite=Lax; Secure$/);
  const pair = cookie.split(';')[0];
  expect(shareKeys.isUnlocked(pair, lock, 60_999)).toBe(true);
  expect(shareKeys.isUnlocked(pair, lock, 61_000)).toBe(false);
  expect(shareKeys.isUnlocked(pair, { ...lock, password: 'another' }, 2000)).toBe(false);
  expect(shareKeys.isUnlocked(pair, { ...lock, id: shareKeys.newId() }, 2000)).toBe(false);
});

test('passwords are guessed a few times an hour, however many guess at once, from wherever', async () => {
  await start({ SHARE_GUESSES_PER_HOUR: '3', TRUST_PROXY: '127.0.0.1' });
  const file = await storeFile(me, 10);
  const { token } = await share([file.id], { password: 'right' });
  const guesses = await Promise.all(
    Array.from({ length: 6 }, (_, at) => new Stranger(`192.0.2.${at}`).unlock(token, `wrong ${at}`)),
  );
  expect(guesses.map(({ status }) => status).sort()).toEqual([403, 403, 403, 429, 429, 429]);
  expect(await problemOf(await new Stranger('192.0.2.9').unlock(token, 'right'))).toBe('429 RATE_LIMITED');
  server.advance(61 * MINUTE_MS);
  expect((await new Stranger('192.0.2.9').unlock(token, 'right')).status).toBe(204);
});

test('a client that finds nowhere too often is told to wait, even with a good link', async () => {
  await start({ SHARE_MISSES_PER_HOUR_PER_CLIENT: '3', TRUST_PROXY: '127.0.0.1' });
  const file = await storeFile(me, 10);
  const { token } = await share([file.id]);
  const guest = new Stranger('2001:db8::1');
  for (let at = 0; at < 3; at++) expect((await guest.open(`guess${at}`)).status).toBe(404);
  const neighbour = new Stranger('2001:db8::2');
  for (const name of ['guess', token]) {
    const refused = await neighbour.open(name);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await problemOf(refused)).toBe('429 RATE_LIMITED');
  }
  expect((await new Stranger('192.0.2.1').open(token)).status).toBe(200);
  server.advance(61 * MINUTE_MS);
  expect((await guest.open(token)).status).toBe(200);
});

test('downloads are counted when they begin, and what was counted can be gone on with', async () => {
  await start();
  const file = await storeFile(me, 1000);
  const made = await share([file.id], { maxDownloads: 2 });
  const { token } = made;
  const left = async () => (await shares())[0]?.downloads;
  const guest = stranger();
  for (const [headers, method] of [
    [{}, 'HEAD'],
    [{ 'If-None-Match': `"${file.etag}"` }, 'GET'],
    [{ Range: 'bytes=1000-' }, 'GET'],
  ] as const) {
    await guest.content(token, file.id, headers, method);
    expect(await left()).toBe(0);
  }
  const first = await guest.content(token, file.id, { Range: 'bytes=0-99' });
  expect(first.status).toBe(206);
  expect(first.headers.getSetCookie()[0]?.replace(/=[^;]*/, '=…')).toBe(
    `holdfast.download=…; Max-Age=21600; Path=/api/shared/${token}/files/${file.id}/content; HttpOnly; SameSite=Lax`,
  );
  expect((await guest.content(token, file.id, { Range: 'bytes=100-' })).status).toBe(206);
  expect((await guest.content(token, file.id, { Range: 'bytes=-10' })).status).toBe(206);
  expect(await left()).toBe(1);
  expect((await guest.files(token)).downloadsLeft).toBe(1);

  // Without the cookie, what leaves out the first byte is a download like any other.
  expect((await stranger().content(token, file.id, { Range: 'bytes=1-' })).status).toBe(206);
  expect(await left()).toBe(2);

  expect((await guest.content(token, file.id, { Range: 'bytes=500-' })).status).toBe(206);
  expect(await problemOf(await guest.content(token, file.id))).toBe('404 NOT_FOUND');
  expect(await problemOf(await guest.content(token, file.id, { Range: 'bytes=0-' }))).toBe('404 NOT_FOUND');
  expect(await problemOf(await stranger().content(token, file.id, { Range: 'bytes=500-' }))).toBe(
    '404 NOT_FOUND',
  );
  expect((await stranger().content(token, file.id, {}, 'HEAD')).status).toBe(404);
  expect(await problemOf(await guest.open(token))).toBe('404 NOT_FOUND');

  server.advance(6 * 60 * MINUTE_MS);
  expect(await problemOf(await guest.content(token, file.id, { Range: 'bytes=500-' }))).toBe('404 NOT_FOUND');
  await me.request('DELETE', `/api/shares/${made.id}`);
});

test('a resumed download ends with its share', async () => {
  await start();
  const file = await storeFile(me, 1000);
  const { id, token } = await share([file.id], { maxDownloads: 1 });
  const guest = stranger();
  await (await guest.content(token, file.id)).arrayBuffer();
  expect((await guest.content(token, file.id, { Range: 'bytes=9-' })).status).toBe(206);
  await me.request('DELETE', `/api/shares/${id}`);
  expect(await problemOf(await guest.content(token, file.id, { Range: 'bytes=9-' }))).toBe('404 NOT_FOUND');
});

test('of many who come at once, no more get it than may', async () => {
  await start();
  const file = await storeFile(me, 10);
  const empty = await storeFile(me, 0, { name: 'empty' });
  const { token } = await share([file.id, empty.id], { maxDownloads: 3 });
  const all = await Promise.all(
    Array.from({ length: 10 }, (_, at) => stranger().content(token, at % 2 ? file.id : empty.id)),
  );
  expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 200, ...Array(7).fill(404)]);
  expect((await shares())[0]).toMatchObject({ downloads: 3, maxDownloads: 3 });
});

test('ranges and thumbnails are as for the owner, and thumbnails count for nothing', async () => {
  await start();
  const picture = await sharp({ create: { width: 400, height: 300, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const file = await storeFile(me, picture, { name: 'a.png' });
  const { token } = await share([file.id], { maxDownloads: 1 });
  const small = await stranger().open(token, `/files/${file.id}/thumbnail`);
  expect([small.status, small.headers.get('content-type'), small.headers.get('cache-control')]).toEqual([
    200,
    'image/webp',
    'private, max-age=300',
  ]);
  const range = await stranger().content(token, file.id, { Range: 'bytes=0-7' });
  expect(range.headers.get('content-range')).toBe(`bytes 0-7/${picture.length}`);
  expect(Buffer.from(await range.arrayBuffer()).equals(picture.subarray(0, 8))).toBe(true);
});

test('only its owner sees, makes and ends a share, with the token and from the app', async () => {
  await start();
  const file = await storeFile(me, 10);
  const made = await share([file.id]);
  const other = await signIn(server);
  expect(await shares(other)).toEqual([]);
  expect(await problemOf(await other.request('DELETE', `/api/shares/${made.id}`))).toBe('404 NOT_FOUND');
  expect(await problemOf(await post({ ...plain, of: { files: [file.id] } }, other))).toBe('404 NOT_FOUND');
  expect((await stranger().open(made.token)).status).toBe(200);
  for (const path of ['/api/shares', '/api/shares/x']) {
    expect((await fetch(server.url + path, { headers: { Origin: TEST_ORIGIN } })).status).not.toBe(200);
  }
  const body = { ...plain, of: { files: [file.id] } };
  const wrong: [Record<string, string>, string][] = [
    [{ 'X-CSRF-Token': 'x' }, '403 CSRF_INVALID'],
    [{ 'X-Account': other.id }, '403 WRONG_ACCOUNT'],
    [{ Origin: 'https://evil.example' }, '403 ORIGIN_REFUSED'],
  ];
  for (const [headers, refused] of wrong) {
    expect(await problemOf(await me.request('POST', '/api/shares', body, headers))).toBe(refused);
    const path = `/api/shares/${made.id}`;
    expect(await problemOf(await me.request('DELETE', path, undefined, headers))).toBe(refused);
  }
  expect(await problemOf(await stranger().unlock(made.token, 'x', 'https://evil.example'))).toBe(
    '403 ORIGIN_REFUSED',
  );
  expect((await stranger().unlock(made.token, 'x')).headers.getSetCookie()).toEqual([]);
});

test('what makes no share is refused', async () => {
  await start();
  const { id } = await storeFile(me, 10);
  const good = { ...plain, of: { files: [id] } };
  const wrong: unknown[] = [
    null,
    [],
    {},
    { of: { files: [id] } },
    { ...good, of: {} },
    { ...good, of: { files: [] } },
    { ...good, of: { files: ['x'] } },
    { ...good, of: { files: Array.from({ length: 1001 }, () => randomUUID()) } },
    { ...good, of: { folder: '' } },
    { ...good, of: { folder: '../x' } },
    { ...good, of: { folder: 'a//b' } },
    { ...good, name: ' ' },
    { ...good, name: 'x'.repeat(201) },
    { ...good, expiresAt: server.now() - 1 },
    { ...good, expiresAt: -1 },
    { ...good, expiresAt: 1.5 },
    { ...good, expiresAt: 'tomorrow' },
    { ...good, password: '' },
    { ...good, password: '123' },
    { ...good, password: 'x'.repeat(201) },
    { ...good, password: 1234 },
    { ...good, maxDownloads: 0 },
    { ...good, maxDownloads: -1 },
    { ...good, maxDownloads: 1.5 },
  ];
  for (const body of wrong) {
    expect([body, await problemOf(await post(body))]).toEqual([body, '400 INVALID_INPUT']);
  }
  expect(await problemOf(await post('{', me))).toBe('415 WRONG_CONTENT_TYPE');
  expect(await problemOf(await post({ ...good, of: { files: [id, randomUUID()] } }))).toBe('404 NOT_FOUND');
  expect(await problemOf(await post({ ...good, of: { folder: 'nowhere' } }))).toBe('404 NOT_FOUND');
  const { token } = await share([id], { password: 'password' });
  for (const password of [7, null, undefined, 'x'.repeat(201)]) {
    expect(await problemOf(await stranger().unlock(token, password))).toBe('400 INVALID_INPUT');
  }
  expect(await shares()).toHaveLength(1);
});

test('an account has so many shares, and makes place by ending one', async () => {
  await start({ MAX_SHARES: '2' });
  const { id } = await storeFile(me, 10);
  const first = await share([id]);
  await share([id]);
  const refused = await post({ ...plain, of: { files: [id] } });
  expect(await refused.json()).toMatchObject({
    status: 409,
    code: 'TOO_MANY_SHARES',
    limit: 2,
    limitName: 'MAX_SHARES',
  });
  await me.request('DELETE', `/api/shares/${first.id}`);
  await share([id]);
});

test('ended shares are listed for 30 days, and then forgotten', async () => {
  await start({ ACCOUNT_SESSION_DAYS: '100' });
  const { id } = await storeFile(me, 10);
  await share([id], { name: 'expires', expiresAt: server.now() + DAY_MS });
  const usedUp = await share([id], { name: 'used up', maxDownloads: 1 });
  await share([id], { name: 'stays' });
  await (await stranger().content(usedUp.token, id)).arrayBuffer();
  const names = async () => {
    await reap(server.services, server.now());
    return (await shares()).map(({ name }) => name).sort();
  };
  server.advance(29 * DAY_MS);
  expect(await names()).toEqual(['expires', 'stays', 'used up']);
  server.advance(1.5 * DAY_MS);
  expect(await names()).toEqual(['expires', 'stays']);
  server.advance(DAY_MS);
  expect(await names()).toEqual(['stays']);
  expect(await server.services.db.selectFrom('share_files').selectAll().execute()).toHaveLength(1);
});

test('neither tokens nor passwords nor names get into the log', async () => {
  await start({ LOG_LEVEL: 'trace' });
  const file = await storeFile(me, 10, { name: 'secret name' });
  const { id, token } = await share([file.id], { password: 'secret word', name: 'secret share' });
  const guest = stranger();
  await guest.open(token);
  await guest.unlock(token, 'wrong word');
  await guest.unlock(token, 'secret word');
  await (await guest.content(token, file.id)).arrayBuffer();
  await fetch(`${server.url}/s/${token}`, { headers: { Accept: 'text/html' } });
  await me.request('DELETE', `/api/shares/${id}`);
  await guest.open(token);
  const lines = () => server.logged.join('');
  await expect.poll(() => lines().match(/"\/api\/shared\/:token"/g)?.length).toBe(2);
  expect(lines()).toContain('/api/shared/:token/unlock');
  for (const word of [token, id, file.id, 'secret', 'wrong word', 'holdfast.']) {
    expect([word, lines().includes(word)]).toEqual([word, false]);
  }
});
