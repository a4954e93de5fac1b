import type { MiddlewareHandler } from 'hono';
import type { ServerEnv, Services } from './services.ts';

/** Up to this size, a connection is worth more than the bytes that may be sent twice on it. */
const SMALL_BODY_BYTES = 64 * 1024;
const part = /\/parts\/\d+$/;

/**
 * Leaves no connection behind for a large body to be sent on.
 *
 * Chromium sends a request again by itself when its connection dies, body and all, but only on one it used before. So
 * an answer closes its connection, but for two kinds: small parts, which come by the thousand and cost little to send
 * twice, and what a page is loaded from, as long as no part is on its way here.
 */
export function closeConnections({ attempts }: Pick<Services, 'attempts'>): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    await next();
    const { method, path } = c.req;
    const length = Number(c.env.incoming.headers['content-length'] ?? Number.POSITIVE_INFINITY);
    const isSmallPart = method === 'PUT' && part.test(path) && length < SMALL_BODY_BYTES;
    const isApi = path.startsWith('/api/');
    const isPage = !isApi && Boolean(c.res.headers.get('Content-Type')?.startsWith('text/html'));
    const isOfPage = isPage || path.startsWith('/assets/');
    if (!isSmallPart && !(isOfPage && attempts.live === 0)) c.header('Connection', 'close');
  };
}
