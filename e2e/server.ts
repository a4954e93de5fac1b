import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StoredFile } from '../shared/api.ts';
import { poll } from './poll.ts';

const root = join(import.meta.dirname, '..');
/** By which the session is named among a person's devices. */
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const KEPT_LOG_CHARACTERS = 200_000;

export interface ServerOptions {
  /** Where the browser reaches it: the proxy's origin, or the Origin check refuses everything. */
  publicUrl: string;
  port: number;
  /** A temporary folder when left out, deleted by `close()`. */
  dataDir?: string;
  /** Settings of the server, by the names of `server/config.ts`. */
  env?: Readonly<Record<string, string>>;
}

/** A cookie that a server has set, as browsers are told of one by their debuggers. */
export interface SetCookie {
  name: string;
  value: string;
  url: string;
  httpOnly: boolean;
  sameSite: 'Lax';
  /** Seconds since the epoch; -1 for as long as the browser runs. */
  expires: number;
}

/** The real server in a process of its own, with its own data, that can be killed and started again. */
export class TestServer {
  readonly port: number;
  readonly dataDir: string;
  readonly #options: ServerOptions;
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(options: ServerOptions, dataDir: string) {
    this.#options = options;
    this.port = options.port;
    this.dataDir = dataDir;
  }

  /** Starts it and waits until it is ready. */
  static async start(options: ServerOptions): Promise<TestServer> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'holdfast-data-')));
    const server = new TestServer(options, dataDir);
    await server.start();
    return server;
  }

  /** Starts it again on the same port and data, after `kill` or `stop`. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const child = spawn(join(root, 'node_modules', '.bin', 'node'), ['server/main.ts'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: join(tmpdir(), 'holdfast-compile-cache'),
        PORT: String(this.port),
        PUBLIC_URL: this.#options.publicUrl,
        DATA_DIR: this.dataDir,
        ...this.#options.env,
        ...env,
      },
    });
    this.#child = child;
    for (const output of [child.stdout, child.stderr]) output?.on('data', (text) => this.#keep(String(text)));
    await poll(`the server on port ${this.port} to be ready`, 60_000, async () => {
      if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}:\n${this.#log}`);
      const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`).catch(() => null);
      return answer?.ok || undefined;
    });
  }

  /** What it wrote, the last of it. */
  get log(): string {
    return this.#log;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('The server is not running');
    return this.#child.pid;
  }

  /** Ends every account session at once, as if each had been unused for its week. */
  async endSessions(): Promise<void> {
    // A running server knows of later uses than its database does, so making them old would not do.
    this.#withDatabase((db) => db.exec('DELETE FROM session'));
  }

  /** Every upload session is older by `ms` than it was, and no browser knows. */
  ageUploadSessions(ms: number): void {
    this.#withDatabase((db) => db.prepare('UPDATE upload_sessions SET issued_at = issued_at - ?').run(ms));
  }

  /** Acknowledged parts of files that are not finished. */
  openParts(): number {
    const row = this.#withDatabase((db) =>
      db
        .prepare(
          `SELECT count(*) AS n FROM parts JOIN uploads ON uploads.id = parts.upload_id WHERE uploads.state = 'open'`,
        )
        .get(),
    );
    return Number(row?.n ?? 0);
  }

  #withDatabase<T>(use: (db: DatabaseSync) => T): T {
    const db = new DatabaseSync(join(this.dataDir, 'holdfast.sqlite'), { timeout: 5000 });
    try {
      return use(db);
    } finally {
      db.close();
    }
  }

  /** SIGKILL, as a crash. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM, as a deployment. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends it, and deletes its data if they were temporary. */
  async close(): Promise<void> {
    await this.kill();
    if (!this.#options.dataDir) await rm(this.dataDir, { recursive: true, force: true });
  }

  /** The newest sign-in code mailed to `email` after `since` (ms since the epoch), as soon as it is there. */
  codeFor(email: string, since: number): Promise<string> {
    const outbox = join(this.dataDir, 'outbox');
    return poll(`a sign-in code for ${email}`, 10_000, async () => {
      // Named `<ms since the epoch>-<number>.json`, so that the newest sorts last.
      const names = await readdir(outbox).catch(() => []);
      for (const name of names
        .filter((one) => Number.parseInt(one, 10) >= since)
        .sort()
        .reverse()) {
        const mail = await readFile(join(outbox, name), 'utf8');
        // One that is just being written ends in the middle; it is whole at the next look.
        if (!mail.endsWith('}')) return undefined;
        const { to, code } = JSON.parse(mail) as { to: string; code: string };
        if (to === email) return code;
      }
      return undefined;
    });
  }

  /** Signs `email` in by the code in its mail, as a browser would, and gives the cookies that it would keep. */
  async signIn(email: string): Promise<SetCookie[]> {
    const askedAt = Date.now();
    await this.#post('/api/auth/email-otp/send-verification-otp', { email, type: 'sign-in' });
    const otp = await this.codeFor(email, askedAt);
    const answer = await this.#post('/api/auth/sign-in/email-otp', { email, otp });
    return answer.headers.getSetCookie().map((header) => parseCookie(header, this.#options.publicUrl));
  }

  /** The library of the account that `cookie` (a whole `Cookie` header) signs in, newest first. */
  async files(cookie: string): Promise<StoredFile[]> {
    const answer = await this.#get('/api/files?limit=1000', cookie);
    return ((await answer.json()) as { files: StoredFile[] }).files;
  }

  /** SHA-256, in hex, of a stored file as the server gives it back. */
  async storedSha256(id: string, cookie: string): Promise<string> {
    const answer = await this.#get(`/api/files/${id}/content`, cookie);
    const hash = createHash('sha256');
    for await (const chunk of answer.body ?? []) hash.update(chunk);
    return hash.digest('hex');
  }

  #get(path: string, cookie: string): Promise<Response> {
    return this.#ask(path, { headers: { Cookie: cookie, Accept: 'application/json' } });
  }

  #post(path: string, body: object): Promise<Response> {
    const headers = {
      Origin: this.#options.publicUrl,
      'Content-Type': 'application/json',
      'User-Agent': USER_AGENT,
    };
    return this.#ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, init);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer;
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  #keep(text: string): void {
    this.#log = (this.#log + text).slice(-KEPT_LOG_CHARACTERS);
  }
}

function parseCookie(header: string, url: string): SetCookie {
  const [pair = '', ...attributes] = header.split('; ');
  const [name = '', value = ''] = pair.split(/=(.*)/s);
  const maxAge = attributes.map((one) => /^max-age=(\d+)$/i.exec(one)?.[1]).find(Boolean);
  return {
    name,
    value,
    url,
    httpOnly: attributes.some((one) => one.toLowerCase() === 'httponly'),
    sameSite: 'Lax',
    expires: maxAge ? Math.floor(Date.now() / 1000) + Number(maxAge) : -1,
  };
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('A TCP listener has an address');
  return address.port;
}
