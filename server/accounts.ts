import type { AccountSessions } from './account-session.ts';
import type { Config } from './config.ts';
import { Refusal } from './problem.ts';

/** A person, as far as the server knows them. */
export interface Account {
  readonly id: string;
  readonly email: string;
}

/** Who asks to sign in: what the rules need to know of a request. */
export interface Asker {
  readonly clientAddress: string;
  readonly headers: Headers;
}

/** Somebody has come in: the body of the answer, and the one cookie beside it. */
export interface Entry {
  readonly account: Account;
  readonly cookie: string;
}

/** What is used of better-auth to keep accounts; it owns the table. */
export interface AccountRows {
  findUserByEmail(email: string): Promise<{ user: Account } | null>;
  findUserById(id: string): Promise<Account | null>;
  createUser(
    facts: { email: string; emailVerified: true; name: string },
    source: { method: string },
  ): Promise<Account>;
  countTotalUsers(): Promise<number>;
  deleteUser(id: string): Promise<void>;
  deleteVerificationByIdentifier(identifier: string): Promise<void>;
}

/** What is used of better-auth to clear up. */
export interface SessionCleaner {
  deleteMany(query: {
    model: 'session';
    where: { field: 'expiresAt'; operator: 'lt'; value: Date }[];
  }): Promise<number>;
}

/** The row in which better-auth keeps the code for an address. */
export function codeRow(email: string): string {
  return `sign-in-otp-${email}`;
}

/** Who has an account, who may have one, and letting them in: the same for every way to sign in. */
export class Accounts {
  readonly #config: Config;
  readonly #rows: AccountRows;
  readonly #cleaner: SessionCleaner;
  readonly #sessions: AccountSessions;
  /** With `SIGN_UP=first`, two first people at the same time must not both get in: one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(config: Config, rows: AccountRows, cleaner: SessionCleaner, sessions: AccountSessions) {
    this.#config = config;
    this.#rows = rows;
    this.#cleaner = cleaner;
    this.#sessions = sessions;
  }

  /** Does `work`, which may make an account, when all such work before it is done. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => {}); // its caller hears of the failure; the next in line need not
    return turn;
  }

  /** Whether whoever owns `email` may come in: there is such an account, or one may be made. Asks both in any case. */
  async isWelcome(email: string): Promise<boolean> {
    const known = await this.#rows.findUserByEmail(email);
    const maySignUp = await this.#maySignUp(email);
    return known !== null || maySignUp;
  }

  /** The account of `email`, which its owner has proven to be theirs; made if need be. @throws {Refusal} `SIGN_UP_CLOSED` */
  async ofVerified(email: string, method: string): Promise<Account> {
    const known = await this.#rows.findUserByEmail(email);
    if (known) return known.user;
    if (!(await this.#maySignUp(email)))
      throw new Refusal('SIGN_UP_CLOSED', 'New accounts are not open here');
    return this.#rows.createUser({ email, emailVerified: true, name: '' }, { method });
  }

  async find(id: string): Promise<Account | null> {
    return this.#rows.findUserById(id);
  }

  /** Begins a session for somebody who has proven who they are; the one their browser had is over. */
  async enter({ id, email }: Account, { headers }: Asker): Promise<Entry> {
    const cookies = headers.get('Cookie') ?? undefined;
    const cookie = await this.#sessions.begin(id, headers.get('User-Agent') ?? '', cookies);
    return { account: { id, email }, cookie };
  }

  /** Takes away what better-auth keeps of an account. */
  async remove(id: string, email: string): Promise<void> {
    await this.#rows.deleteVerificationByIdentifier(codeRow(email));
    await this.#rows.deleteUser(id);
  }

  /** Drops the sessions that ended before `before`; better-auth keeps them for ever. */
  async forgetEndedSessions(before: number): Promise<void> {
    const where = [{ field: 'expiresAt' as const, operator: 'lt' as const, value: new Date(before) }];
    await this.#cleaner.deleteMany({ model: 'session', where });
  }

  async #maySignUp(email: string): Promise<boolean> {
    const { signUp, signUpDomains } = this.#config;
    switch (signUp) {
      case 'open':
        return true;
      case 'closed':
        return false;
      case 'first':
        return (await this.#rows.countTotalUsers()) === 0;
      case 'domains':
        return signUpDomains.includes(email.slice(email.lastIndexOf('@') + 1));
    }
  }
}
