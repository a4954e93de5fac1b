import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { openDB } from 'idb';
import { expect, test } from 'vitest';
import type { AccountState } from '../shared/account-session.ts';
import { header } from '../shared/api.ts';
import { HoldfastError } from '../shared/errors.ts';
import { PART_BYTES, partSpan } from '../shared/parts.ts';
import { newUpload } from '../shared/upload.ts';
import { Engine } from './engine.ts';
import type { ApiRequest } from './gateway.ts';
import { reselect } from './reselect.ts';
import { Store } from './store.ts';
import { UploadApi } from './upload-api.ts';

/** Device time runs this much faster than the wall clock, so that backoff and stalls take no patience. */
const HASTE = 400;
const signedIn: AccountState = { at: 'signed-in', epoch: 1, account: { id: 'a1', email: 'a@example.test' } };

/** What becomes of one request: done, cut after some bytes of its body, answered but the answer lost, or no answer. */
type Fate = 'ok' | 'cut' | 'lost-answer' | 'unreachable' | 'later' | 'flipped';

/** A server that keeps the prefix of cut bodies and refuses wrong digests, as the contract says; all in memory. */
class ModelServer {
  parts = new Map<number, Buffer>();
  acknowledged = new Set<number>();
  stored = false;
  cancelled = false;
  commits = 0;
  bodyBytes = 0;
  lostBytes = 0;
  /** Each request as it left, without ids: `PUT session`, `HEAD parts/0`. */
  calls: string[] = [];
  registrations: { id: string; reopen?: boolean }[][] = [];
  /** Answers instead of the server; null leaves it to the server. */
  instead: (call: string) => Response | null = () => null;
  #size: number;
  #fates: Fate[];
  #count: number;

  constructor(size: number, fates: Fate[]) {
    this.#size = size;
    this.#fates = fates;
    this.#count = Math.max(1, Math.ceil(size / PART_BYTES));
  }

  get content(): Buffer {
    return Buffer.concat([...this.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }

  count(call: string): number {
    return this.calls.filter((one) => one === call).length;
  }

  send = async (request: ApiRequest): Promise<Response> => {
    const call = `${request.method} ${/(parts\/\d+|digests)$/.exec(request.path)?.[1] ?? 'session'}`;
    this.calls.push(call);
    // Every answer takes a moment, so that requests overlap.
    await new Promise((resolve) => setTimeout(resolve, 1));
    const fate = this.#fates.shift() ?? 'ok';
    if (request.signal?.aborted || fate === 'unreachable') return new Response(null, { status: 503 });
    if (fate === 'later') return new Response(null, { status: 503, headers: { 'Retry-After': '1' } });
    const answer = this.instead(call) ?? (await this.#answer(request, fate));
    return fate === 'cut' || fate === 'lost-answer' ? new Response(null, { status: 502 }) : answer;
  };

  #answer(request: ApiRequest, fate: Fate): Response | Promise<Response> {
    const part = Number(/parts\/(\d+)$/.exec(request.path)?.[1] ?? -1);
    if (request.method === 'HEAD') return this.#look(part);
    if (request.method === 'PUT' && part >= 0) return this.#receive(part, request, fate);
    if (request.method === 'DELETE') return new Response(null, { status: 204 });
    if (request.method === 'GET') return this.#digests();
    return this.#session(request);
  }

  #digests(): Response {
    const digests = [...this.acknowledged].map((part) => [
      part,
      createHash('sha256')
        .update(this.parts.get(part) ?? '')
        .digest('base64'),
    ]);
    return Response.json({ partBytes: PART_BYTES, digests: Object.fromEntries(digests) });
  }

  #look(part: number): Response {
    const done = this.acknowledged.has(part);
    return new Response(null, {
      headers: {
        [header.offset]: String(this.parts.get(part)?.length ?? 0),
        [header.complete]: done ? '?1' : '?0',
      },
    });
  }

  async #receive(part: number, { headers, body }: ApiRequest, fate: Fate): Promise<Response> {
    if (this.acknowledged.has(part)) return accepted(this.stored ? 201 : 204, { [header.complete]: '?1' });
    const have = this.parts.get(part) ?? Buffer.alloc(0);
    const bytes =
      body instanceof Blob
        ? Buffer.from(await body.arrayBuffer())
        : Buffer.from(body as Uint8Array<ArrayBuffer>);
    const offset = Number(headers.get(header.offset));
    this.bodyBytes += bytes.length;
    if (offset !== have.length) {
      this.lostBytes += bytes.length;
      const problem = { code: 'OFFSET_MISMATCH' };
      return Response.json(problem, { status: 409, headers: { [header.offset]: String(have.length) } });
    }
    const kept = fate === 'cut' ? bytes.subarray(0, bytes.length / 3) : bytes;
    this.lostBytes += bytes.length - kept.length;
    if (fate === 'flipped' && kept.length > 0) kept[0] = (kept[0] ?? 0) ^ 1;
    const now = Buffer.concat([have, kept]);
    this.parts.set(part, now);
    if (headers.get(header.complete) === '?0' || fate === 'cut') {
      return accepted(204, { [header.offset]: String(now.length) });
    }
    return this.#complete(part, now, headers.get(header.digest));
  }

  #complete(part: number, bytes: Buffer, digest: string | null): Response {
    const expected = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
    if (digest !== expected || bytes.length !== partSpan(this.#size, PART_BYTES, part).length) {
      this.parts.delete(part);
      this.lostBytes += bytes.length;
      return Response.json({ code: 'DIGEST_MISMATCH' }, { status: 422 });
    }
    this.acknowledged.add(part);
    const isDone = this.acknowledged.size === this.#count;
    if (isDone) this.commits++;
    this.stored = isDone;
    return accepted(isDone ? 201 : 204, { [header.complete]: '?1' });
  }

  #session({ path, body }: ApiRequest): Response {
    const { files } = JSON.parse(String(body)) as { files: { id: string; reopen?: boolean }[] };
    this.registrations.push(files);
    const offsets = [...this.parts].filter(([part]) => !this.acknowledged.has(part));
    return Response.json({
      id: path.split('/')[3],
      device: 'test',
      createdAt: 0,
      issuedAt: 0,
      sessionTtlMinutes: 1e9,
      now: 0,
      files: files.map((file) => ({
        ...file,
        state: this.cancelled ? 'cancelled' : this.stored ? 'stored' : 'open',
        partBytes: PART_BYTES,
        acknowledged: [...this.acknowledged].sort((a, b) => a - b).map((part) => [part, part]),
        offsets: Object.fromEntries(offsets.map(([part, bytes]) => [part, bytes.length])),
      })),
    });
  }
}

/** What a server of ours says of a part it has taken bytes of. */
function accepted(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers: { [header.issuedAt]: '0', ...headers } });
}

let names = 0;

/** A device with one file to upload; `reborn` is the same device after its worker died. */
function device(
  server: ModelServer,
  content: Buffer<ArrayBuffer>,
  chance: () => number,
  { stallMs = 100_000, drainMs = 60_000, filesAreSnapshots = names % 2 === 1 } = {},
) {
  const name = `engine-test-${names++}`;
  const store = new Store(name);
  const file = new File([content], 'film.bin', { lastModified: 5 });
  const shown: number[] = [];
  const told = { gone: 0, superseded: 0 };
  const log: string[] = [];
  const birth = performance.now();
  let skipped = 0;
  const now = () => 1_000_000 + skipped + Math.round((performance.now() - birth) * HASTE);
  const skip = (ms: number) => {
    skipped += ms;
  };
  const upload = newUpload({
    id: crypto.randomUUID(),
    account: 'a1',
    session: crypto.randomUUID(),
    path: '',
    name: 'film.bin',
    size: content.length,
    type: '',
    lastModified: 5,
    addedAt: 1,
  });
  const born = async () => {
    const engine: Engine = new Engine(
      {
        store,
        api: new UploadApi(server.send, () => crypto.randomUUID()),
        now,
        chance,
        timer: (ms, then) => {
          const id = setTimeout(then, ms / HASTE);
          return () => clearTimeout(id);
        },
        account: () => signedIn,
        heldBack: () => false,
        onWrongAccount: () => undefined,
        onChange: () => {
          const row = engine.list.row(upload.id);
          if (row) shown.push(row.state.at === 'stored' ? row.size : row.shownBytes);
          else told.gone++;
        },
        onStored: () => undefined,
        onWork: () => undefined,
        onSuperseded: () => void told.superseded++,
        filesAreSnapshots,
        stagingRoom: async () => 64 * 1024 * 1024,
        log: (line) => log.push(line),
      },
      { stallMs, drainMs },
    );
    await engine.start();
    return engine;
  };
  const add = (engine: Engine, handle?: FileSystemFileHandle) =>
    engine.list.add([upload], [{ id: upload.id, file, path: '', ...(handle && { handle }) }]);
  /** As a browser does that needs the room. */
  const evict = async () => {
    const db = await openDB(name);
    for (const each of db.objectStoreNames) await db.clear(each);
    db.close();
  };
  return { born, add, evict, store, now, skip, upload, file, shown, told, log };
}

async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setTimeout(resolve, 2));
}

function noise(bytes: number, seed: number): Buffer<ArrayBuffer> {
  const out = Buffer.alloc(bytes);
  for (let at = 0, block = 0; at < bytes; at += 32, block++) {
    createHash('sha256').update(`${seed}:${block}`).digest().copy(out, at);
  }
  return out;
}

const big = noise(2 * PART_BYTES + 12_345, 7);
const fate = fc.constantFrom<Fate>('ok', 'ok', 'ok', 'cut', 'lost-answer', 'unreachable', 'later');

test('whatever the network does, the bytes arrive once and whole, and progress never falls', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fate, { maxLength: 30 }),
      fc.integer({ min: 1, max: 6 }),
      async (fates, seed) => {
        const server = new ModelServer(big.length, fates);
        const phone = device(server, big, () => (seed % 7) / 7);
        const engine = await phone.born();
        await phone.add(engine);
        await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
        expect(server.content.equals(big)).toBe(true);
        expect(server.commits).toBe(1);
        expect(server.bodyBytes - server.lostBytes).toBe(big.length);
        expect(phone.shown).toEqual(phone.shown.toSorted((a, b) => a - b));
        await engine.drain();
      },
    ),
    { numRuns: 12 },
  );
}, 60_000);

test('parts leave while a few others are still being written down, and a drain waits for all', async () => {
  const server = new ModelServer(8 * PART_BYTES, []);
  const patient = { stallMs: 10_000_000, drainMs: 10_000_000 };
  const phone = device(server, Buffer.alloc(8 * PART_BYTES), () => 0, patient);
  const engine = await phone.born();
  const save = phone.store.save.bind(phone.store);
  const happened: string[] = [];
  let letWrite = () => {};
  const mayWrite = new Promise<void>((resolve) => (letWrite = resolve));
  phone.store.save = async (generation, checkpoint, durability) => {
    const acknowledges = checkpoint.unstage !== undefined;
    if (acknowledges) await mayWrite;
    await save(generation, checkpoint, durability);
    if (acknowledges) happened.push('written down');
  };
  await phone.add(engine);
  // Three that wait, and the three that may be in flight; then none leaves until one is written down.
  await until(() => server.acknowledged.size === 6);
  const later = phone.now() + 10_000;
  await until(() => phone.now() > later);
  expect(server.acknowledged.size).toBe(6);
  expect(happened).toEqual([]);

  const drained = engine.drain().then(() => happened.push('drained'));
  letWrite();
  await drained;
  expect(happened).toEqual([...Array(happened.length - 1).fill('written down'), 'drained']);
  expect(happened.length).toBeGreaterThan(6);
});

test('a worker that dies again and again goes on from its checkpoint', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 8 }),
      async (lives) => {
        const server = new ModelServer(big.length, []);
        const phone = device(server, big, () => 0);
        let engine = await phone.born();
        await phone.add(engine);
        for (const life of lives) {
          await until(() => server.bodyBytes > 0);
          await new Promise((resolve) => setTimeout(resolve, life));
          // The old engine is left as it is, like a worker that was stopped at an `await`: fencing must hold it off.
          engine = await phone.born();
          await engine.list.giveFile(phone.upload.id, phone.file);
        }
        await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
        expect(server.content.equals(big)).toBe(true);
        expect(server.commits).toBe(1);
        await engine.drain();
      },
    ),
    { numRuns: 8 },
  );
}, 60_000);

test('a part whose bytes arrive flipped is sent again, and the third time the file fails', async () => {
  const once = new ModelServer(1000, ['ok', 'flipped']);
  const phone = device(once, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(once.content.equals(noise(1000, 1))).toBe(true);

  const always = new ModelServer(1000, ['ok', 'flipped', 'flipped', 'flipped']);
  const other = device(always, noise(1000, 1), () => 0);
  const second = await other.born();
  await other.add(second);
  await until(() => second.list.row(other.upload.id)?.state.at === 'failed');
  expect(second.list.row(other.upload.id)?.state).toEqual({ at: 'failed', code: 'DIGEST_MISMATCH' });
});

test('a file that failed its digest and is tried again by a person may fail as often again', async () => {
  const server = new ModelServer(1000, []);
  let failures = 0;
  server.instead = (call) =>
    call === 'PUT parts/0' && ++failures < 6 ? refusal('DIGEST_MISMATCH', 422) : null;
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'failed');
  expect(phone.log.filter((line) => line.startsWith('upload'))).toEqual([
    'upload: a part arrived with another digest, 1 times',
    'upload: a part arrived with another digest, 2 times',
    'upload: a part arrived with another digest, 3 times',
    'upload: failed, DIGEST_MISMATCH',
  ]);
  await engine.list.applyAll([phone.upload.id], { type: 'retry' });
  await until(() => ['failed', 'stored'].includes(engine.list.row(phone.upload.id)?.state.at ?? ''));
  expect(engine.list.row(phone.upload.id)?.state).toEqual({ at: 'stored' });
  await engine.drain();
});

test('an empty file is one empty part', async () => {
  const server = new ModelServer(0, []);
  const phone = device(server, Buffer.alloc(0), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(server.commits).toBe(1);
});

test('a paused upload sends nothing, and goes on where it was', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => server.bodyBytes > 0);
  await engine.list.applyAll([phone.upload.id], { type: 'pause' });
  const before = server.bodyBytes;
  await new Promise((resolve) => setTimeout(resolve, 30));
  // Requests that had left before the pause may still land; none starts after it.
  expect(server.bodyBytes - before).toBeLessThanOrEqual(3 * PART_BYTES);
  expect(engine.list.row(phone.upload.id)?.state).toEqual({ at: 'paused' });
  await engine.list.applyAll([phone.upload.id], { type: 'resume' });
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(server.content.equals(big)).toBe(true);
});

test('after a week of pause the speed is that of now', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => (engine.list.row(phone.upload.id)?.bytesPerSecond ?? 0) > 0);
  await engine.list.applyAll([phone.upload.id], { type: 'pause' });
  await until(() => engine.list.entry(phone.upload.id)?.busy.size === 0);
  phone.skip(7 * 24 * 3_600_000);
  await engine.list.applyAll([phone.upload.id], { type: 'resume' });
  const speeds: number[] = [];
  await until(() => {
    const row = engine.list.row(phone.upload.id);
    for (const speed of [row?.bytesPerSecond, engine.totals().bytesPerSecond]) if (speed) speeds.push(speed);
    return row?.state.at === 'stored';
  });
  // Over the week it would be some 28 bytes a second.
  expect(Math.min(...speeds)).toBeGreaterThan(1000);
  await engine.drain();
});

test('bytes that are staged are enough to go on without the file', async () => {
  const server = new ModelServer(big.length, Array<Fate>(40).fill('unreachable'));
  const phone = device(server, big, () => 0.5);
  const first = await phone.born();
  await phone.add(first);
  await until(() => first.list.row(phone.upload.id)?.safe === 'yes');
  const second = await phone.born();
  expect(second.list.wants()).toEqual([]);
  await until(() => second.list.row(phone.upload.id)?.state.at === 'stored');
  expect(server.content.equals(big)).toBe(true);
});

function refusal(code: string, status: number): Response {
  return Response.json({ code }, { status, headers: { 'Content-Type': 'application/problem+json' } });
}

/** Long enough, at this haste, for what waits for seconds to happen many times. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 60));

test('an upload that another device cancelled is cancelled here, and the server is not asked again', async () => {
  const server = new ModelServer(1000, []);
  server.instead = (call) => (call === 'PUT parts/0' ? refusal('CANCELLED', 410) : null);
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'cancelled');
  await aWhile();
  expect(server.calls).toEqual(['PUT session', 'PUT parts/0']);
  expect(engine.list.entry(phone.upload.id)?.upload.life).toMatchObject({ at: 'cancelled', told: true });
  expect((await phone.store.load()).uploads.map(({ life }) => life.at)).toEqual(['cancelled']);
  await engine.drain();
});

test('a retry of what another device cancelled registers it anew, once', async () => {
  const server = new ModelServer(1000, []);
  let refusals = 1;
  server.instead = (call) => (call === 'PUT parts/0' && refusals-- > 0 ? refusal('CANCELLED', 410) : null);
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'cancelled');
  await engine.list.applyAll([phone.upload.id], { type: 'retry' });
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(server.registrations.map(([file]) => file?.reopen)).toEqual([undefined, true]);
  expect(engine.list.entry(phone.upload.id)?.upload.reopen).toBe(undefined);
  await engine.drain();
});

test.each([404, 410])('a look that is answered with %i leads to registering again', async (status) => {
  const server = new ModelServer(1000, ['ok', 'cut']);
  server.instead = (call) => (call === 'HEAD parts/0' ? new Response(null, { status }) : null);
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(server.calls).toEqual(['PUT session', 'PUT parts/0', 'HEAD parts/0', 'PUT session', 'PUT parts/0']);
  expect(server.bodyBytes - server.lostBytes).toBe(1000);
  await engine.drain();
});

test('an answer that says when is waited for, whatever a click or a wake-up says', async () => {
  const server = new ModelServer(1000, []);
  const left: number[] = [];
  const phone = device(server, noise(1000, 1), () => 0);
  server.instead = (call) => {
    if (call === 'PUT session') return null;
    left.push(phone.now());
    return left.length === 1 ? new Response(null, { status: 503, headers: { 'Retry-After': '40' } }) : null;
  };
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'waiting');
  engine.kick();
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  const [first = 0, second = 0] = left;
  expect(second - first).toBeGreaterThanOrEqual(40_000);
  await engine.drain();
});

/** A device whose file was sent up to its first part in an earlier life, and is within reach by a handle to `file`. */
async function halfway(server: ModelServer, file: File) {
  const phone = device(server, big, () => 0);
  server.parts.set(0, big.subarray(0, PART_BYTES));
  server.acknowledged.add(0);
  const { id } = phone.upload;
  const stored = { kind: 'file', name: 'film.bin' } as FileSystemFileHandle;
  const generation = await phone.store.claim();
  await phone.store.save(
    generation,
    { uploads: [phone.upload], handles: [{ id, handle: stored }] },
    'strict',
  );
  phone.store.handle = async () => ({ ...stored, getFile: async () => file });
  return phone;
}

test('a file that is still the same goes on through its handle in another life of the worker', async () => {
  const server = new ModelServer(big.length, []);
  const phone = await halfway(server, new File([big], 'film.bin', { lastModified: 5 }));
  const engine = await phone.born();
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(server.content.equals(big)).toBe(true);
  expect(server.bodyBytes).toBe(big.length - PART_BYTES);
  await engine.drain();
});

test('a file that was changed between two lives of the worker is never mixed with what it was', async () => {
  const server = new ModelServer(big.length, []);
  const changed = Buffer.from(big).fill(0, PART_BYTES);
  const phone = await halfway(server, new File([changed], 'film.bin', { lastModified: 6 }));
  const engine = await phone.born();
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'needs-file');
  expect(engine.list.row(phone.upload.id)?.state).toEqual({ at: 'needs-file', why: 'changed' });
  await aWhile();
  expect([server.calls.filter((call) => call.includes('parts')), server.bodyBytes]).toEqual([[], 0]);
  await engine.drain();
});

test('an engine whose store was emptied under it ends, and begins again with what is there', async () => {
  const server = new ModelServer(1000, []);
  const phone = device(server, noise(1000, 3), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  const before = engine.list.generation;
  await phone.evict();
  await expect(engine.list.forget([phone.upload.id])).rejects.toMatchObject({ code: 'OUTDATED' });
  expect(phone.told).toEqual({ gone: 0, superseded: 1 });
  await engine.start();
  expect([engine.list.rows(), phone.told.gone]).toEqual([[], 1]);
  expect(engine.list.generation).toBeGreaterThan(before);
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
});

test('an engine that another has taken the place of sends nothing more after its first failed save', async () => {
  const content = noise(4 * 1024 * 1024, 3);
  const server = new ModelServer(content.length, []);
  const phone = device(server, content, () => 0);
  const zombie = await phone.born();
  await phone.add(zombie);
  await until(() => server.count('PUT parts/0') > 0);
  await phone.store.claim();
  await until(() => phone.log.some((line) => line.includes('was superseded')));
  const calls = server.calls.length;
  expect([zombie.isDraining, zombie.hasWork]).toEqual([true, false]);
  await zombie.whenIdle();
  zombie.kick();
  zombie.accountChanged();
  await aWhile();
  expect(server.calls).toHaveLength(calls);
  expect(server.bodyBytes).toBeLessThan(content.length);
});

test('a file whose every part is acknowledged, and that is not stored, is asked about again', async () => {
  const server = new ModelServer(1000, []);
  const phone = device(server, noise(1000, 1), () => 0);
  server.parts.set(0, noise(1000, 1));
  server.acknowledged.add(0);
  const engine = await phone.born();
  await phone.add(engine);
  const registered: number[] = [];
  server.instead = () => {
    registered.push(phone.now());
    server.stored = registered.length > 1;
    return null;
  };
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(server.calls).toEqual(['PUT session', 'PUT session']);
  const [first = 0, second = 0] = registered;
  expect(second - first).toBeGreaterThanOrEqual(1000);
  await engine.drain();
});

test('digests that are not known here are asked of the server, once', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0);
  for (const part of [0, 1]) {
    server.parts.set(part, big.subarray(part * PART_BYTES, (part + 1) * PART_BYTES));
    server.acknowledged.add(part);
  }
  const engine = await phone.born();
  await phone.store.save(
    engine.list.generation,
    { uploads: [{ ...phone.upload, life: { at: 'paused' } }] },
    'strict',
  );
  const next = await phone.born();
  expect(await next.digestsOf(phone.upload)).toEqual(new Map());
  expect(server.calls).toEqual([]);
  await next.list.applyAll([phone.upload.id], { type: 'resume' });
  await until(() => next.list.row(phone.upload.id)?.state.at === 'needs-file');
  const expected = new Map(
    [0, 1].map((part) => {
      const { start, length } = partSpan(big.length, PART_BYTES, part);
      return [
        part,
        createHash('sha256')
          .update(big.subarray(start, start + length))
          .digest('base64'),
      ];
    }),
  );
  const { upload } = next.list.entry(phone.upload.id) ?? phone;
  expect(await next.digestsOf(upload)).toEqual(expected);
  expect(await next.digestsOf(upload)).toEqual(expected);
  expect(server.count('GET digests')).toBe(1);
  await next.drain();
});

test('what was sent here has its digests here, and no digest is asked for', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  const { upload } = engine.list.entry(phone.upload.id) ?? phone;
  expect([...((await engine.digestsOf(upload)) ?? new Map()).keys()].sort()).toEqual([0, 1, 2]);
  expect(server.count('GET digests')).toBe(0);
  await engine.drain();
});

test('the session of the newest upload takes more files, before the server knows of it too', async () => {
  const server = new ModelServer(1000, Array<Fate>(1000).fill('unreachable'));
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  expect(engine.list.openSession(1, 1000)).toBe(null);
  const { session } = phone.upload;
  const older = { ...phone.upload, id: crypto.randomUUID(), session: crypto.randomUUID(), addedAt: 0 };
  await engine.list.add([older, phone.upload], []);
  expect(engine.list.openSession(999, 1000)).toBe(session);
  expect(engine.list.openSession(1000, 1000)).toBe(null);
  await engine.drain();
  const next = await phone.born();
  expect(next.list.openSession(999, 1000)).toBe(session);
  await next.drain();
});

test('a session that is over takes no more files', async () => {
  const server = new ModelServer(1000, []);
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  const { id, session } = phone.upload;
  const record = {
    id: session,
    account: 'a1',
    issuedAt: 0,
    ttlMinutes: 1,
    clockOffsetMs: 0,
    refreshed: null,
  };
  const paused = { ...phone.upload, id, life: { at: 'paused' } } as const;
  await phone.store.save(engine.list.generation, { uploads: [paused], sessions: [record] }, 'strict');
  const next = await phone.born();
  expect(next.list.openSession(1, 1000)).toBe(null);
  await next.drain();
});

test('the end of a session comes into sight though nothing moves', async () => {
  const phone = device(new ModelServer(1000, []), noise(1000, 1), () => 0);
  const { id, session } = phone.upload;
  const record = { account: 'a1', ttlMinutes: 60, clockOffsetMs: 0, refreshed: null };
  const issuedAt = phone.now();
  const paused = { ...phone.upload, life: { at: 'paused' } } as const;
  const sessions = [{ ...record, id: session, issuedAt }];
  const { list: before } = await phone.born();
  await phone.store.save(before.generation, { uploads: [paused], sessions }, 'strict');
  const engine = await phone.born();
  engine.list.tellEnds();
  expect([engine.list.row(id)?.sessionEndsAt, phone.shown.length]).toEqual([null, 0]);
  phone.skip(50 * 60_000);
  engine.list.tellEnds();
  engine.list.tellEnds();
  expect([engine.list.row(id)?.sessionEndsAt, phone.shown.length]).toEqual([issuedAt + 60 * 60_000, 1]);
});

test('what activity has moved the end of a session to outlives the worker', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0);
  const { send } = server;
  const slid = 90 * 60_000;
  server.send = async (request) => {
    const answer = await send(request);
    if (answer.headers.has(header.issuedAt)) answer.headers.set(header.issuedAt, String(slid));
    return answer;
  };
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  const [session] = (await phone.store.load()).sessions;
  expect(session?.issuedAt).toBe(slid);
});

test('sessions of which no upload is left are forgotten at the start', async () => {
  const phone = device(new ModelServer(1000, []), noise(1000, 1), () => 0);
  const engine = await phone.born();
  const record = { account: 'a1', issuedAt: 0, ttlMinutes: 1e9, clockOffsetMs: 0, refreshed: null };
  const sessions = [phone.upload.session, 'old-1', 'old-2'].map((id) => ({ ...record, id }));
  const paused = { ...phone.upload, life: { at: 'paused' } } as const;
  await phone.store.save(engine.list.generation, { uploads: [paused], sessions }, 'strict');
  const next = await phone.born();
  expect((await phone.store.load()).sessions.map(({ id }) => id)).toEqual([phone.upload.session]);
  await next.drain();
});

test('uploads of one add keep their order across a restart', async () => {
  const server = new ModelServer(1000, []);
  const phone = device(server, noise(1000, 1), () => 0);
  const first = await phone.born();
  const addedAt = Date.UTC(2026, 0, 1);
  const uploads = Array.from({ length: 50 }, (_, n) => {
    return {
      ...phone.upload,
      id: crypto.randomUUID(),
      addedAt: addedAt + n / 4096,
      life: { at: 'paused' },
    } as const;
  });
  await phone.store.save(first.list.generation, { uploads: uploads.toReversed() }, 'strict');
  const next = await phone.born();
  expect(next.list.mine().map(({ upload }) => upload.id)).toEqual(uploads.map(({ id }) => id));
  await next.drain();
});

test('a cancellation that is undone is paused again if it was, and the server never heard of it', async () => {
  const server = new ModelServer(1000, ['unreachable']);
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await engine.list.add([{ ...phone.upload, life: { at: 'paused' } }], []);
  await engine.list.applyAll([phone.upload.id], { type: 'cancel', now: phone.now() });
  await engine.list.applyAll([phone.upload.id], { type: 'undo' });
  expect(engine.list.row(phone.upload.id)?.state).toEqual({ at: 'paused' });
  await aWhile();
  expect(server.calls).toEqual([]);
  await engine.drain();
});

test('an upload that another device has begun goes on here, and only what is missing goes out', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0);
  server.parts.set(0, big.subarray(0, PART_BYTES));
  server.acknowledged.add(0);
  server.parts.set(1, big.subarray(PART_BYTES, PART_BYTES + 1000));
  const { id, session, path, name, size, type, lastModified } = phone.upload;
  const file = { id, path, name, size, type, lastModified, state: 'open', partBytes: PART_BYTES };
  const facts = { device: 'Phone', createdAt: 0, issuedAt: 0, sessionTtlMinutes: 1e9, now: 0 };
  const files = [{ ...file, acknowledged: [[0, 0]], offsets: { 1: 1000 } }];
  server.instead = (call) =>
    call === 'GET session' ? Response.json({ sessions: [{ id: session, ...facts, files }] }) : null;
  const engine = await phone.born();
  const renamed = new File([big], 'renamed.bin', { lastModified: 99 });
  const picked = crypto.randomUUID();
  expect(await reselect(engine, [{ id: picked, path: '', file: renamed }])).toEqual({
    matched: [{ id, picked }],
    refused: [],
  });
  await until(() => engine.list.row(id)?.state.at === 'stored');
  expect(server.content.equals(big)).toBe(true);
  expect([server.bodyBytes, server.commits]).toEqual([big.length - PART_BYTES - 1000, 1]);
  expect(server.count('PUT parts/0')).toBe(0);
  await engine.drain();
});

/** `big` as it is after an edit behind its first part. */
const edited = Buffer.from(big).fill(7, PART_BYTES + 5);

test('of a file that was edited and chosen again nothing is mixed with what was kept of it before', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0);
  const first = await phone.born();
  // All of it is kept, and the first part has arrived, when the browser is closed.
  server.instead = (call) => (/PUT parts\/[12]/.test(call) ? new Response(null, { status: 503 }) : null);
  await phone.add(first);
  await until(() => server.acknowledged.has(0) && first.list.row(phone.upload.id)?.safe === 'yes');
  await first.drain();
  const engine = await phone.born();
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'waiting');
  await engine.list.change(engine.list.entry(phone.upload.id) as never, {
    type: 'source-lost',
    why: 'changed',
  });
  const again = new File([edited], 'film.bin', { lastModified: 9 });
  const { matched } = await reselect(engine, [{ id: 'again', path: '', file: again }]);
  expect(matched).toHaveLength(1);
  server.instead = () => null;
  engine.kick();
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(server.content.equals(edited)).toBe(true);
  await engine.drain();
});

test.each([
  ['the same bytes', big, 'stored'],
  ['other bytes', Buffer.from(big).fill(1, 0, 5), 'needs-file'],
] as const)(
  'parts of %s that came from elsewhere are compared with the file before it goes on',
  async (_what, theirs, at) => {
    const server = new ModelServer(big.length, []);
    server.parts.set(0, Buffer.from(theirs.subarray(0, PART_BYTES)));
    server.acknowledged.add(0);
    const phone = device(server, big, () => 0);
    const engine = await phone.born();
    await phone.add(engine);
    await until(() => engine.list.row(phone.upload.id)?.state.at === at);
    expect(server.count('GET digests')).toBe(1);
    expect(server.bodyBytes).toBe(at === 'stored' ? big.length - PART_BYTES : 0);
    if (at === 'stored') expect(server.content.equals(big)).toBe(true);
    await engine.drain();
  },
);

test('a session that ends before its parts could be compared is registered again', async () => {
  const server = new ModelServer(big.length, []);
  server.parts.set(0, big.subarray(0, PART_BYTES));
  server.acknowledged.add(0);
  server.instead = (call) =>
    call === 'GET digests' && server.count('PUT session') < 2 ? refusal('EXPIRED_SESSION', 410) : null;
  const phone = device(server, big, () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(server.content.equals(big)).toBe(true);
  await engine.drain();
});

test('a file that changes under the hand between two of its parts is not stored as a mix', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0, { filesAreSnapshots: false });
  // Saved anew by its editor just after its first part was read.
  const after = new File([Buffer.from(big).fill(9)], 'film.bin', { lastModified: 5 });
  const before = phone.file.slice.bind(phone.file);
  let isEdited = false;
  phone.file.slice = (from = 0, to) => {
    isEdited ||= from > 0;
    return isEdited ? after.slice(from, to) : before(from, to);
  };
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => ['stored', 'needs-file'].includes(engine.list.row(phone.upload.id)?.state.at ?? ''));
  expect(engine.list.row(phone.upload.id)?.state).toEqual({ at: 'needs-file', why: 'changed' });
  expect(server.commits).toBe(0);
  await engine.drain();
});

test('a server that says "expired" whatever is renewed is left to a person, and not asked on and on', async () => {
  const server = new ModelServer(1000, []);
  server.instead = (call) => (call === 'PUT parts/0' ? refusal('EXPIRED_SESSION', 410) : null);
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'expired');
  await aWhile();
  expect(engine.list.row(phone.upload.id)?.state.at).toBe('expired');
  expect(server.count('PUT parts/0')).toBeLessThanOrEqual(2);
  await engine.drain();
});

test('a 401 from a server whose session is alive is not asked about without a pause', async () => {
  const server = new ModelServer(1000, []);
  let refusals = 0;
  server.instead = () => (refusals++ < 1000 ? refusal('SESSION_EXPIRED', 401) : null);
  const phone = device(server, noise(1000, 1), () => 1);
  const engine = await phone.born();
  await phone.add(engine);
  const later = phone.now() + 20_000;
  await until(() => phone.now() > later);
  expect(server.calls.length).toBeLessThan(20);
  await engine.drain();
});

test('a part that another device has finished meanwhile is not sent on', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0);
  const send = server.send;
  server.send = async (request) => {
    // Between two of our segments.
    if (request.path.endsWith('/parts/0') && (server.parts.get(0)?.length ?? 0) > 0) {
      server.parts.set(0, big.subarray(0, PART_BYTES));
      server.acknowledged.add(0);
    }
    return send(request);
  };
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(server.content.equals(big)).toBe(true);
  expect(server.count('PUT parts/0')).toBe(2);
  await engine.drain();
});

test('a part that is acknowledged while somebody signs in once more is not sent again', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0, { stallMs: 10_000_000 });
  const { send } = server;
  /** The first part to reach its end: the others are still under way. */
  let first: string | null = null;
  let sentAgain = 0;
  server.send = async (request) => {
    if (request.path === first) sentAgain++;
    else if (first === null && request.headers.get(header.complete) === '?1') {
      first = request.path;
      engine.accountChanged();
      await aWhile();
    }
    const answer = await send(request);
    // Whatever a second registration says by now, the part is acknowledged before that is heard.
    if (server.registrations.length > 1 && request.path.endsWith(phone.upload.session)) {
      await until(() => server.acknowledged.size > 0);
      await aWhile();
    }
    return answer;
  };
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(sentAgain).toBe(0);
  await engine.drain();
});

test('bodies that arrive empty or short go on from what was kept', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0);
  const send = server.send;
  let cuts = 4;
  server.send = async (request) => {
    const isOpenEnded = request.headers.get(header.complete) === '?0';
    if (!isOpenEnded || cuts-- <= 0 || !(request.body instanceof Blob || request.body instanceof Uint8Array))
      return send(request);
    const { body } = request;
    const part = body instanceof Blob ? body : new Blob([new Uint8Array(body)]);
    return send({ ...request, body: part.slice(0, cuts * 100) });
  };
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(cuts).toBeLessThan(4);
  expect(server.content.equals(big)).toBe(true);
  expect([server.bodyBytes, server.commits]).toEqual([big.length, 1]);
  expect(phone.shown).toEqual(phone.shown.toSorted((a, b) => a - b));
  await engine.drain();
});

test.each([
  ['a click', (engine: Engine, id: string) => engine.list.applyAll([id], { type: 'pause' })],
  ['a file', (engine: Engine, id: string) => engine.list.giveFile(id, new File([noise(1000, 1)], 'b'))],
  ['a file that is added', (engine: Engine) => engine.list.add([], [])],
  ['a row that is forgotten', (engine: Engine, id: string) => engine.list.forget([id])],
])('%s that meets a newer worker is refused as outdated, and ends the engine at once', async (_what, act) => {
  const server = new ModelServer(1000, []);
  const held = Promise.withResolvers<undefined>();
  const phone = device(server, noise(1000, 1), () => 0);
  const send = server.send;
  let signal: AbortSignal | undefined;
  server.send = async (request) => {
    if (!request.path.includes('/parts/')) return send(request);
    signal = request.signal;
    await held.promise;
    return send(request);
  };
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => signal !== undefined);
  await phone.store.claim();
  await expect(act(engine, phone.upload.id)).rejects.toMatchObject({ code: 'OUTDATED' });
  expect([engine.isDraining, engine.hasWork, signal?.aborted]).toEqual([true, false, true]);
  held.resolve(undefined);
  await aWhile();
  expect(server.count('PUT session')).toBe(1);
});

test('a row is made again only when something of it has changed', async () => {
  const server = new ModelServer(1000, Array<Fate>(1000).fill('unreachable'));
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  const other = { ...phone.upload, id: crypto.randomUUID(), name: 'b', life: { at: 'paused' } } as const;
  const third = { ...other, id: crypto.randomUUID() };
  await engine.list.add([{ ...phone.upload, life: { at: 'paused' } }, other, third], []);
  const before = engine.list.rows();
  expect(engine.list.rows().every((row, n) => row === before[n])).toBe(true);
  engine.totals();
  await engine.list.applyAll([other.id], { type: 'cancel', now: phone.now() });
  const after = engine.list.rows();
  expect(after.map((row, n) => row === before[n])).toEqual([true, false, true]);
  await engine.list.applyAll([other.id], { type: 'cancel', now: phone.now() });
  expect(engine.list.rows().every((row, n) => row === after[n])).toBe(true);
  await engine.drain();
});

test.each(['PUT session', 'PUT parts/0'])(
  'what another device cancelled, as heard by %s, keeps no staged bytes here',
  async (from) => {
    const server = new ModelServer(big.length, Array<Fate>(60).fill('unreachable'));
    const phone = device(server, big, () => 0.5);
    const engine = await phone.born();
    await phone.add(engine);
    await until(() => engine.list.row(phone.upload.id)?.safe === 'yes');
    expect((await phone.store.load()).staged).toHaveLength(3);
    if (from === 'PUT session') server.cancelled = true;
    else server.instead = (call) => (call.startsWith('PUT parts') ? refusal('CANCELLED', 410) : null);
    await until(() => engine.list.row(phone.upload.id)?.state.at === 'cancelled');
    expect((await phone.store.load()).staged).toEqual([]);
    expect(engine.list.bytes.stagedParts(phone.upload.id).size).toBe(0);
    await engine.drain();
  },
);

test.each([
  ['NotReadableError', 'changed'],
  ['NotFoundError', 'gone'],
  ['SecurityError', 'unreadable'],
])('a page is not asked again for a file that fails with %s', async (name, why) => {
  const server = new ModelServer(1000, []);
  const phone = device(server, noise(1000, 1), () => 0);
  phone.file.slice = () => {
    throw new DOMException('no', name);
  };
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'needs-file');
  expect(engine.list.row(phone.upload.id)?.state).toEqual({ at: 'needs-file', why });
  expect(engine.list.wants()).toEqual([]);
  await engine.drain();
  const next = await phone.born();
  expect(next.list.wants()).toEqual([]);
  await next.drain();
});

test('after a restart a page is asked for the file it has', async () => {
  const server = new ModelServer(1000, Array<Fate>(1000).fill('unreachable'));
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await engine.list.add([phone.upload], []);
  expect(engine.list.wants()).toEqual([phone.upload.id]);
  await engine.list.applyAll([phone.upload.id], { type: 'source-lost', why: 'restarted' });
  expect(engine.list.wants()).toEqual([phone.upload.id]);
  await engine.drain();
});

test('a row shows what is written down, and no more until it is', async () => {
  const phone = device(new ModelServer(1000, Array<Fate>(1000).fill('unreachable')), noise(1000, 1), () => 0);
  const engine = await phone.born();
  await engine.list.add([{ ...phone.upload, life: { at: 'paused' } }], []);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const save = phone.store.save.bind(phone.store);
  phone.store.save = async (...all) => {
    await promise;
    return save(...all);
  };
  const cancelling = engine.list.applyAll([phone.upload.id], { type: 'cancel', now: phone.now() });
  expect(engine.list.row(phone.upload.id)?.state).toEqual({ at: 'paused' });
  resolve(undefined);
  await cancelling;
  expect(engine.list.row(phone.upload.id)?.state.at).toBe('cancelled');
  await engine.drain();
});

test('what can not be written down is not so, and the upload goes on from what is', async () => {
  const server = new ModelServer(1000, []);
  const phone = device(server, noise(1000, 1), () => 0);
  const save = phone.store.save.bind(phone.store);
  let failures = 0;
  phone.store.save = async (generation, checkpoint, durability) => {
    const isStored = checkpoint.uploads?.some(({ life }) => life.at === 'stored') ?? false;
    if (isStored && failures++ < 2) throw new HoldfastError('DEVICE_FULL', 'No room for a moment');
    return save(generation, checkpoint, durability);
  };
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect([failures, server.commits, server.bodyBytes]).toEqual([3, 1, 1000]);
  await engine.drain();
});

test('a refresh renews the session of an upload that goes on, and of one that is expired', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => server.bodyBytes > 0);
  await engine.refresh([phone.upload.id]);
  await until(() => server.count('PUT session') === 2);
  await engine.list.applyAll([phone.upload.id], { type: 'session-expired' });
  expect(engine.list.row(phone.upload.id)?.state).toEqual({ at: 'expired' });
  await engine.refresh([phone.upload.id, 'nobody']);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(server.content.equals(big)).toBe(true);
  await engine.drain();
});

test('a file that is given again with another date is the one its handle has to show from now on', async () => {
  const server = new ModelServer(big.length, []);
  const phone = await halfway(server, new File([big], 'film.bin', { lastModified: 6 }));
  const engine = await phone.born();
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'needs-file');
  await engine.list.giveFile(phone.upload.id, new File([big], 'film.bin', { lastModified: 6 }));
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect((await phone.store.load()).uploads[0]?.lastModified).toBe(6);
  expect(server.content.equals(big)).toBe(true);
  await engine.drain();
});

test('10,000 uploads are listed, counted and planned for without a walk for each', async () => {
  const server = new ModelServer(1000, Array<Fate>(1000).fill('unreachable'));
  const phone = device(server, noise(1000, 1), () => 0.9);
  const engine = await phone.born();
  const uploads = Array.from({ length: 10_000 }, (_, n) => ({
    ...phone.upload,
    id: `u${n}`,
    addedAt: n,
  }));
  await engine.list.add(uploads, []);
  engine.snapshot(1);
  const begun = performance.now();
  for (let n = 0; n < 10; n++) {
    engine.list.touch([`u${n}`]);
    engine.totals();
  }
  expect((performance.now() - begun) / 10).toBeLessThan(50);
  await engine.drain();
}, 20_000);

test('a row that is forgotten is gone with all that was kept of it, and its requests end', async () => {
  const server = new ModelServer(big.length, Array<Fate>(1000).fill('unreachable'));
  const phone = device(server, big, () => 0.5);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.safe === 'yes');
  await engine.list.forget([phone.upload.id]);
  expect([engine.list.row(phone.upload.id), engine.list.size, engine.hasWork]).toEqual([null, 0, false]);
  const { uploads, staged, digests } = await phone.store.load();
  expect([uploads, staged, digests]).toEqual([[], [], []]);
  await engine.drain();
});

test('each retry is logged with its reason and its time, and what failed together once', async () => {
  const server = new ModelServer(1000, []);
  const answers = [
    () => new Response(null, { status: 502 }),
    () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } }),
    () => refusal('UNREACHABLE', 503),
    () => new Response(null, { status: 503, headers: { 'Retry-After': '40' } }),
  ];
  server.instead = () => answers.shift()?.() ?? null;
  // No wait is drawn, and no request stalls.
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(phone.log.filter((line) => line.startsWith('network'))).toEqual([
    'network: status 502, 1 failures, next try in 0 ms',
    'network: page with status 200, 2 failures, next try in 0 ms',
    'network: no answer, 3 failures, next try in 0 ms',
    expect.stringMatching(/^network: told to wait, 3 failures, next try in (40000|3\d{4}) ms$/),
    'network: answered, 0 failures, next try in 0 ms',
  ]);
  await engine.drain();
});

test('a request that gets no answer is logged as stalled', async () => {
  const server = new ModelServer(1000, []);
  const { send } = server;
  let isFirst = true;
  server.send = async (request) => {
    const isLost = isFirst;
    isFirst = false;
    if (isLost) await new Promise((resolve) => request.signal?.addEventListener('abort', resolve));
    return send(request);
  };
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  expect(phone.log.filter((line) => line.startsWith('network'))).toEqual([
    'network: stalled, 2 failures, next try in 0 ms',
    'network: answered, 0 failures, next try in 0 ms',
  ]);
  await engine.drain();
});

test('what another device took over, and a file that is needed, are logged with what is known', async () => {
  const server = new ModelServer(1000, []);
  const codes = ['TAKEN_OVER', 'PART_EXISTS'];
  server.instead = (call) => {
    const code = call === 'PUT parts/0' ? codes.shift() : undefined;
    return code === undefined ? null : refusal(code, 409);
  };
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'needs-file');
  expect(phone.log.filter((line) => line.startsWith('upload'))).toEqual([
    'upload: another device, or an older request, is at work on a part',
    'upload: needs its file, changed',
  ]);
  await engine.drain();
});

/**
 * Has `count` files registered that no page has, by a server that answers a registration by `judge`; null leaves it to
 * the model. Settles when each of them is registered or has failed, with the number of files of each registration.
 */
async function register(
  count: number,
  judge: (files: { name: string }[], signal?: AbortSignal) => Response | null | Promise<Response | null>,
) {
  const server = new ModelServer(1000, []);
  const send = server.send;
  const sent: number[] = [];
  server.send = async (request) => {
    const { files } = JSON.parse(String(request.body)) as { files: { name: string }[] };
    sent.push(files.length);
    return (await judge(files, request.signal)) ?? send(request);
  };
  // Longer than a busy machine takes, since each request is counted.
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  const uploads = Array.from({ length: count }, (_, n) => {
    return { ...phone.upload, id: crypto.randomUUID(), name: `${n}.jpg`, addedAt: n };
  });
  await engine.list.add(uploads, []);
  // Registered, it has no bytes to send: that is as far as it goes.
  await until(() => engine.list.rows().every(({ state }) => ['failed', 'needs-file'].includes(state.at)));
  const failed = engine.list.rows().filter(({ state }) => state.at === 'failed');
  await engine.drain();
  return { sent, failed, log: phone.log };
}

test('files that all do not fit are refused one by one, once the first was', async () => {
  const { sent, failed } = await register(20, () => refusal('QUOTA_EXCEEDED', 507));
  expect(failed).toHaveLength(20);
  expect(sent).toEqual([20, 10, 5, 3, 2, ...Array(20).fill(1)]);
});

test('one bad file among many is found by halves, and the others are registered', async () => {
  const { sent, failed, log } = await register(64, (files) =>
    files.some(({ name }) => name === '37.jpg') ? refusal('ID_REUSED', 409) : null,
  );
  expect(failed.map(({ name, state }) => [name, state])).toEqual([
    ['37.jpg', { at: 'failed', code: 'ID_REUSED' }],
  ]);
  expect(sent).toEqual([64, 32, 16, 8, 4, 2, 1, 1, 1, 2, 4, 8, 11]);
  expect(log.filter((line) => line.includes('ID_REUSED'))).toEqual([
    ...[64, 16, 8, 2].map((files) => `registering ${files} files: ID_REUSED`),
    'upload: failed, ID_REUSED',
  ]);
});

test('a registration that a proxy refuses as too large is halved, and one file alone fails', async () => {
  const tooLarge = () => new Response('<html>', { status: 413, headers: { 'Content-Type': 'text/html' } });
  const { sent, failed } = await register(9, (files) =>
    files.length > 3 || files.some(({ name }) => name === '0.jpg') ? tooLarge() : null,
  );
  expect(failed.map(({ name, state }) => [name, state])).toEqual([
    ['0.jpg', { at: 'failed', code: 'TOO_LARGE' }],
  ]);
  expect(sent).toEqual([9, 5, 3, 2, 1, 1, 2, 4, 2, 3]);
});

test('a registration that gets no answer has fewer files the next time', async () => {
  const { sent, failed } = await register(1000, async (files, signal) => {
    if (files.length <= 500) return null;
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    return new Response(null, { status: 503 });
  });
  expect([sent, failed]).toEqual([[1000, 500, 500], []]);
});

test('a registration on a slow link is waited for as long as its body takes', async () => {
  const server = new ModelServer(64 * 1024, []);
  const phone = device(server, noise(64 * 1024, 1), () => 0);
  const later = async (deviceMs: number) => {
    const due = phone.now() + deviceMs;
    await until(() => phone.now() >= due);
  };
  const { send } = server;
  const sent: number[] = [];
  server.send = async (request) => {
    if (request.path.includes('/parts/')) await later(8000);
    else {
      const { files } = JSON.parse(String(request.body)) as { files: unknown[] };
      sent.push(files.length);
      if (files.length > 1) await later(25_000);
    }
    return send(request);
  };
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === 'stored');
  const more = Array.from({ length: 500 }, (_, n) => ({
    ...phone.upload,
    id: crypto.randomUUID(),
    addedAt: n,
  }));
  await engine.list.add(more, []);
  await until(() => more.every(({ id }) => engine.list.entry(id)?.attached));
  expect(sent).toEqual([1, 500]);
  await engine.drain();
});

test.each([
  ['TAKEN_OVER', 409, 'stored'],
  ['PART_EXISTS', 409, 'needs-file'],
  ['QUOTA_EXCEEDED', 507, 'failed'],
  ['WRONG_ACCOUNT', 403, 'stored'],
  ['EXPIRED_SESSION', 410, 'stored'],
  ['BODY_STALLED', 408, 'stored'],
] as const)('a part that is answered %s once leaves its upload %s', async (code, status, at) => {
  const server = new ModelServer(1000, []);
  let refusals = 1;
  server.instead = (call) => (call === 'PUT parts/0' && refusals-- > 0 ? refusal(code, status) : null);
  const phone = device(server, noise(1000, 1), () => 0);
  const engine = await phone.born();
  await phone.add(engine);
  await until(() => engine.list.row(phone.upload.id)?.state.at === at);
  if (at === 'stored') expect(server.content.equals(noise(1000, 1))).toBe(true);
  await engine.drain();
});
