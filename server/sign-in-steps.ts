import { randomBytes } from 'node:crypto';
import { hashed } from './budgets.ts';
import type { Cookie } from './cookie.ts';
import type { Database } from './database.ts';

/** What a sign-in that takes more than one request waits for; the answer to one is never taken for another. */
export type StepKind = 'passkey-register' | 'passkey-sign-in' | 'sso';

const COOKIE_SECONDS = 15 * 60;
const BROWSER_ID = /^[\w-]{43}$/;

/**
 * What the server has to remember between the two requests of a sign-in: a challenge, or where a provider was sent to.
 *
 * A step is good once, for a limited time, and in the browser that began it: a short-lived cookie names the browser,
 * and a step is found under its own id (the challenge, or OpenID Connect's `state`) and that name together. So many
 * tabs can be at it at once, which a cookie with the challenge itself in it would not allow. Ids and names are kept as
 * hashes: who reads the database can finish nobody's sign-in.
 */
export class SignInSteps {
  readonly #db: Database;
  readonly #cookie: Cookie;
  readonly #now: () => number;

  constructor(db: Database, cookie: Cookie, now: () => number) {
    this.#db = db;
    this.#cookie = cookie;
    this.#now = now;
  }

  /** Remembers `facts` under `id` for `forMs`, and returns the `Set-Cookie` that names the browser. */
  async begin(
    kind: StepKind,
    id: string,
    facts: unknown,
    forMs: number,
    cookies: string | undefined,
  ): Promise<string> {
    const known = this.#cookie.read(cookies);
    const browser = known !== null && BROWSER_ID.test(known) ? known : randomBytes(32).toString('base64url');
    await this.#db
      .insertInto('sign_in_steps')
      .values({
        id: hashed(id),
        kind,
        browser: hashed(browser),
        facts: JSON.stringify(facts),
        expires_at: this.#now() + forMs,
      })
      .execute();
    return this.#cookie.set(browser, COOKIE_SECONDS);
  }

  /** The facts of a step, which is over by that; null if there is no such step for this browser, or it is too old. */
  async take(kind: StepKind, id: string, cookies: string | undefined): Promise<unknown> {
    const browser = this.#cookie.read(cookies);
    if (browser === null) return null;
    const step = await this.#db
      .deleteFrom('sign_in_steps')
      .where('id', '=', hashed(id))
      .where('kind', '=', kind)
      .where('browser', '=', hashed(browser))
      .returning(['facts', 'expires_at'])
      .executeTakeFirst();
    return step && this.#now() < step.expires_at ? JSON.parse(step.facts) : null;
  }
}

/** Drops the steps that can no longer be finished. */
export async function forgetSteps(db: Database, now: number): Promise<void> {
  await db.deleteFrom('sign_in_steps').where('expires_at', '<', now).execute();
}
