import type { Context, MiddlewareHandler } from 'hono';
import { header } from '../shared/api.ts';
import type { Asker } from './accounts.ts';
import { Refusal } from './problem.ts';
import { isSame } from './secret.ts';
import type { ServerEnv, Services } from './services.ts';

/** Headers of answers that the page's origin may read when the API is on another one. */
const EXPOSED = [
  header.offset,
  header.complete,
  header.issuedAt,
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Range',
  'ETag',
  'Retry-After',
].join(', ');
const REQUEST_HEADERS = [
  header.account,
  header.csrf,
  header.offset,
  header.complete,
  header.attempt,
  header.digest,
  'Content-Type',
  'If-Match',
  'If-None-Match',
  'If-Range',
  'Range',
].join(', ');
const PREFLIGHT_SECONDS = 7200; // Chromium takes no more
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Exact-origin CORS: the app's one origin is let in, with credentials, on errors too; every other gets no header at
 * all. Answers preflights itself.
 */
export function allowApp({ config }: Services): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    const isApp = c.req.header('Origin') === config.appOrigin && config.appOrigin !== config.publicUrl;
    if (c.req.method === 'OPTIONS' && c.req.header('Access-Control-Request-Method') !== undefined) {
      const allowed = isApp
        ? {
            'Access-Control-Allow-Methods': 'GET, HEAD, PUT, POST, PATCH, DELETE',
            'Access-Control-Allow-Headers': REQUEST_HEADERS,
            'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
          }
        : {};
      c.res = c.body(null, 204, allowed);
    } else {
      await next();
    }
    c.header('Vary', 'Origin', { append: true });
    if (!isApp) return;
    c.header('Access-Control-Allow-Origin', config.appOrigin);
    c.header('Access-Control-Allow-Credentials', 'true');
    c.header('Access-Control-Expose-Headers', EXPOSED);
  };
}

/**
 * An unsafe request must come from the app: by `Origin`, or, where a browser sends none, by `Sec-Fetch-Site`.
 * This goes for signing in as well, where there is no session yet to bind a token to.
 */
export function requireOrigin({ config }: Services): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    if (!SAFE_METHODS.has(c.req.method)) {
      const origin = c.req.header('Origin');
      const fromApp =
        origin === undefined ? c.req.header('Sec-Fetch-Site') === 'same-origin' : origin === config.appOrigin;
      if (!fromApp) throw new Refusal('ORIGIN_REFUSED', 'The request does not come from the app');
    }
    await next();
  };
}

/**
 * Lets a request through that has a live session, of the account it says, with the token that belongs to it.
 *
 * The account is compared before the token: a cookie that another tab's sign-in has exchanged is to be told apart
 * from a token that was merely renewed. With `accountAlways`, safe requests must name their account, too.
 */
export function requireSession(services: Services, accountAlways: boolean): MiddlewareHandler<ServerEnv> {
  const { config, sessions, now } = services;
  return async (c, next) => {
    const check = await sessions.check(c.req.header('Cookie'), now());
    if (check.at !== 'live') {
      if (isNavigation(c)) return c.redirect(signInAddress(c, config.appOrigin), 303);
      if (check.at === 'expired') throw new Refusal('SESSION_EXPIRED', 'The session has ended');
      throw new Refusal('SIGNED_OUT', 'There is no session');
    }
    const { session } = check;
    const unsafe = !SAFE_METHODS.has(c.req.method);
    if (unsafe || accountAlways) {
      if (c.req.header(header.account) !== session.account.id) {
        throw new Refusal('WRONG_ACCOUNT', `${header.account} is not the account that is signed in`);
      }
    }
    if (unsafe && !isSame(c.req.header(header.csrf) ?? '', session.csrfToken)) {
      throw new Refusal('CSRF_INVALID', `${header.csrf} does not belong to this session`);
    }
    c.set('session', session);
    await sessions.touch(session, now());
    return next();
  };
}

/**
 * Behind `requireSession`: what changes who gets in needs somebody who has just shown who they are.
 *
 * Refused by 403 and not 401: the session lives, and nobody is to be told that it ended.
 */
export function requireRecentSignIn({ config, now }: Services): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    if (now() - c.get('session').createdAt >= config.recentSignInMinutes * 60_000) {
      throw new Refusal('SIGN_IN_TOO_OLD', 'This needs a more recent sign-in', {
        limit: config.recentSignInMinutes,
        limitName: 'RECENT_SIGN_IN_MINUTES',
      });
    }
    await next();
  };
}

/** Who asks, as far as the rules of signing in need to know. */
export function askerOf(c: Context<ServerEnv>): Asker {
  return { clientAddress: c.get('clientAddress'), headers: c.req.raw.headers };
}

function isNavigation(c: Context<ServerEnv>): boolean {
  return c.req.method === 'GET' && c.req.header('Sec-Fetch-Mode') === 'navigate';
}

function signInAddress(c: Context<ServerEnv>, appOrigin: string): string {
  const { pathname, search } = new URL(c.req.url);
  return `${appOrigin}/signin?returnTo=${encodeURIComponent(pathname + search)}`;
}
