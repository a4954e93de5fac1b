import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Logger } from 'pino';
import { clientAddresses } from './client-address.ts';
import type { ServerEnv, Services } from './services.ts';

/**
 * One line for each request: the route's template and never its address, so that no id of a person's file, no query,
 * cookie or token can get into a log. Bytes are those of the body that came and of the one that went.
 */
export function logRequests({
  config,
  log,
}: Pick<Services, 'config'> & { log: Logger }): MiddlewareHandler<ServerEnv> {
  const addressOf = clientAddresses(config.trustProxy);
  return async (c, next) => {
    const startedAt = performance.now();
    const { incoming, outgoing } = c.env;
    const { socket } = incoming;
    const readBefore = socket.bytesRead;
    const requestId = randomUUID();
    c.set('requestId', requestId);
    c.set('clientAddress', addressOf(socket.remoteAddress ?? '', c.req.header('X-Forwarded-For')));
    outgoing.once('close', () => {
      log.info({
        request: requestId,
        method: c.req.method,
        route: routePath(c, -1),
        status: outgoing.statusCode,
        ms: Math.round(performance.now() - startedAt),
        inBytes: socket.bytesRead - readBefore,
        ...(outgoing.writableFinished ? {} : { cut: true }),
      });
    });
    await next();
    c.header('X-Request-Id', requestId);
  };
}
