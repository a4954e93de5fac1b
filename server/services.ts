import type { HttpBindings } from '@hono/node-server';
import type { Logger } from 'pino';
import type { LiveSession } from './account-session.ts';
import type { Archiver } from './archive.ts';
import type { Attempts } from './attempts.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';
import type { Mailer } from './mail.ts';
import type { Metrics } from './metrics.ts';
import type { PartStore } from './part-store.ts';
import type { ShareKeys } from './share-keys.ts';
import type { SignIn } from './sign-in.ts';
import type { Thumbnails } from './thumbnails.ts';

/** All that the routes work with, made once by `startServer`. */
export interface Services extends SignIn {
  readonly config: Config;
  readonly db: Database;
  readonly store: PartStore;
  readonly thumbnails: Thumbnails;
  readonly archiver: Archiver;
  readonly attempts: Attempts;
  readonly shareKeys: ShareKeys;
  readonly mailer: Mailer;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What a handler finds in its context. */
export interface ServerEnv {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    /** The client's own address, seen through the proxies we trust. */
    clientAddress: string;
    /** Set by `requireSession`, so only read it behind that. */
    session: LiveSession;
  };
}
