import { type BetterAuthOptions, betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { emailOTP } from 'better-auth/plugins/email-otp';
import type { Config } from './config.ts';
import type { Database } from './database.ts';

const DAY_SECONDS = 86_400;

/** What we use of better-auth: its functions, and those that keep its tables. */
export type Auth = Awaited<ReturnType<typeof openAuth>>;

/**
 * Sets up better-auth on `db` and makes its tables.
 *
 * It is used as a library: none of its routes is mounted, so none needs to be disabled, and its answers (with the
 * raw session token in them) and cookies go to nobody. Origin, CSRF and rate limits are ours, since only its handler
 * has its own.
 */
export async function openAuth(config: Config, secret: string, db: Database, now: () => number) {
  const options = authOptions(config, secret, db, now);
  const { runMigrations } = await getMigrations(options as BetterAuthOptions);
  await runMigrations();
  const { api, $context } = betterAuth(options);
  const { internalAdapter, adapter } = await $context;
  return { api, rows: internalAdapter, adapter };
}

function authOptions(config: Config, secret: string, db: Database, now: () => number) {
  const lifeMs = config.accountSessionDays * DAY_SECONDS * 1000;
  return {
    database: { db, type: 'sqlite', transaction: true },
    baseURL: config.publicUrl,
    secret,
    telemetry: { enabled: false },
    logger: { disabled: true },
    trustedOrigins: [config.appOrigin],
    session: {
      disableSessionRefresh: true, // `AccountSessions` slides them
      cookieCache: { enabled: false },
    },
    rateLimit: { enabled: false },
    databaseHooks: {
      session: {
        create: {
          // Its own clock is the system's. Nothing is asked of the database here: a transaction holds the connection.
          async before(session) {
            const at = new Date(now());
            return {
              data: { ...session, createdAt: at, updatedAt: at, expiresAt: new Date(at.getTime() + lifeMs) },
            };
          },
        },
      },
    },
    plugins: [
      emailOTP({
        storeOTP: 'hashed',
        allowedAttempts: 3,
        expiresIn: Math.ceil(config.codeMinutes * 60),
        async sendVerificationOTP() {
          // Never asked to: `email-codes.ts` makes the code and mails it, since better-auth hides that a mail failed.
        },
      }),
    ],
  } satisfies BetterAuthOptions;
}
