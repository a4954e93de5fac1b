import { AccountSessions } from './account-session.ts';
import { Accounts } from './accounts.ts';
import { openAuth } from './auth.ts';
import type { Config } from './config.ts';
import { ownCookie } from './cookie.ts';
import type { Database } from './database.ts';
import { devProvider } from './dev-sso.ts';
import { type EmailCodes, emailCodes } from './email-codes.ts';
import type { Mailer } from './mail.ts';
import { Passkeys } from './passkeys.ts';
import { SignInLimits } from './sign-in-limits.ts';
import { SignInSteps } from './sign-in-steps.ts';
import { type Provider, Sso } from './sso.ts';

/** Who is who: accounts, their sessions, and the three ways to get one. */
export interface SignIn {
  readonly accounts: Accounts;
  readonly sessions: AccountSessions;
  readonly codes: EmailCodes;
  readonly passkeys: Passkeys;
  /** Null where there is no provider. */
  readonly sso: Sso | null;
}

/** Puts the ways to sign in together, on `db`. */
export async function openSignIn(
  config: Config,
  secret: string,
  db: Database,
  mailer: Mailer,
  now: () => number,
): Promise<SignIn> {
  const auth = await openAuth(config, secret, db, now);
  const sessions = new AccountSessions(auth.rows, {
    cookie: ownCookie(config, 'session_token'),
    secret,
    days: config.accountSessionDays,
    maxDays: config.accountSessionMaxDays,
  });
  const accounts = new Accounts(config, auth.rows, auth.adapter, sessions);
  const limits = new SignInLimits(config, db, now);
  const steps = new SignInSteps(db, ownCookie(config, 'sign_in'), now);
  const provider = providerOf(config);
  return {
    accounts,
    sessions,
    codes: emailCodes({ auth, accounts, sessions, limits, mailer, minutes: config.codeMinutes }),
    passkeys: new Passkeys(config, db, accounts, steps, limits, now),
    sso: provider && new Sso(config, provider, accounts, steps, limits, now),
  };
}

function providerOf({ oidc, devSso, publicUrl }: Config): Provider | null {
  if (oidc) return { name: oidc.name, settings: async () => oidc, stop: async () => {} };
  return devSso && isInstalled('oidc-provider') ? devProvider(`${publicUrl}/api/auth/callback/oidc`) : null;
}

/** It comes with what developers install, and not with what a server needs. */
function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
