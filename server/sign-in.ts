import { type BetterAuthOptions, betterAuth } from 'better-auth';
import { APIError } from 'better-auth/api';
import { getMigrations } from 'better-auth/db/migration';
import { emailOTP } from 'better-auth/plugins/email-otp';
import { AccountSessions } from './account-session.ts';
import { type Budget, hashed, requireBudgets, useBudgets } from './budgets.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';
import type { Mailer } from './mail.ts';
import { Refusal } from './problem.ts';

/** Who asks to sign in: what the rules need to know of a request. */
export interface Asker {
  readonly clientAddress: string;
  readonly headers: Headers;
}

/** Signing in by a mailed code. Both functions answer known and unknown addresses alike. */
export interface SignIn {
  /** Mails a code to `email`. @throws {Refusal} `RATE_LIMITED` */
  sendCode(email: string, asker: Asker): Promise<void>;
  /**
   * Signs in with a mailed code and returns the account with the `Set-Cookie` of its new session.
   *
   * @throws {Refusal} `CODE_WRONG`, `CODE_EXPIRED`, `RATE_LIMITED`, `SIGN_UP_CLOSED`
   */
  withCode(
    email: string,
    code: string,
    asker: Asker,
  ): Promise<{ account: { id: string; email: string }; cookies: string[] }>;
}

const HOUR_MS = 3_600_000;

/** Sets up better-auth on `db`, makes its tables, and returns what we use of it. */
export async function openSignIn(
  config: Config,
  secret: string,
  db: Database,
  mailer: Mailer,
  now: () => number,
): Promise<{ signIn: SignIn; sessions: AccountSessions }> {
  const secure = isSecure(config);
  const options = authOptions(config, secret, db, mailer, now);
  const { runMigrations } = await getMigrations(options as BetterAuthOptions);
  await runMigrations();
  const auth = betterAuth(options);
  const context = await auth.$context;
  const sessions = new AccountSessions(context.internalAdapter, {
    cookieName: context.authCookies.sessionToken.name,
    secret,
    secure,
    days: config.accountSessionDays,
    maxDays: config.accountSessionMaxDays,
  });

  /** With `SIGN_UP=first`, two first people at the same time must not both get in: one after the other. */
  let queue: Promise<unknown> = Promise.resolve();

  async function withCode(email: string, code: string, asker: Asker) {
    const budgets = guessBudgets(config, email, asker.clientAddress);
    await requireBudgets(db, now(), budgets);
    try {
      const known = await context.internalAdapter.findUserByEmail(email);
      if (!known && !(await maySignUp(config, email, () => context.internalAdapter.countTotalUsers()))) {
        // Only who holds the right code learns that there is no account, and that none may be made.
        await auth.api.checkVerificationOTP({
          body: { email, otp: code, type: 'sign-in' },
          headers: asker.headers,
        });
      }
      const { headers, response } = await auth.api.signInEmailOTP({
        body: { email, otp: code },
        headers: asker.headers,
        returnHeaders: true,
      });
      await sessions.endNamedBy(asker.headers.get('Cookie') ?? undefined);
      const { id, email: address } = response.user;
      return { account: { id, email: address }, cookies: headers.getSetCookie() };
    } catch (error) {
      const refusal = toRefusal(error);
      if (refusal.code !== 'SIGN_UP_CLOSED') await useBudgets(db, now(), budgets);
      throw refusal;
    }
  }

  return {
    sessions,
    signIn: {
      async sendCode(email, asker) {
        const budgets = sendBudgets(config, email, asker.clientAddress);
        await requireBudgets(db, now(), budgets);
        await useBudgets(db, now(), budgets);
        await auth.api.sendVerificationOTP({ body: { email, type: 'sign-in' }, headers: asker.headers });
      },
      withCode(email, code, asker) {
        const turn = queue.then(() => withCode(email, code, asker));
        queue = turn.catch(() => {}); // its caller hears of the failure; the next in line need not
        return turn;
      },
    },
  };
}

/**
 * better-auth as a library: none of its routes is mounted, so none needs to be disabled, and its answers (with the
 * raw session token in them) go to nobody. Origin, CSRF and rate limits are ours, since only its handler has its own.
 */
function authOptions(config: Config, secret: string, db: Database, mailer: Mailer, now: () => number) {
  const secure = isSecure(config);
  const lifeMs = config.accountSessionDays * 24 * HOUR_MS;
  return {
    database: { db, type: 'sqlite', transaction: true },
    baseURL: config.publicUrl,
    secret,
    telemetry: { enabled: false },
    logger: { disabled: true },
    trustedOrigins: [config.appOrigin],
    session: {
      expiresIn: Math.ceil(lifeMs / 1000),
      disableSessionRefresh: true, // `AccountSessions` slides them
      cookieCache: { enabled: false },
    },
    advanced: {
      // With `useSecureCookies` the name would begin with `__Secure-`, never `__Host-`.
      useSecureCookies: false,
      cookiePrefix: secure ? '__Host-holdfast' : 'holdfast',
      defaultCookieAttributes: { secure, httpOnly: true, sameSite: 'lax', path: '/' },
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
        async sendVerificationOTP({ email, otp }, ctx) {
          const language = ctx?.headers?.get('Accept-Language') ?? '';
          await mailer.sendCode({ to: email, code: otp, minutes: config.codeMinutes, language });
        },
      }),
    ],
  } satisfies BetterAuthOptions;
}

function isSecure({ publicUrl }: Config): boolean {
  return publicUrl.startsWith('https:');
}

function sendBudgets(config: Config, email: string, clientAddress: string): Budget[] {
  const address = `send ${hashed(email)}`;
  return [
    { name: address, uses: config.codeSendsPerHour, withinMs: HOUR_MS },
    { name: address, uses: config.codeSendsPerDay, withinMs: 24 * HOUR_MS },
    {
      name: `send from ${hashed(clientAddress)}`,
      uses: config.codeRequestsPerHourPerClient,
      withinMs: HOUR_MS,
    },
  ];
}

/** Over all codes of an address: a new code does not bring new guesses. */
function guessBudgets(config: Config, email: string, clientAddress: string): Budget[] {
  return [
    { name: `guess ${hashed(email)}`, uses: config.codeGuessesPerHour, withinMs: HOUR_MS },
    {
      name: `guess from ${hashed(clientAddress)}`,
      uses: config.codeRequestsPerHourPerClient,
      withinMs: HOUR_MS,
    },
  ];
}

async function maySignUp(
  config: Config,
  email: string,
  countAccounts: () => Promise<number>,
): Promise<boolean> {
  switch (config.signUp) {
    case 'open':
      return true;
    case 'closed':
      return false;
    case 'first':
      return (await countAccounts()) === 0;
    case 'domains':
      return config.signUpDomains.includes(email.slice(email.lastIndexOf('@') + 1));
  }
}

function toRefusal(error: unknown): Refusal {
  if (!(error instanceof APIError)) throw error;
  const code = error.body?.code;
  const details = { cause: error };
  if (code === 'USER_NOT_FOUND')
    return new Refusal('SIGN_UP_CLOSED', 'New accounts are not open here', details);
  if (code === 'OTP_EXPIRED')
    return new Refusal('CODE_EXPIRED', 'The code is too old; ask for a new one', details);
  // After three wrong guesses a code is spent: the right one comes too late, too.
  if (code === 'TOO_MANY_ATTEMPTS')
    return new Refusal('CODE_EXPIRED', 'The code was tried too often', details);
  if (code === 'INVALID_OTP') return new Refusal('CODE_WRONG', 'This is not the code that was sent', details);
  throw error;
}
