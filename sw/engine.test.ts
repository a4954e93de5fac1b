import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AccountState } from '../shared/account-session.ts';
import { header } from '../shared/api.ts';
import { PART_BYTES, partSpan } from '../shared/parts.ts';
import { newUpload } from '../shared/upload.ts';
import { Engine } from './engine.ts';
import type { ApiRequest } from './gateway.ts';
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
  commits = 0;
  bodyBytes = 0;
  lostBytes = 0;
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

  send = async (request: ApiRequest): Promise<Response> => {
    // Every answer takes a moment, so that requests overlap.
    await new Promise((resolve) => setTimeout(resolve, 1));
    const fate = this.#fates.shift() ?? 'ok';
    if (request.signal?.aborted || fate === 'unreachable') return new Response(null, { status: 503 });
    if (fate === 'later') return new Response(null, { status: 503, headers: { 'Retry-After': '1' } });
    const answer = await this.#answer(request, fate);
    return fate === 'cut' || fate === 'lost-answer' ? new Response(null, { status: 502 }) : answer;
  };

  #answer(request: ApiRequest, fate: Fate): Response | Promise<Response> {
    const part = Number(/parts\/(\d+)$/.exec(request.path)?.[1] ?? -1);
    if (request.method === 'HEAD') return this.#look(part);
    if (request.method === 'PUT' && part >= 0) return this.#receive(part, request, fate);
    return this.#session(request);
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
    if (this.acknowledged.has(part)) return new Response(null, { status: this.stored ? 201 : 204 });
    const have = this.parts.get(part) ?? Buffer.alloc(0);
    const bytes = Buffer.from(
      body instanceof Blob ? await body.arrayBuffer() : (body as Uint8Array<ArrayBuffer>),
    );
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
    if (headers.get(header.complete) === '?0' || fate === 'cut') return new Response(null, { status: 204 });
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
    if (this.acknowledged.size < this.#count) return new Response(null, { status: 204 });
    this.stored = true;
    this.commits++;
    return Response.json({}, { status: 201 });
  }

  #session({ path, body }: ApiRequest): Response {
    const { files } = JSON.parse(String(body)) as { files: object[] };
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
        state: this.stored ? 'stored' : 'open',
        partBytes: PART_BYTES,
        acknowledged: [...this.acknowledged].map((part) => [part, part]),
        offsets: Object.fromEntries(offsets.map(([part, bytes]) => [part, bytes.length])),
      })),
    });
  }
}

let names = 0;

/** A device with one file to upload; `reborn` is the same device after its worker died. */
function device(server: ModelServer, content: Buffer<ArrayBuffer>, chance: () => number) {
  const store = new Store(`engine-test-${names++}`);
  const file = new File([content], 'film.bin', { lastModified: 5 });
  const shown: number[] = [];
  const birth = performance.now();
  const now = () => 1_000_000 + Math.round((performance.now() - birth) * HASTE);
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
        onWrongAccount: () => undefined,
        onChange: () => {
          const row = engine.row(upload.id);
          if (row) shown.push(row.state.at === 'stored' ? row.size : row.shownBytes);
        },
        onStored: () => undefined,
        filesAreSnapshots: names % 2 === 0,
        stagingRoom: async () => 64 * 1024 * 1024,
        log: () => undefined,
      },
      { stallMs: 15_000, drainMs: 5000 },
    );
    await engine.start();
    return engine;
  };
  return { born, upload, file, shown };
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
        await engine.add([phone.upload], [{ id: phone.upload.id, file: phone.file, path: '' }]);
        await until(() => engine.row(phone.upload.id)?.state.at === 'stored');
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

test('a worker that dies again and again goes on from its checkpoint', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 8 }),
      async (lives) => {
        const server = new ModelServer(big.length, []);
        const phone = device(server, big, () => 0);
        let engine = await phone.born();
        await engine.add([phone.upload], [{ id: phone.upload.id, file: phone.file, path: '' }]);
        for (const life of lives) {
          await until(() => server.bodyBytes > 0);
          await new Promise((resolve) => setTimeout(resolve, life));
          // The old engine is left as it is, like a worker that was stopped at an `await`: fencing must hold it off.
          engine = await phone.born();
          await engine.giveFile(phone.upload.id, phone.file);
        }
        await until(() => engine.row(phone.upload.id)?.state.at === 'stored');
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
  await engine.add([phone.upload], [{ id: phone.upload.id, file: phone.file, path: '' }]);
  await until(() => engine.row(phone.upload.id)?.state.at === 'stored');
  expect(once.content.equals(noise(1000, 1))).toBe(true);

  const always = new ModelServer(1000, ['ok', 'flipped', 'flipped', 'flipped']);
  const other = device(always, noise(1000, 1), () => 0);
  const second = await other.born();
  await second.add([other.upload], [{ id: other.upload.id, file: other.file, path: '' }]);
  await until(() => second.row(other.upload.id)?.state.at === 'failed');
  expect(second.row(other.upload.id)?.state).toEqual({ at: 'failed', code: 'DIGEST_MISMATCH' });
});

test('an empty file is one empty part', async () => {
  const server = new ModelServer(0, []);
  const phone = device(server, Buffer.alloc(0), () => 0);
  const engine = await phone.born();
  await engine.add([phone.upload], [{ id: phone.upload.id, file: phone.file, path: '' }]);
  await until(() => engine.row(phone.upload.id)?.state.at === 'stored');
  expect(server.commits).toBe(1);
});

test('a paused upload sends nothing, and goes on where it was', async () => {
  const server = new ModelServer(big.length, []);
  const phone = device(server, big, () => 0);
  const engine = await phone.born();
  await engine.add([phone.upload], [{ id: phone.upload.id, file: phone.file, path: '' }]);
  await until(() => server.bodyBytes > 0);
  await engine.apply(phone.upload.id, { type: 'pause' });
  const before = server.bodyBytes;
  await new Promise((resolve) => setTimeout(resolve, 30));
  // Requests that had left before the pause may still land; none starts after it.
  expect(server.bodyBytes - before).toBeLessThanOrEqual(3 * PART_BYTES);
  expect(engine.row(phone.upload.id)?.state).toEqual({ at: 'paused' });
  await engine.apply(phone.upload.id, { type: 'resume' });
  await until(() => engine.row(phone.upload.id)?.state.at === 'stored');
  expect(server.content.equals(big)).toBe(true);
});

test('bytes that are staged are enough to go on without the file', async () => {
  const server = new ModelServer(big.length, Array<Fate>(40).fill('unreachable'));
  const phone = device(server, big, () => 0.5);
  const first = await phone.born();
  await first.add([phone.upload], [{ id: phone.upload.id, file: phone.file, path: '' }]);
  await until(() => first.row(phone.upload.id)?.safe === 'yes');
  const second = await phone.born();
  expect(second.wants()).toEqual([]);
  await until(() => second.row(phone.upload.id)?.state.at === 'stored');
  expect(server.content.equals(big)).toBe(true);
});
