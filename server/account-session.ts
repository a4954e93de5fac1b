import { isSame, sign } from './secret.ts';

/** A session row as better-auth gives it. */
interface SessionRow {
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
  readonly lastUsedAt: number;
  readonly expiresAt: number;
  readonly csrfToken: string;
}

/** What a request's cookie says: a live session, one that ended, or nothing at all. */
export type SessionCheck = { at: 'live'; session: LiveSession } | { at: 'expired' } | { at: 'none' };

/** How account sessions live. Days may be fractions. */
export interface SessionRules {
  readonly cookieName: string;
  readonly secret: string;
  readonly secure: boolean;
  readonly days: number;
  readonly maxDays: number;
}

const DAY_MS = 86_400_000;
/** A session that was just looked up is not looked up again: three parts in flight ask the same thing over and over. */
const FRESH_MS = 1000;
const MAX_FRESH = 10_000;

/**
 * The account sessions: who a request comes from.
 *
 * better-auth makes them and owns their table. They are checked here and not by its `getSession`, which answers an
 * ended session with a cookie that erases whatever sign-in came meanwhile, knows no absolute lifetime, and takes the
 * time from the system. A check never sets a cookie, except to lengthen the life of a live one.
 */
export class AccountSessions {
  readonly #rows: SessionRows;
  readonly #rules: SessionRules;
  /** By token. Emptied whenever a session ends or changes here; another server's change shows within `FRESH_MS`. */
  readonly #fresh = new Map<string, { found: FoundSession; readAt: number }>();
  #changes = 0;

  constructor(rows: SessionRows, rules: SessionRules) {
    this.#rows = rows;
    this.#rules = rules;
  }

  /** Whom the request with these cookies comes from. */
  async check(cookies: string | undefined, now: number): Promise<SessionCheck> {
    const cookie = readCookie(cookies, this.#rules.cookieName);
    if (cookie === null) return { at: 'none' };
    const token = this.#tokenOf(cookie);
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
        lastUsedAt: session.updatedAt.getTime(),
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
    if (this.#fresh.size >= MAX_FRESH) this.#fresh.clear();
    this.#fresh.set(token, { found, readAt: now });
    return found;
  }

  /**
   * Counts the request as a use of `session`: slides its end and returns the cookie that says so to the browser.
   * Null where the last use is so recent that a write would be waste (a 168th of its life: an hour of 7 days).
   */
  async slide(session: LiveSession, now: number): Promise<string | null> {
    const lifeMs = this.#rules.days * DAY_MS;
    if (now - session.lastUsedAt < lifeMs / 168) return null;
    this.#forget(session.token);
    await this.#rows.updateSession(session.token, {
      expiresAt: new Date(now + lifeMs),
      updatedAt: new Date(now),
    });
    return this.#cookie(this.#signed(session.token), Math.ceil(lifeMs / 1000));
  }

  /** The live sessions of an account, the last used first. */
  async list(accountId: string, now: number): Promise<SessionRow[]> {
    const rows = await this.#rows.listSessions(accountId);
    return rows
      .filter((row) => now < this.#endOf(row))
      .sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime());
  }

  /** Ends the session with this token. */
  async end(token: string): Promise<void> {
    await this.#rows.deleteSession(token);
    this.#forget(token);
  }

  /** Ends the session that a cookie names, if there is one. */
  async endNamedBy(cookies: string | undefined): Promise<void> {
    const cookie = readCookie(cookies, this.#rules.cookieName);
    const token = cookie === null ? null : this.#tokenOf(cookie);
    if (token !== null) await this.end(token);
  }

  /** The one `Set-Cookie` that signs a browser out. */
  clearingCookie(): string {
    return this.#cookie('', 0);
  }

  #forget(token: string): void {
    this.#changes++;
    this.#fresh.delete(token);
  }

  #endOf({ createdAt, expiresAt }: SessionRow): number {
    return Math.min(expiresAt.getTime(), createdAt.getTime() + this.#rules.maxDays * DAY_MS);
  }

  /** The cookie is `token.signature`, percent-encoded, as better-auth writes it. */
  #tokenOf(cookie: string): string | null {
    const value = decoded(cookie);
    const dot = value.lastIndexOf('.');
    if (dot < 1) return null;
    const token = value.slice(0, dot);
    return isSame(value, this.#unencoded(token)) ? token : null;
  }

  #unencoded(token: string): string {
    return `${token}.${sign(this.#rules.secret, token, 'base64')}`;
  }

  #signed(token: string): string {
    return encodeURIComponent(this.#unencoded(token));
  }

  #cookie(value: string, maxAgeSeconds: number): string {
    const { cookieName, secure } = this.#rules;
    const flags = `Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
    return `${cookieName}=${value}; ${flags}`;
  }
}

/** A browser and system as people call them, from a `User-Agent`: "Firefox on Windows". */
export function deviceName(userAgent: string): string {
  const browser = /\bEdg\//.test(userAgent)
    ? 'Edge'
    : /\bOPR\//.test(userAgent)
      ? 'Opera'
      : /\bFirefox\//.test(userAgent)
        ? 'Firefox'
        : /\bChrom(e|ium)\//.test(userAgent)
          ? 'Chrome'
          : /\bSafari\//.test(userAgent)
            ? 'Safari'
            : '';
  const system = /\bAndroid\b/.test(userAgent)
    ? 'Android'
    : /\b(iPhone|iPad|iPod)\b/.test(userAgent)
      ? 'iOS'
      : /\bWindows\b/.test(userAgent)
        ? 'Windows'
        : /\bMac OS X\b/.test(userAgent)
          ? 'macOS'
          : /\bCrOS\b/.test(userAgent)
            ? 'ChromeOS'
            : /\bLinux\b/.test(userAgent)
              ? 'Linux'
              : '';
  return [browser, system].filter((name) => name !== '').join(' on ');
}

function readCookie(cookies: string | undefined, name: string): string | null {
  for (const pair of cookies?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) {
      const value = pair.slice(equals + 1).trim();
      return value === '' ? null : value;
    }
  }
  return null;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return ''; // not something we wrote
  }
}
