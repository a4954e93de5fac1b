import { Hono } from 'hono';
import { sql } from 'kysely';
import { Refusal } from './problem.ts';
import type { ServerEnv, Services } from './services.ts';

/** For operators: `/healthz` says that the process answers, `/readyz` that database and storage take writes. */
export function healthApi({ db, store, log }: Services): Hono<ServerEnv> {
  const api = new Hono<ServerEnv>();
  api.get('/healthz', (c) => c.json({ status: 'ok' }, 200, { 'Cache-Control': 'no-store' }));
  api.get('/readyz', async (c) => {
    try {
      await sql`select 1 from uploads limit 1`.execute(db);
      await store.check();
    } catch (error) {
      log.error({ err: error }, 'not ready');
      throw new Refusal('UNAVAILABLE', 'Database or storage cannot be used', {
        headers: { 'Retry-After': '5' },
      });
    }
    return c.json({ status: 'ok' }, 200, { 'Cache-Control': 'no-store' });
  });
  return api;
}
