import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FaultProxy } from './fault-proxy.ts';

const MIB = 1024 * 1024;
let received: { bytes: number; isWhole: boolean }[];
let proxy: FaultProxy;
let stop: () => void;

beforeEach(async () => {
  received = [];
  const server = createServer((incoming, answer) => {
    const seen = { bytes: 0, isWhole: false };
    received.push(seen);
    incoming.on('data', (chunk: Buffer) => {
      seen.bytes += chunk.length;
    });
    incoming.on('end', () => {
      seen.isWhole = true;
      answer.end('ok');
    });
    incoming.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await FaultProxy.start({ targetPort: (server.address() as AddressInfo).port });
  stop = () => server.closeAllConnections() ?? server.close();
});

afterEach(async () => {
  await proxy.close();
  stop();
});

test('without faults everything passes, and every request is seen over one kept connection', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const size of [0, 10, 3 * MIB]) expect(await put(size, { agent })).toBe('200 ok');
  agent.destroy();

  expect(received.map((seen) => seen.bytes)).toEqual([0, 10, 3 * MIB]);
  expect(
    proxy.requests.map(({ connection, method, path, bodyBytes, status }) => ({
      connection,
      method,
      path,
      bodyBytes,
      status,
    })),
  ).toEqual(
    [0, 10, 3 * MIB].map((bodyBytes) => ({
      connection: 1,
      method: 'PUT',
      path: '/file?a=b',
      bodyBytes,
      status: 200,
    })),
  );
  expect(proxy.counts.connections).toBe(1);
  expect(proxy.counts.fromClients).toBe(proxy.counts.toServer);
});

test('the rate is shared by all connections of one direction', async () => {
  await proxy.set({ bitsPerSecond: 40e6 });
  const seconds = await time(() => Promise.all([put(MIB), put(MIB), put(MIB)]));
  // A busy machine is late, but it is never early.
  expect(seconds).toBeGreaterThan(((3 * MIB * 8) / 40e6) * 0.97);
});

test('latency delays each direction, and a new connection by one round trip', async () => {
  await proxy.set({ latencyMs: 40 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const first = await time(() => put(10, { agent }));
  const again = await time(() => put(10, { agent }));
  agent.destroy();
  expect(first).toBeGreaterThan(0.159);
  expect(again).toBeGreaterThan(0.079);
  expect(again).toBeLessThan(first);
});

test('a connection that is cut delivers exactly its bytes, also those that were still on their way', async () => {
  await proxy.set({ cutAfterBytes: 300_000, latencyMs: 20 });
  expect(await put(MIB)).toBe('ECONNRESET');
  expect(proxy.counts.fromClients).toBe(300_000);
  expect(proxy.counts.toServer).toBe(300_000);
  const head = 300_000 - (proxy.requests[0]?.bodyBytes ?? 0);
  await until(() => received[0]?.bytes === 300_000 - head);
  expect(received).toEqual([{ bytes: 300_000 - head, isWhole: false }]);
});

test('cut points are drawn by the seed', async () => {
  const draws = async () => {
    const seeded = await FaultProxy.start({ targetPort: proxy.targetPort, seed: 7 });
    await seeded.close();
    return [1, 2, 3].map(() => seeded.draw([1000, 9000]));
  };
  const first = await draws();
  expect(await draws()).toEqual(first);
  expect(first.every((bytes) => bytes >= 1000 && bytes <= 9000)).toBe(true);
});

test('connections are reset at their age', async () => {
  await proxy.set({ bitsPerSecond: 8e6, resetAfterMs: 200 });
  const seconds = await time(async () => expect(await put(MIB)).toBe('ECONNRESET'));
  expect(seconds).toBeGreaterThan(0.19);
  expect(proxy.counts.fromClients).toBeGreaterThan(100_000);
  // 1 MB/s for as long as it took, and a piece more.
  expect(proxy.counts.fromClients).toBeLessThan(seconds * 1e6 + 40_000);
});

test('a black hole takes a request and gives no answer, until it ends', async () => {
  await proxy.set({ hang: true });
  const answer = put(10);
  expect(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 150, 'nothing'))])).toBe(
    'nothing',
  );
  expect(proxy.counts.fromClients).toBe(0);
  await proxy.set({ hang: false });
  expect(await answer).toBe('200 ok');
});

test('new connections are refused while nobody listens', async () => {
  await proxy.set({ refuse: true });
  expect(await put(10)).toBe('ECONNREFUSED');
  await proxy.set({ refuse: false });
  expect(await put(10)).toBe('200 ok');
});

test('an answer can be lost after its request was delivered', async () => {
  await proxy.set({ dropAnswer: (seen) => seen.bodyBytes === 10 });
  expect(await put(10)).toBe('ECONNRESET');
  expect(received).toEqual([{ bytes: 10, isWhole: true }]);
  expect(proxy.requests[0]?.status).toBe(null);
  expect(await put(11)).toBe('200 ok');
});

test('a client that goes away takes its request at the server with it', async () => {
  await proxy.set({ bitsPerSecond: 8e6 });
  const leaving = new AbortController();
  const answer = put(MIB, { signal: leaving.signal });
  await until(() => (received[0]?.bytes ?? 0) > 50_000);
  leaving.abort();
  expect(await answer).toBe('ABORT_ERR');
  await until(() => proxy.openConnections === 0);
});

/** `<status> <body>` of a PUT of so many bytes through the proxy, or the code it failed with. */
function put(size: number, options: { agent?: Agent; signal?: AbortSignal } = {}): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request(
      {
        port: proxy.port,
        host: '127.0.0.1',
        method: 'PUT',
        path: '/file?a=b',
        headers: { 'Content-Length': size },
        agent: false,
        ...options,
      },
      async (answer: IncomingMessage) => {
        resolve(`${answer.statusCode} ${Buffer.concat(await answer.toArray())}`);
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EPIPE' ? 'ECONNRESET' : String(error.code)),
    );
    outgoing.end(Buffer.alloc(size, 1));
  });
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 200) throw new Error('Never came true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
