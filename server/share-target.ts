import { Hono } from 'hono';
import { sharedAddress } from '../shared/share-target.ts';
import type { ServerEnv } from './services.ts';

/**
 * Files that another app shares are taken by the worker; here they arrive only where there is none, as after the
 * browser cleared its storage. They carry no proof of who sends them, so they are not pulled in, and the page says so.
 */
export function shareTarget(): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>();
  app.post('/share-target', (c) =>
    // With a body, so that `answerEarly` sees to what is still coming.
    c.text('See /app', 303, { Location: sharedAddress('lost'), 'Cache-Control': 'no-store' }),
  );
  return app;
}
