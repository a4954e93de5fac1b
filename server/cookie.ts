import { type Config, isSecure } from './config.ts';

/** One of our cookies: no script reads any of them, and on https they are bound to this host. */
export interface Cookie {
  readonly name: string;
  /** Its value in a request's `Cookie` header, or null. */
  read(cookies: string | undefined): string | null;
  /** The `Set-Cookie` that keeps `value`, which must be free of what a cookie cannot hold, for so long. */
  set(value: string, maxAgeSeconds: number): string;
  /** The `Set-Cookie` that removes it. */
  clear(): string;
}

/**
 * The cookie `name`. `SameSite=Lax` unless the pages are on another site than this API: their requests would then
 * neither bring such a cookie nor be allowed to set it.
 */
export function ownCookie(config: Config, name: string): Cookie {
  const secure = isSecure(config);
  const ownName = `${secure ? '__Host-' : ''}holdfast.${name}`;
  const sameSite = config.cookieSameSite === 'none' ? 'None' : 'Lax';
  const set = (value: string, maxAgeSeconds: number) =>
    `${ownName}=${value}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`;
  return { name: ownName, read: (cookies) => readCookie(cookies, ownName), set, clear: () => set('', 0) };
}

/** A cookie that a browser sends to some addresses only. */
export interface NarrowCookie {
  read(cookies: string | undefined): string | null;
  /** The `Set-Cookie` that keeps `value` for what is at or below `path`. */
  set(value: string, path: string, maxAgeSeconds: number): string;
}

/** The cookie `name` for one path. It can have no `__Host-` name, which would be for all paths (RFC 6265bis §4.1.3). */
export function narrowCookie(config: Config, name: string): NarrowCookie {
  const secure = isSecure(config);
  const ownName = `${secure ? '__Secure-' : ''}holdfast.${name}`;
  const sameSite = config.cookieSameSite === 'none' ? 'None' : 'Lax';
  return {
    read: (cookies) => readCookie(cookies, ownName),
    set: (value, path, maxAgeSeconds) =>
      `${ownName}=${value}; Max-Age=${maxAgeSeconds}; Path=${path}; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`,
  };
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
