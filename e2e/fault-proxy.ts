import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Lane } from './lane.ts';
import { Link } from './link.ts';
import { RequestHeads, type SeenRequest } from './request-heads.ts';

/** A fixed number, or one drawn for each connection from both ends included, by the proxy's seed. */
export type Drawn = number | readonly [least: number, most: number];

/** What goes wrong between browser and server. All of it can change while connections are open. */
export interface Faults {
  /** Bits per second in each direction, shared by all connections; null for no limit. */
  bitsPerSecond: number | null;
  /** One way; a round trip takes twice as long, and a new connection one round trip more. */
  latencyMs: number;
  /** Each connection ends after so many bytes from the client; the server still gets these. */
  cutAfterBytes: Drawn | null;
  /** Each connection is reset so long after it was opened. */
  resetAfterMs: Drawn | null;
  /** A black hole: connections are accepted, and nothing goes through until this ends. */
  hang: boolean;
  /** Nobody listens: new connections are refused. Open ones live on; see `resetAll`. */
  refuse: boolean;
  /** Requests that are delivered, and whose answer is lost with the connection. */
  dropAnswer: ((request: SeenRequest) => boolean) | null;
}

export const NO_FAULTS: Readonly<Faults> = {
  bitsPerSecond: null,
  latencyMs: 0,
  cutAfterBytes: null,
  resetAfterMs: null,
  hang: false,
  refuse: false,
  dropAnswer: null,
};

/** All in bytes, except the connections. */
export interface Counts {
  /** Put on the link by clients: what an upload costs. */
  fromClients: number;
  toServer: number;
  fromServer: number;
  toClients: number;
  connections: number;
}

const NO_COUNTS: Readonly<Counts> = {
  fromClients: 0,
  toServer: 0,
  fromServer: 0,
  toClients: 0,
  connections: 0,
};

/**
 * Stands between browser and server and does what networks do. It never looks at bytes but to find requests, and
 * with no faults it passes them on as fast as they come, so that it can also sit in the path of a benchmark.
 */
export class FaultProxy {
  faults: Readonly<Faults> = NO_FAULTS;
  /** Since the start or the last `forget()`. */
  counts: Counts = { ...NO_COUNTS };
  /** Every request since the start or the last `forget()`, in the order in which they began. */
  requests: SeenRequest[] = [];
  /** Where the server listens, on loopback. */
  targetPort: number;
  readonly up = new Link();
  readonly down = new Link();
  readonly #random: () => number;
  readonly #connections = new Set<Connection>();
  #listener: Server;
  #port = 0;
  #connectionsEver = 0;

  private constructor(targetPort: number, seed: number) {
    this.targetPort = targetPort;
    this.#random = seeded(seed);
    this.#listener = this.#newListener();
  }

  static async start(options: { targetPort: number; port?: number; seed?: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(options.targetPort, options.seed ?? 1);
    await proxy.#listen(options.port ?? 0);
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** What the browser opens, and what the server must be told as its public address. */
  get origin(): string {
    return `http://localhost:${this.#port}`;
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  /** Changes some faults, for open connections as well; what is on its way arrives as it would have. */
  async set(changes: Partial<Faults>): Promise<void> {
    const before = this.faults;
    this.faults = { ...before, ...changes };
    this.up.setRate(this.faults.bitsPerSecond);
    this.down.setRate(this.faults.bitsPerSecond);
    for (const connection of this.#connections) connection.wake(changes);
    if (this.faults.refuse && !before.refuse) this.#listener.close();
    if (!this.faults.refuse && before.refuse) {
      this.#listener = this.#newListener();
      await this.#listen(this.#port);
    }
  }

  /** Ends every open connection at once, as a router that restarts does. */
  resetAll(): void {
    for (const connection of this.#connections) connection.cut();
  }

  /** Starts counting anew; connections stay as they are. */
  forget(): void {
    this.counts = { ...NO_COUNTS };
    this.requests = [];
  }

  /** As just started: no faults, no connections, nothing counted. */
  async reset(): Promise<void> {
    await this.set(NO_FAULTS);
    this.resetAll();
    this.forget();
  }

  async close(): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) connection.destroy();
  }

  /** A number for one connection; the same seed gives the same ones in the same order. */
  draw(range: Drawn): number {
    if (typeof range === 'number') return range;
    const [least, most] = range;
    return least + Math.floor(this.#random() * (most - least + 1));
  }

  #newListener(): Server {
    return createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      this.counts.connections++;
      const connection = new Connection(this, ++this.#connectionsEver, client);
      this.#connections.add(connection);
      connection.whenClosed(() => this.#connections.delete(connection));
    });
  }

  async #listen(port: number): Promise<void> {
    // Both families on one socket: Chromium tries ::1 for "localhost" first.
    this.#listener.listen(port, '::');
    await once(this.#listener, 'listening');
    this.#port = (this.#listener.address() as AddressInfo).port;
  }
}

/** One connection of a client, and the one to the server that belongs to it. */
class Connection {
  readonly #proxy: FaultProxy;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #up: Lane;
  readonly #down: Lane;
  readonly #heads: RequestHeads;
  readonly #openedAt = performance.now();
  /** From the client, so far. */
  #sentBytes = 0;
  #cutAfterBytes = Number.POSITIVE_INFINITY;
  #resetTimer: NodeJS.Timeout | undefined;
  #isCut = false;

  constructor(proxy: FaultProxy, id: number, client: Socket) {
    this.#proxy = proxy;
    this.#client = client;
    this.#server = connect({ port: proxy.targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#heads = new RequestHeads(id, (request) => proxy.requests.push(request));
    const isHanging = () => proxy.faults.hang;
    const latencyMs = () => proxy.faults.latencyMs;
    this.#up = new Lane(client, this.#server, {
      link: proxy.up,
      latencyMs,
      isHanging,
      // The kernel accepted at once; over a real link, a client waits a round trip before its first byte.
      notBefore: () => this.#openedAt + 2 * latencyMs(),
      onSent: (bytes) => this.#onSentUp(bytes),
      onArrived: (bytes) => {
        proxy.counts.toServer += bytes;
      },
    });
    this.#down = new Lane(this.#server, client, {
      link: proxy.down,
      latencyMs,
      isHanging,
      notBefore: () => 0,
      onSent: (bytes) => this.#onSentDown(bytes),
      onArrived: (bytes) => {
        proxy.counts.toClients += bytes;
      },
    });
    // Each lane hands on the end of its source; an error is followed by that.
    for (const socket of [client, this.#server]) socket.on('error', () => {});
    this.wake(proxy.faults);
  }

  whenClosed(then: () => void): void {
    let open = 2;
    for (const socket of [this.#client, this.#server]) {
      socket.once('close', () => {
        open--;
        if (open === 0) {
          clearTimeout(this.#resetTimer);
          then();
        }
      });
    }
  }

  /** Looks at the faults again. Those among `changes` that are drawn for each connection are drawn anew. */
  wake(changes: Partial<Faults>): void {
    const { cutAfterBytes, resetAfterMs } = changes;
    if (cutAfterBytes !== undefined) {
      this.#cutAfterBytes =
        cutAfterBytes === null ? Number.POSITIVE_INFINITY : this.#proxy.draw(cutAfterBytes);
    }
    if (resetAfterMs !== undefined) {
      clearTimeout(this.#resetTimer);
      if (resetAfterMs !== null) {
        const dueAt = this.#openedAt + this.#proxy.draw(resetAfterMs);
        this.#resetTimer = setTimeout(() => this.cut(), Math.max(0, dueAt - performance.now()));
      }
    }
    this.#up.wake();
    this.#down.wake();
  }

  /** Ends it for both sides, each after what was on its way there: the server sees an end, the client a reset. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#up.stop(() => this.#server.end());
    this.#down.stop(() => this.#client.resetAndDestroy());
    // A server that is killed or stopped would keep its half for ever.
    setTimeout(() => this.#server.destroy(), 2000 + this.#proxy.faults.latencyMs).unref();
  }

  destroy(): void {
    this.#isCut = true;
    this.#client.resetAndDestroy();
    this.#server.destroy();
  }

  #onSentUp(bytes: Buffer): number {
    const left = this.#cutAfterBytes - this.#sentBytes;
    const sent = left < bytes.length ? bytes.subarray(0, Math.max(0, left)) : bytes;
    this.#sentBytes += sent.length;
    this.#proxy.counts.fromClients += sent.length;
    this.#heads.see(sent);
    // After the lane has put these on the link, which it does in this very turn.
    if (left <= bytes.length) queueMicrotask(() => this.cut());
    return sent.length;
  }

  #onSentDown(bytes: Buffer): number {
    const request = this.#heads.current;
    if (request && request.status === null) {
      if (this.#proxy.faults.dropAnswer?.(request)) {
        queueMicrotask(() => this.cut());
        return 0;
      }
      // "HTTP/1.1 204 …": answers are not pipelined, so the first bytes after a request begin with a status line.
      request.status = Number(bytes.toString('latin1', 9, 12));
      request.answeredAt = Date.now();
    }
    this.#proxy.counts.fromServer += bytes.length;
    return bytes.length;
  }
}

/** Mulberry32: 32 bits of state, the same numbers for the same seed on every machine. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
