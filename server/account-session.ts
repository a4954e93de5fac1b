import type { Cookie } from './cookie.ts';
import { isSame, sign } from './secret.ts';

/** A session row as better-auth gives it. */
export interface SessionRow {
  id: string;
  token: string;
  userId: string;
  createdAt: Date;
  updatedAt: Date;
  expiresAt: Date;
  userAgent?: string | null | undefined;
}

interface FoundSession {
  session: SessionRow;
  user: { id: string; email: string };
}

/** What is used of better-auth to keep sessions; it owns the tables. */
export interface SessionRows {
  createSession(accountId: string, dontRemember: false, facts: { userAgent: string }): Promise<SessionRow>;
  findSession(token: string): Promise<FoundSession | null>;
  listSessions(accountId: string): Promise<SessionRow[]>;
  updateSession(token: string, change: { expiresAt: Date; updatedAt: Date }): Promise<unknown>;
  deleteSession(token: string): Promise<void>;
}

/** A sign-in that is alive now. Times in ms since the epoch. */
export interface LiveSession {
  readonly id: string;
  readonly token: string;
  readonly account: { readonly id: string; readonly email: string };
  readonly device: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly csrfToken: string;
}

/** What a request's cookie says: a live session, one that ended, or nothing at all. */
export type SessionCheck = { at: 'live'; session: LiveSession } | { at: 'expired' } | { at: 'none' };

/** How account sessions live. Days may be fractions. */
export interface SessionRules {
  readonly cookie: Cookie;
  readonly secret: string;
  readonly days: number;
  readonly maxDays: number;
}

/** The last use of a session: what is known here, and what of it is written down. */
interface Use {
  at: number;
  writtenAt: number;
}

const DAY_MS = 86_400_000;
/** A session that was just looked up is not looked up again: three parts in flight ask the same thing over and over. */
const FRESH_MS = 1000;
/** A use is written down at most once in this time. Only a crash forgets one, and then a session ends so much early. */
const WRITE_MS = 60_000;
/** Sessions that memory is kept of, at most. */
const MAX_KNOWN = 10_000;

/**
 * The account sessions: who a request comes from.
 *
 * better-auth owns their table. They are checked here and not by its `getSession`, which answers an ended session
 * with a cookie that erases whatever sign-in came meanwhile, knows no absolute lifetime, and takes the time from the
 * system. A check never sets a cookie: the cookie lasts as long as any session can, and the session's end slides here
 * alone (decisions/the-session-slides-the-cookie-stays.md).
 */
export class AccountSessions {
  readonly #rows: SessionRows;
  readonly #rules: SessionRules;
  /** By token. Emptied whenever a session ends or changes here; another server's change shows within `FRESH_MS`. */
  readonly #fresh = new Map<string, { found: FoundSession; readAt: number }>();
  readonly #uses = new Map<string, Use>();
  #changes = 0;
  #begun = 0;

  constructor(rows: SessionRows, rules: SessionRules) {
    this.#rows = rows;
    this.#rules = rules;
  }

  /** Begins a session of an account, ends the one that `cookies` name, and returns the cookie of the new one. */
  async begin(accountId: string, userAgent: string, cookies: string | undefined): Promise<string> {
    const { token } = await this.#rows.createSession(accountId, false, { userAgent });
    return this.replace(cookies, token);
  }

  /** Ends the session that `cookies` name, if there is one, and returns the cookie of the session with `token`. */
  async replace(cookies: string | undefined, token: string): Promise<string> {
    this.#begun++;
    const old = this.#tokenIn(cookies);
    if (old !== null) await this.end(old);
    const maxAgeSeconds = Math.ceil((this.#rules.maxDays * DAY_MS) / 1000);
    return this.#rules.cookie.set(encodeURIComponent(this.#unencoded(token)), maxAgeSeconds);
  }

  /** Whom the request with these cookies comes from. */
  async check(cookies: string | undefined, now: number): Promise<SessionCheck> {
    if (this.#rules.cookie.read(cookies) === null) return { at: 'none' };
    const token = this.#tokenIn(cookies);
    const found = token === null ? null : await this.#find(token, now);
    if (!found || now >= this.#endOf(found.session)) return { at: 'expired' };
    const { session, user } = found;
    return {
      at: 'live',
      session: {
        id: session.id,
        token: session.token,
        account: { id: user.id, email: user.email },
        device: deviceName(session.userAgent ?? ''),
        createdAt: session.createdAt.getTime(),
        expiresAt: this.#endOf(session),
        csrfToken: sign(this.#rules.secret, `csrf ${session.id}`, 'base64url'),
      },
    };
  }

  async #find(token: string, now: number): Promise<FoundSession | null> {
    const known = this.#fresh.get(token);
    if (known && now - known.readAt < FRESH_MS && now >= known.readAt) return known.found;
    const before = this.#changes;
    const found = await this.#rows.findSession(token);
    if (!found || before !== this.#changes) return found; // what was read may have ended meanwhile
    if (this.#fresh.size >= MAX_KNOWN) this.#fresh.clear();
    this.#fresh.set(token, { found, readAt: now });
    if (!this.#uses.has(token)) {
      const writtenAt = found.session.updatedAt.getTime();
      this.#uses.set(token, { at: writtenAt, writtenAt });
    }
    return found;
  }

  /** Counts a request as a use of a session that was just checked: unused from now on, it ends in `days`. */
  async touch({ token }: LiveSession, now: number): Promise<void> {
    const use = this.#uses.get(token) ?? { at: 0, writtenAt: 0 };
    if (now <= use.at) return;
    use.at = now;
    this.#uses.set(token, use);
    if (now - use.writtenAt < Math.min(WRITE_MS, this.#lifeMs / 168)) return;
    await this.#write(token, use);
    if (this.#uses.size > MAX_KNOWN) await this.flush();
  }

  /** Writes down every use that is not yet. */
  async flush(): Promise<void> {
    const uses = [...this.#uses];
    for (const [token, use] of uses) if (use.at > use.writtenAt) await this.#write(token, use);
    for (const [token] of uses) this.#forget(token);
  }

  async #write(token: string, use: Use): Promise<void> {
    use.writtenAt = use.at; // first, so that of many requests at once one writes
    await this.#rows.updateSession(token, {
      expiresAt: new Date(use.at + this.#lifeMs),
      updatedAt: new Date(use.at),
    });
  }

  /** The live sessions of an account, the last used first. */
  async list(accountId: string, now: number): Promise<SessionRow[]> {
    const rows = await this.#rows.listSessions(accountId);
    return rows
      .filter((row) => now < this.#endOf(row))
      .map((row) => ({ ...row, updatedAt: new Date(this.#lastUseOf(row)) }))
      .sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime());
  }

  /** Ends the session with this token. */
  async end(token: string): Promise<void> {
    await this.#rows.deleteSession(token);
    this.#forget(token);
  }

  /** Ends every session of an account. */
  async endAll(accountId: string): Promise<void> {
    for (const { token } of await this.#rows.listSessions(accountId)) await this.end(token);
  }

  /** How many sessions began since the server started. */
  get begun(): number {
    return this.#begun;
  }

  /** The one `Set-Cookie` that signs a browser out. */
  clearingCookie(): string {
    return this.#rules.cookie.clear();
  }

  #forget(token: string): void {
    this.#changes++;
    this.#fresh.delete(token);
    this.#uses.delete(token);
  }

  get #lifeMs(): number {
    return this.#rules.days * DAY_MS;
  }

  #lastUseOf({ token, updatedAt }: SessionRow): number {
    return Math.max(updatedAt.getTime(), this.#uses.get(token)?.at ?? 0);
  }

  #endOf(row: SessionRow): number {
    return Math.min(
      this.#lastUseOf(row) + this.#lifeMs,
      row.createdAt.getTime() + this.#rules.maxDays * DAY_MS,
    );
  }

  /** The cookie is `token.signature`, percent-encoded. */
  #tokenIn(cookies: string | undefined): string | null {
    const value = decoded(this.#rules.cookie.read(cookies) ?? '');
    const dot = value.lastIndexOf('.');
    if (dot < 1) return null;
    const token = value.slice(0, dot);
    return isSame(value, this.#unencoded(token)) ? token : null;
  }

  #unencoded(token: string): string {
    return `${token}.${sign(this.#rules.secret, token, 'base64')}`;
  }
}

/** The first that fits; most browsers also name the ones they descend from. */
const BROWSERS = [
  [/\bEdg(A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/(Chrom(e|ium)|\bCriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
] as const;
const SYSTEMS = [
  [/\bAndroid\b/, 'Android'],
  [/\b(iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
] as const;

/**
 * A browser and system as people call them, from a `User-Agent`: "Firefox · Windows", the same in all languages; empty
 * when neither is known.
 */
export function deviceName(userAgent: string): string {
  const names = [BROWSERS, SYSTEMS].map((table) => table.find(([sign]) => sign.test(userAgent))?.[1]);
  return names.filter((name) => name !== undefined).join(' · ');
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return ''; // not something we wrote
  }
}
