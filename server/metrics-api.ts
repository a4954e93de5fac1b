import { Hono } from 'hono';
import { addressList } from './client-address.ts';
import { Refusal } from './problem.ts';
import type { ServerEnv, Services } from './services.ts';

/**
 * `GET /metrics` for whoever `METRICS_FROM` names; for everybody else there is nothing.
 *
 * Behind a proxy that is not trusted, every client has the proxy's address, which mostly is this machine's: who comes
 * through one is let in only if the proxy was believed about where they are.
 */
export function metricsApi({ config, metrics }: Services): Hono<ServerEnv> {
  const api = new Hono<ServerEnv>();
  const isListed = addressList(config.metricsFrom);
  const isProxy = addressList(config.trustProxy);
  api.get('/metrics', async (c) => {
    const peer = c.env.incoming.socket.remoteAddress ?? '';
    const isForwarded =
      c.req.header('X-Forwarded-For') !== undefined || c.req.header('Forwarded') !== undefined;
    if (!isListed(c.get('clientAddress')) || (isForwarded && !isProxy(peer)))
      throw new Refusal('NOT_FOUND', 'There is nothing here');
    const { type, body } = await metrics.text();
    return c.body(body, 200, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  });
  return api;
}
