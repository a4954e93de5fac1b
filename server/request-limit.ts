import type { MiddlewareHandler } from 'hono';
import { clientNetwork } from './client-address.ts';
import { Refusal } from './problem.ts';
import type { ServerEnv, Services } from './services.ts';

const MINUTE_MS = 60_000;
const PART = /^\/api\/upload-sessions\/[^/]+\/files\/[^/]+\/parts\/\d+$/;

/**
 * Bounds what one client may ask of the API in a minute. It counts requests and not their bytes, and a part that was
 * taken not at all: the account's quota bounds those, and thousands of small files are to go as fast as they can.
 * Kept in memory and begun anew each minute, since it guards this process and nothing else.
 */
export function limitRequests({ config, now }: Services): MiddlewareHandler<ServerEnv> {
  const limit = config.requestsPerMinutePerClient;
  const counts = new Map<string, number>();
  let minute = 0;
  return async (c, next) => {
    const at = now();
    const current = Math.floor(at / MINUTE_MS);
    if (current !== minute) {
      minute = current;
      counts.clear();
    }
    const client = clientNetwork(c.get('clientAddress'));
    const count = (counts.get(client) ?? 0) + 1;
    counts.set(client, count);
    if (count > limit) {
      const seconds = Math.max(1, Math.ceil(((current + 1) * MINUTE_MS - at) / 1000));
      throw new Refusal('RATE_LIMITED', `Too many requests; again in ${seconds} s`, {
        headers: { 'Retry-After': String(seconds) },
        limit,
        limitName: 'REQUESTS_PER_MINUTE_PER_CLIENT',
      });
    }
    await next();
    const isTakenPart = c.req.method === 'PUT' && c.res.ok && PART.test(c.req.path);
    if (isTakenPart && current === minute) counts.set(client, (counts.get(client) ?? 1) - 1);
  };
}
