import type { MiddlewareHandler } from 'hono';
import type { ServerEnv } from './services.ts';

/** Up to this size, a connection is worth more than the bytes that may be sent twice on it. */
const SMALL_BODY_BYTES = 64 * 1024;
const part = /\/parts\/\d+$/;

/**
 * Leaves no connection behind for a large body to be sent on: only small parts keep theirs.
 *
 * Chromium sends a request again by itself when its connection dies, body and all, but only on one it used before. So
 * every answer closes its connection, whatever it was about, the app's own files too, except for the one kind that comes
 * by the thousand and costs little to send twice.
 */
export const closeConnections: MiddlewareHandler<ServerEnv> = async (c, next) => {
  await next();
  const length = Number(c.env.incoming.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  const isSmallPart = c.req.method === 'PUT' && part.test(c.req.path) && length < SMALL_BODY_BYTES;
  if (!isSmallPart) c.header('Connection', 'close');
};
