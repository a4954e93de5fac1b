import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { header, type RegisteredFile, type StoredFile } from '../shared/api.ts';
import { readConfig } from './config.ts';
import { type RunningServer, startServer } from './server.ts';

/** A real server on a port of its own, with a data folder that goes away with it. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly services: RunningServer['services'];
  /** What the database was given, in its order. */
  readonly statements: string[];
  /** What the log was given, at the level of `LOG_LEVEL`; by default, nothing. */
  readonly logged: string[];
  /** Sets the server's clock ahead, in ms. */
  advance(ms: number): void;
  /** Stops the server's clock, which `advance` alone moves from then on. */
  freeze(): void;
  now(): number;
  stop(): Promise<void>;
}

/** A signed-in account, and requests in its name. */
export interface TestAccount {
  readonly url: string;
  readonly port: number;
  readonly id: string;
  readonly email: string;
  readonly cookie: string;
  readonly csrf: string;
  /** Cookie, account, token and origin, as the worker sends them. */
  readonly headers: Readonly<Record<string, string>>;
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** Starts a server in this process. `env` is its environment, beside a free port and a quiet log. */
export async function startTestServer(
  env: Record<string, string> = {},
  dataDir?: string,
): Promise<TestServer> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'holdfast-')));
  let ahead = 0;
  let frozenAt: number | null = null;
  const now = () => (frozenAt ?? Date.now()) + ahead;
  const config = readConfig({
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATA_DIR: folder,
    APP_DIR: join(folder, 'app'),
    ...env,
  });
  const statements: string[] = [];
  const onStatement = (sql: string) => statements.push(sql);
  const logged: string[] = [];
  const logTo = { write: (line: string) => logged.push(line) };
  const server = await startServer(config, { now, print: () => {}, onStatement, logTo });
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    dataDir: folder,
    services: server.services,
    statements,
    logged,
    advance(ms) {
      ahead += ms;
    },
    freeze() {
      frozenAt ??= Date.now();
    },
    now,
    async stop() {
      await server.stop();
      if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port that is free now, for a server that has to know its own address beforehand. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** What a browser keeps and sends of cookies; it tells hosts apart by their ports as well. */
export class CookieJar {
  readonly #hosts = new Map<string, Map<string, string>>();

  /** Sends a request with the cookies of its host, follows no redirect, and keeps what comes back. */
  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const answer = await this.send(url, init);
    this.keep(url, answer);
    return answer;
  }

  /** The request alone; what it brings is kept whenever `keep` is called, as late as one likes. */
  send(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('Cookie', this.header(url));
    return fetch(url, { ...init, headers, redirect: 'manual' });
  }

  keep(url: string, answer: Response): void {
    const kept = this.#of(url);
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';');
      const name = pair.slice(0, pair.indexOf('='));
      const isOver = attributes.some((text) => /^\s*(max-age=0|expires=.*1970)/i.test(text));
      if (isOver) kept.delete(name);
      else kept.set(name, pair.slice(name.length + 1));
    }
  }

  header(url: string): string {
    return [...this.#of(url)].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  get(url: string, name: string): string | undefined {
    return this.#of(url).get(name);
  }

  #of(url: string): Map<string, string> {
    const { host } = new URL(url);
    const kept = this.#hosts.get(host) ?? new Map<string, string>();
    this.#hosts.set(host, kept);
    return kept;
  }
}

/** Where a server that tests talk to is, and where its mails are. */
export type Reachable = Pick<TestServer, 'url' | 'port' | 'dataDir'>;
/** The origin that the server takes for the app's: `PUBLIC_URL` of a server that was told nothing else, port 0. */
export const TEST_ORIGIN = 'http://localhost:0';

/** Signs in over HTTP, with the code from the outbox. */
export async function signIn(
  { url, port, dataDir }: Reachable,
  email = `${randomUUID()}@example.org`,
  cookie = '',
  origin = TEST_ORIGIN,
): Promise<TestAccount> {
  const headers = { Origin: origin, 'Content-Type': 'application/json', Cookie: cookie };
  const post = (path: string, body: unknown) =>
    fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  await expectStatus(
    await post('/api/auth/email-otp/send-verification-otp', { email, type: 'sign-in' }),
    200,
  );
  const { code: otp } = await newestMail(dataDir, email);
  const answer = await expectStatus(await post('/api/auth/sign-in/email-otp', { email, otp }), 200);
  const session = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return accountFor({ url, port }, email, session, origin);
}

/** The account that `cookie` is signed in as. */
export async function accountFor(
  { url, port }: Pick<Reachable, 'url' | 'port'>,
  email: string,
  cookie: string,
  origin = TEST_ORIGIN,
): Promise<TestAccount> {
  const answer = await expectStatus(await fetch(`${url}/api/session`, { headers: { Cookie: cookie } }), 200);
  const { account, csrfToken } = (await answer.json()) as { account: { id: string }; csrfToken: string };
  const own = { Cookie: cookie, Origin: origin, [header.account]: account.id, [header.csrf]: csrfToken };
  return {
    url,
    port,
    id: account.id,
    email,
    cookie,
    csrf: csrfToken,
    headers: own,
    request(method, path, body, extra = {}) {
      const json =
        body === undefined || body instanceof Uint8Array || typeof body === 'string' ? {} : JSON_TYPE;
      const init: RequestInit = { method, headers: { ...own, ...json, ...extra }, redirect: 'manual' };
      if (body !== undefined) {
        init.body =
          body instanceof Uint8Array || typeof body === 'string' ? (body as BodyInit) : JSON.stringify(body);
      }
      return fetch(url + path, init);
    },
  };
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

/** The newest mail to `to` in the outbox. */
export async function newestMail(
  dataDir: string,
  to: string,
): Promise<{ code: string; subject: string; text: string }> {
  const outbox = join(dataDir, 'outbox');
  for (const name of (await readdir(outbox)).sort().reverse()) {
    const mail = JSON.parse(await readFile(join(outbox, name), 'utf8'));
    if (mail.to === to) return mail;
  }
  throw new Error(`No mail to ${to}`);
}

async function expectStatus(answer: Response, status: number): Promise<Response> {
  if (answer.status !== status)
    throw new Error(`Expected ${status}, got ${answer.status}: ${await answer.text()}`);
  return answer;
}

/** Random bytes with what is needed to announce and send them. */
export interface TestFile {
  readonly bytes: Buffer;
  readonly announced: RegisteredFile;
}

/** A file of `size` random bytes. */
export function testFile(size: number, overrides: Partial<RegisteredFile> = {}): TestFile {
  const announced = {
    id: randomUUID(),
    path: '',
    name: 'a.bin',
    size,
    type: '',
    lastModified: 1,
    ...overrides,
  };
  return { bytes: randomBytes(Math.min(size, 64 * 1024 * 1024)), announced };
}

/** Uploads a file of one part, and returns it as it is in the library. */
export async function storeFile(
  account: TestAccount,
  content: number | Uint8Array,
  overrides: Partial<RegisteredFile> = {},
): Promise<StoredFile> {
  const size = typeof content === 'number' ? content : content.length;
  const { announced, bytes } = testFile(size, overrides);
  const file = { announced, bytes: typeof content === 'number' ? bytes : Buffer.from(content) };
  const sid = await openUpload(account, [file]);
  const answer = await putPart(account, partPath(sid, announced.id, 0), file.bytes);
  return (await (await expectStatus(answer, 201)).json()) as StoredFile;
}

/** Status and code of an answer that must be a problem (RFC 9457). */
export async function problemOf(answer: Response): Promise<string> {
  const type = answer.headers.get('content-type');
  if (type !== 'application/problem+json') throw new Error(`Got ${answer.status}, ${type}`);
  return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
}

/** `Repr-Digest` of a whole part. */
export function reprDigest(part: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(part).digest('base64')}:`;
}

/** Opens an upload session with these files and returns its id. */
export async function openUpload(
  account: TestAccount,
  files: readonly TestFile[],
  sid: string = randomUUID(),
): Promise<string> {
  const body = { files: files.map(({ announced }) => announced) };
  await expectStatus2xx(await account.request('PUT', `/api/upload-sessions/${sid}`, body));
  return sid;
}

async function expectStatus2xx(answer: Response): Promise<void> {
  if (!answer.ok) throw new Error(`Got ${answer.status}: ${await answer.text()}`);
}

/** The address of a part. */
export function partPath(sid: string, fid: string, n: number): string {
  return `/api/upload-sessions/${sid}/files/${fid}/parts/${n}`;
}

/** Headers of a request that carries `part` from `offset` on, to its end unless `complete` says otherwise. */
export function partHeaders(
  part: Uint8Array,
  offset = 0,
  complete = true,
  attempt = randomUUID(),
): Record<string, string> {
  return {
    'Content-Type': 'application/octet-stream',
    [header.offset]: String(offset),
    [header.complete]: complete ? '?1' : '?0',
    [header.attempt]: attempt,
    ...(complete ? { [header.digest]: reprDigest(part) } : {}),
  };
}

/** Sends a whole part, or its rest from `offset` on. */
export function putPart(
  account: TestAccount,
  path: string,
  part: Uint8Array,
  offset = 0,
  extra: Record<string, string> = {},
): Promise<Response> {
  return account.request('PUT', path, part.subarray(offset), { ...partHeaders(part, offset), ...extra });
}

/** `HEAD` of a part: the bytes that are there. */
export async function offsetOf(account: TestAccount, path: string): Promise<number> {
  const answer = await account.request('HEAD', path);
  return Number(answer.headers.get(header.offset));
}

/** A request on a bare socket, to be cut, stalled or watched byte by byte. */
export interface RawRequest {
  readonly socket: Socket;
  send(bytes: Uint8Array): Promise<void>;
  /** Everything that came until the connection was closed. */
  readonly answer: Promise<string>;
  cut(): void;
}

/** Opens a `PUT` with a body of `length` announced bytes, and sends none of them yet. */
export async function rawPut(
  account: TestAccount,
  path: string,
  headers: Record<string, string>,
  length: number | null,
): Promise<RawRequest> {
  const socket = connect(account.port, '127.0.0.1');
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let text = '';
  const answer = new Promise<string>((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
  const framing = length === null ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': String(length) };
  const all = { Host: 'localhost', ...account.headers, ...headers, ...framing };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`PUT ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return {
    socket,
    answer,
    send: (bytes) => new Promise((resolve) => socket.write(bytes, () => resolve())),
    cut: () => socket.destroy(),
  };
}
