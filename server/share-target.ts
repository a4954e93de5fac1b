import { Hono } from 'hono';
import type { ServerEnv } from './services.ts';

/**
 * What another app shares with ours is taken by the service worker. Where that is gone, the browser asks here, and is
 * led to a page that says so. The files themselves are not pulled in: nobody is known to have sent them.
 */
export function shareTarget(): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();
  routes.post('/share-target', (c) =>
    // With a body, so that `answerEarly` sees to what is still coming.
    c.text('See /app', 303, { Location: '/app?share=lost', 'Cache-Control': 'no-store' }),
  );
  return routes;
}
