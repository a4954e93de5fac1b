import { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { Archive, NewArchive } from '../shared/api.ts';
import { createArchive, findArchive } from './archives.ts';
import { contentAskOf, planContent } from './content.ts';
import { requireSession } from './guards.ts';
import { readJson } from './json-body.ts';
import { answers } from './openapi.ts';
import type { ServerEnv, Services } from './services.ts';

/** Many files of an account as one download. */
export function archivesApi(services: Services): Hono<ServerEnv> {
  const { db, archiver, config, now } = services;
  const api = new Hono<ServerEnv>();
  api.use('/api/archives/*', requireSession(services, false));

  api.post(
    '/api/archives',
    describeRoute({
      summary: 'Make one download of files, or of what is in a folder now',
      ...answers({ body: NewArchive, 201: Archive }, [
        'SESSION_EXPIRED',
        'SIGNED_OUT',
        'NOT_FOUND',
        'WRONG_ACCOUNT',
        'CSRF_INVALID',
        'ORIGIN_REFUSED',
        'INVALID_INPUT',
        'WRONG_CONTENT_TYPE',
        'TOO_LARGE',
      ]),
    }),
    async (c) => {
      const { of } = await readJson(c, NewArchive, config);
      return c.json(await createArchive(services, c.get('session').account.id, of), 201);
    },
  );

  api.get(
    '/api/archives/:id/content',
    describeRoute({
      summary:
        'The bytes of an archive, or one range of them; the same each time while its files stay as they are',
      ...answers({ 200: null, 206: null, 304: null }, [
        'SESSION_EXPIRED',
        'SIGNED_OUT',
        'NOT_FOUND',
        'RANGE_NOT_SATISFIABLE',
      ]),
    }),
    async (c) => {
      const archive = await findArchive(db, c.get('session').account.id, c.req.param('id'), now());
      const ask = contentAskOf(c);
      return archiver.answer(archive, ask, planContent(archive, ask));
    },
  );

  return api;
}
