import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { type DestinationStream, type Logger, pino } from 'pino';
import { finishDeletions } from './account-deletion.ts';
import { buildApp } from './app.ts';
import { Archiver } from './archive.ts';
import { Attempts } from './attempts.ts';
import type { Config } from './config.ts';
import { openDatabase } from './database.ts';
import { giveUpDeleted } from './deleted-files.ts';
import { DiskStore } from './disk-store.ts';
import { openMailer } from './mail.ts';
import { Metrics } from './metrics.ts';
import { migrate } from './migrations.ts';
import { freeGarbage, reap } from './reaper.ts';
import { loadSecret } from './secret.ts';
import type { Services } from './services.ts';
import { ShareKeys } from './share-keys.ts';
import { openSignIn } from './sign-in.ts';
import { Thumbnails } from './thumbnails.ts';

/** A server that listens. */
export interface RunningServer {
  readonly port: number;
  readonly services: Services;
  /** Lets requests end (those that write parts settle at once), then closes everything. */
  stop(): Promise<void>;
}

/** What of the outside world a server uses beside its configuration. */
export interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** For lines that a person at the terminal is to read; not the log. */
  readonly print: (line: string) => void;
  /** Hears each statement that the database is given, without its values. */
  readonly onStatement?: (sql: string) => void;
  /** Where the log goes, instead of to the terminal. */
  readonly logTo?: DestinationStream;
}

/** How long requests may take to end when the server stops. */
const STOP_MS = 3000;
/** Longer than any browser keeps an idle connection, so that it is never us who close one in use. */
const KEEP_ALIVE_MS = 330_000;

/** Opens database and store, finishes what a crash cut short, and listens. */
export async function startServer(config: Config, surroundings: Surroundings): Promise<RunningServer> {
  await mkdir(config.dataDir, { recursive: true });
  const log = pino({ base: null, level: config.logLevel }, surroundings.logTo);
  const services = await openServices(config, surroundings, log);
  await recover(services);
  const server = await listen(services);
  const reaper = setInterval(() => {
    reap(services, services.now()).catch((error: unknown) => log.error({ err: error }, 'the reaper failed'));
  }, config.reaperIntervalMinutes * 60_000);
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : config.port,
    services,
    async stop() {
      clearInterval(reaper);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await services.attempts.stopAll();
      const late = setTimeout(() => server.closeAllConnections(), STOP_MS);
      await closed;
      clearTimeout(late);
      await services.sessions.flush();
      await services.sso?.stop();
      services.mailer.close();
      await services.db.destroy();
    },
  };
}

async function openServices(
  config: Config,
  { now, print, onStatement }: Surroundings,
  log: Logger,
): Promise<Services> {
  const secret = await loadSecret(config.secret, config.dataDir);
  const db = openDatabase(join(config.dataDir, 'holdfast.sqlite'), onStatement);
  await migrate(db);
  const store = await DiskStore.open(config.dataDir);
  const thumbnails = await Thumbnails.open(config.dataDir, store, log, config.maxThumbnailPixels);
  const mailer = await openMailer(config, print);
  const signIn = await openSignIn(config, secret, db, mailer, now);
  const archiver = new Archiver(store);
  const shareKeys = new ShareKeys(config, secret);
  const attempts = new Attempts();
  const metrics = new Metrics({ db, attempts, sessions: signIn.sessions });
  return {
    ...signIn,
    shareKeys,
    config,
    db,
    store,
    thumbnails,
    archiver,
    mailer,
    attempts,
    metrics,
    log,
    now,
  };
}

/**
 * Starting up is recovering: files that were stored but not moved yet are moved, accounts that were half deleted are
 * deleted, what nobody refers to is freed.
 */
async function recover(services: Services): Promise<void> {
  const { db, store, config, now } = services;
  await store.recover(async (key) => {
    for (const table of ['files', 'deleted_files'] as const) {
      const file = await db.selectFrom(table).select('id').where('storage_key', '=', key).executeTakeFirst();
      if (file) return true;
    }
    return false;
  });
  await finishDeletions(services);
  await giveUpDeleted(db, config, now());
  await freeGarbage(services);
}

function listen(services: Services): Promise<Server> {
  const { config } = services;
  const app = buildApp(services);
  const server = createAdaptorServer({
    fetch: app.fetch,
    autoCleanupIncoming: false, // `answerEarly` decides how much of an unread body is pulled in
    serverOptions: {
      requestTimeout: 0, // a part may take its time as long as bytes come: BODY_STALL_SECONDS bounds that
      headersTimeout: 30_000,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
  }) as Server; // no other kind was asked for
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, () => resolve(server));
  });
}
