import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AccountSessions } from './account-session.ts';
import type { Attempts } from './attempts.ts';
import type { Database } from './database.ts';

/** What is measured by asking, when somebody wants to know. */
export interface Measured {
  readonly db: Database;
  readonly attempts: Pick<Attempts, 'live'>;
  readonly sessions: Pick<AccountSessions, 'begun'>;
}

const SECONDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** An answered request, as far as it is measured: the route is a template, and never an address. */
export interface Answered {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** What the server tells operators of itself. No label holds an id, a name or anything else that a client can choose. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = this.#counter('http_requests_total', 'Requests answered', [
    'method',
    'route',
    'status',
  ]);
  readonly #seconds = new Histogram({
    name: 'holdfast_http_request_duration_seconds',
    help: 'Time until the answer was sent',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [this.#registry],
  });
  readonly #rateLimited = this.#counter('rate_limited_requests_total', 'Requests refused for their number');
  readonly #received = this.#counter('received_bytes_total', 'Bytes of parts that were kept');
  readonly #acknowledged = this.#counter('acknowledged_bytes_total', 'Bytes of parts that were acknowledged');
  readonly #parts = this.#counter('acknowledged_parts_total', 'Parts that were acknowledged');

  constructor({ db, attempts, sessions }: Measured) {
    collectDefaultMetrics({ register: this.#registry });
    this.#gauge('live_attempts', 'Requests that are writing a part now', async () => attempts.live);
    this.#gauge('open_uploads', 'Uploads that are not finished', async () => {
      const { uploads } = await db
        .selectFrom('uploads')
        .where('state', '=', 'open')
        .select((eb) => eb.fn.countAll<number>().as('uploads'))
        .executeTakeFirstOrThrow();
      return Number(uploads);
    });
    this.#gauge('stored_files', 'Files in all libraries', async () => {
      const { files } = await db
        .selectFrom('files')
        .select((eb) => eb.fn.countAll<number>().as('files'))
        .executeTakeFirstOrThrow();
      return Number(files);
    });
    this.#gauge('stored_bytes', 'Bytes of the files in all libraries', async () => {
      const { bytes } = await db
        .selectFrom('files')
        .select((eb) => eb.fn.sum<number | null>('size').as('bytes'))
        .executeTakeFirstOrThrow();
      return Number(bytes ?? 0);
    });
    new Counter({
      name: 'holdfast_sign_ins_total',
      help: 'Sign-ins by whatever means',
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(sessions.begun);
      },
    });
  }

  /** Counts a request that was answered. */
  answered({ method, route, status, seconds }: Answered): void {
    const labels = {
      method: METHODS.has(method) ? method : 'other',
      route,
      status: `${Math.floor(status / 100)}xx`,
    };
    this.#requests.inc(labels);
    this.#seconds.observe(labels, seconds);
    if (status === 429) this.#rateLimited.inc();
  }

  /** Counts bytes of a part that were kept. */
  received(bytes: number): void {
    this.#received.inc(bytes);
  }

  /** Counts a part that was acknowledged. */
  acknowledged(bytes: number): void {
    this.#parts.inc();
    this.#acknowledged.inc(bytes);
  }

  /** Everything in Prometheus' text form, with its media type. */
  async text(): Promise<{ type: string; body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: `holdfast_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, read: () => Promise<number>): void {
    new Gauge({
      name: `holdfast_${name}`,
      help,
      registers: [this.#registry],
      async collect() {
        this.set(await read());
      },
    });
  }
}
