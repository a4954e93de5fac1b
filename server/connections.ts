import type { Context, MiddlewareHandler } from 'hono';
import { header } from '../shared/api.ts';
import type { ServerEnv } from './services.ts';

/** Up to this size, a connection is worth more than the bytes that may be sent twice on it. */
const SMALL_FILE_BYTES = 64 * 1024;
const firstPart = /\/parts\/0$/;

/**
 * Leaves no connection behind for a large body to be sent on: only small files, each whole in one request, keep theirs.
 *
 * Chromium sends a request again by itself when its connection dies, body and all, but only on one it used before. So
 * every answer closes its connection, whatever it was about, the app's own files too, except for the one kind that comes
 * by the thousand and costs little to send twice. What a cut has left of a part may be as small, and more of its file
 * comes next.
 */
export const closeConnections: MiddlewareHandler<ServerEnv> = async (c, next) => {
  await next();
  if (!bringsSmallFile(c)) c.header('Connection', 'close');
};

/** Whether the request has brought a small file whole. */
function bringsSmallFile({ req, res, env }: Context<ServerEnv>): boolean {
  const length = Number(env.incoming.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  const isFromStart = req.method === 'PUT' && firstPart.test(req.path) && req.header(header.offset) === '0';
  return isFromStart && res.status === 201 && length < SMALL_FILE_BYTES;
}
