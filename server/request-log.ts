import { randomUUID } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Logger } from 'pino';
import { clientAddresses } from './client-address.ts';
import type { ServerEnv, Services } from './services.ts';

/**
 * One line for each request: the route's template and never its address, so that no id of a person's file, no query,
 * cookie or token can get into a log; and the same for the metrics. Bytes are those of the body that came and of the one that went.
 */
export function logRequests({
  config,
  log,
  metrics,
}: Pick<Services, 'config' | 'metrics'> & { log: Logger }): MiddlewareHandler<ServerEnv> {
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
      const { method } = c.req;
      const { statusCode: status } = outgoing;
      const route = routeOf(c);
      const ms = performance.now() - startedAt;
      metrics.answered({ method, route, status, seconds: ms / 1000 });
      log.info({
        request: requestId,
        method,
        route,
        status,
        ms: Math.round(ms),
        inBytes: socket.bytesRead - readBefore,
        ...(outgoing.writableFinished ? {} : { cut: true }),
      });
    });
    await next();
    c.header('X-Request-Id', requestId);
  };
}

/** The template of the route that is meant; guards and the app's files match everything. */
function routeOf(c: Context<ServerEnv>): string {
  return matchedRoutes(c).findLast(({ path }) => !path.includes('*'))?.path ?? '*';
}
