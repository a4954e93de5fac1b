import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { header } from '../shared/api.ts';
import { PART_BYTES } from '../shared/parts.ts';
import { inRanges } from '../shared/ranges.ts';
import {
  accountFor,
  offsetOf,
  openUpload,
  partHeaders,
  partPath,
  putPart,
  rawPut,
  signIn,
  startTestServer,
  type TestAccount,
  type TestServer,
  testFile,
} from './testing.ts';

let server: TestServer;
let me: TestAccount;
beforeAll(async () => {
  server = await startTestServer({ BODY_STALL_SECONDS: '5' });
  me = await signIn(server);
});
afterAll(() => server.stop());

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
async function contentDigest(account: TestAccount, fid: string): Promise<string> {
  const answer = await account.request('GET', `/api/files/${fid}/content`);
  return sha256(new Uint8Array(await answer.arrayBuffer()));
}

/** One thing that may happen to a part on its way. Amounts are shares of what is left of it. */
type Mishap =
  | { type: 'cut'; share: number }
  | { type: 'segment'; share: number }
  | { type: 'take over'; share: number }
  | { type: 'wrong offset'; share: number }
  | { type: 'wrong bytes' }
  | { type: 'send again' };
const share = fc.double({ min: 0, max: 1, noNaN: true });
const mishap: fc.Arbitrary<Mishap> = fc.oneof(
  fc.record({ type: fc.constant('cut' as const), share }),
  fc.record({ type: fc.constant('segment' as const), share }),
  fc.record({ type: fc.constant('take over' as const), share }),
  fc.record({ type: fc.constant('wrong offset' as const), share }),
  fc.record({ type: fc.constant('wrong bytes' as const) }),
  fc.record({ type: fc.constant('send again' as const) }),
);

async function suffer(what: Mishap, path: string, bytes: Buffer): Promise<void> {
  const offset = await offsetOf(me, path);
  const left = bytes.length - offset;
  const upTo = 'share' in what ? offset + Math.floor(left * what.share) : bytes.length;
  switch (what.type) {
    case 'cut': {
      const put = await rawPut(me, path, { ...partHeaders(bytes, offset), Connection: 'close' }, left);
      await put.send(bytes.subarray(offset, upTo));
      if (upTo < bytes.length) put.cut();
      else await put.answer;
      return;
    }
    case 'segment':
      await me.request('PUT', path, bytes.subarray(offset, upTo), partHeaders(bytes, offset, false));
      return;
    case 'take over': {
      const put = await rawPut(me, path, partHeaders(bytes, offset), left);
      await put.send(bytes.subarray(offset, upTo));
      await putPart(me, path, bytes, await offsetOf(me, path));
      put.cut();
      return;
    }
    case 'wrong offset': {
      const answer = await putPart(me, path, bytes, upTo);
      if (upTo !== offset) expect([204, 201, 409]).toContain(answer.status);
      return;
    }
    case 'wrong bytes': {
      const wrong = Buffer.from(bytes.subarray(offset).map((byte) => byte ^ 255));
      const answer = await me.request('PUT', path, wrong, partHeaders(bytes, offset));
      if (left > 0) expect([422, 204, 201, 409]).toContain(answer.status);
      return;
    }
    case 'send again':
      await putPart(me, path, bytes, offset);
      return;
  }
}

test('whatever mishaps come in whatever order, the file that arrives is the file', {
  timeout: 30_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 400_000 }),
      fc.array(mishap, { maxLength: 6 }),
      async (size, mishaps) => {
        const file = testFile(size);
        const sid = await openUpload(me, [file]);
        const path = partPath(sid, file.announced.id, 0);
        for (const what of mishaps) await suffer(what, path, file.bytes);
        let last = await putPart(me, path, file.bytes, await offsetOf(me, path));
        // A cut connection may still have been bringing bytes: the answer says how many, as it does to the worker.
        for (let tries = 0; last.status !== 201 && tries < 5; tries++) {
          last = await putPart(me, path, file.bytes, Number(last.headers.get(header.offset) ?? 0));
        }
        expect(last.status).toBe(201);
        expect(await contentDigest(me, file.announced.id)).toBe(sha256(file.bytes));
      },
    ),
    { numRuns: 20 },
  );
});

test('a full disk is answered 503, and the upload goes on when there is room', async () => {
  if (process.platform !== 'linux') return;
  const file = testFile(300_000);
  const sid = await openUpload(me, [file]);
  const path = partPath(sid, file.announced.id, 0);
  const { storage_key: key } = await server.services.db
    .selectFrom('uploads')
    .select('storage_key')
    .where('id', '=', file.announced.id)
    .executeTakeFirstOrThrow();
  const place = join(server.dataDir, 'uploads', key);
  await symlink('/dev/full', place);
  const answer = await putPart(me, path, file.bytes);
  expect([answer.status, answer.headers.get('retry-after'), (await answer.json()).code]).toEqual([
    503,
    '30',
    'STORAGE_FULL',
  ]);
  await unlink(place);
  expect(await offsetOf(me, path)).toBe(0);
  expect((await putPart(me, path, file.bytes)).status).toBe(201);
});

/** A server in a process of its own, to be killed. */
async function spawnServer(dataDir: string, port: number): Promise<ChildProcess> {
  const env = {
    ...process.env,
    PORT: String(port),
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    PUBLIC_URL: 'http://localhost:0',
  };
  const child = spawn(process.execPath, ['server/main.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (text) => String(text).includes('Holdfast is at') && resolve());
    child.once('exit', () => reject(new Error('The server did not start')));
  });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

test('a server killed at any moment has everything it acknowledged when it comes back', {
  timeout: 60_000,
}, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-kill-'));
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  let child = await spawnServer(dataDir, port);
  const reachable = { url: `http://127.0.0.1:${port}`, port, dataDir };
  let account = await signIn(reachable);
  const large = testFile(PART_BYTES * 2 + 700_000, { name: 'large' });
  const small = Array.from({ length: 30 }, (_, n) => testFile(20_000, { name: `small ${n}` }));
  const files = [large, ...small];
  const sid = await openUpload(account, files, randomUUID());
  /** `fid n` of each part that was answered with success. */
  const acknowledged = new Set<string>();

  async function sendUntilDead(): Promise<void> {
    const { files: known } = await (await account.request('GET', `/api/upload-sessions/${sid}`)).json();
    await Promise.all(
      [known.slice(0, 1), known.slice(1, 16), known.slice(16)].map(async (lane) => {
        for (const { id, state, acknowledged: have, size } of lane) {
          for (const key of acknowledged)
            if (key.startsWith(id)) expect(inRanges(have, Number(key.split(' ')[1]))).toBe(true);
          const bytes = files.find(({ announced }) => announced.id === id)?.bytes ?? Buffer.alloc(0);
          for (let n = 0; state === 'open' && n * PART_BYTES < size; n++) {
            if (inRanges(have, n)) continue;
            const path = partPath(sid, id, n);
            const part = bytes.subarray(n * PART_BYTES, (n + 1) * PART_BYTES);
            const answer = await putPart(account, path, part, await offsetOf(account, path));
            if (answer.ok) acknowledged.add(`${id} ${n}`);
          }
        }
      }),
    );
  }

  for (const killAfterMs of [20, 90, 220]) {
    const sending = sendUntilDead().catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error; // `fetch failed` is what a killed server looks like
    });
    await new Promise((resolve) => setTimeout(resolve, killAfterMs));
    await kill(child);
    await sending;
    child = await spawnServer(dataDir, port);
    account = await accountFor(reachable, account.email, account.cookie);
  }
  await sendUntilDead();
  for (const { announced, bytes } of files) {
    expect([announced.name, await contentDigest(account, announced.id)]).toEqual([
      announced.name,
      sha256(bytes),
    ]);
  }
  const { usedBytes } = await (await account.request('GET', '/api/files')).json();
  expect(usedBytes).toBe(files.reduce((sum, { announced }) => sum + announced.size, 0));
  await kill(child);
  await rm(dataDir, { recursive: true, force: true });
});
