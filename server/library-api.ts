import { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { fileOrders, RenameFile, StoredFile, StoredFiles } from '../shared/api.ts';
import type { ApiErrorCode } from '../shared/errors.ts';
import { MAX_SEARCH_UNITS } from '../shared/file-search.ts';
import { contentAnswer, contentAskOf, pdfAnswer, thumbnailAnswer } from './content.ts';
import { deleteFile, restoreFile } from './deleted-files.ts';
import { listFiles, MAX_LIMIT, readListAsk } from './file-list.ts';
import { requireSession } from './guards.ts';
import { readJson } from './json-body.ts';
import { findFile, renameFile } from './library.ts';
import { answers } from './openapi.ts';
import { freeGarbage } from './reaper.ts';
import type { ServerEnv, Services } from './services.ts';

const signedIn = ['SESSION_EXPIRED', 'SIGNED_OUT', 'NOT_FOUND'] satisfies ApiErrorCode[];
const changing = [...signedIn, 'WRONG_ACCOUNT', 'CSRF_INVALID', 'ORIGIN_REFUSED'] satisfies ApiErrorCode[];

/** The library: what has arrived. */
export function libraryApi(services: Services): Hono<ServerEnv> {
  const { db, store, config } = services;
  const api = new Hono<ServerEnv>();
  api.use('/api/files/*', requireSession(services, false));

  api.get(
    '/api/files',
    describeRoute({
      summary: 'The files of this account in an order, or those that are searched for, with its quota',
      parameters: [
        { name: 'after', in: 'query', schema: { type: 'string' } },
        { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT } },
        { name: 'order', in: 'query', schema: { type: 'string', enum: [...fileOrders] } },
        { name: 'q', in: 'query', schema: { type: 'string', maxLength: MAX_SEARCH_UNITS } },
      ],
      ...answers({ 200: StoredFiles }, [...signedIn, 'INVALID_INPUT']),
    }),
    async (c) => {
      const ask = readListAsk((name) => c.req.query(name));
      return c.json(await listFiles(db, config, c.get('session').account.id, ask));
    },
  );

  api.get(
    '/api/files/:id',
    describeRoute({ summary: 'One file', ...answers({ 200: StoredFile }, signedIn) }),
    async (c) => c.json((await findFile(db, c.get('session').account.id, c.req.param('id'))).file),
  );

  api.get(
    '/api/files/:id/content',
    describeRoute({
      summary: 'The bytes of a file, or one range of them',
      parameters: [
        {
          name: 'show',
          in: 'query',
          description: 'To be shown in a frame of the app, if it is a PDF',
          schema: { type: 'string', enum: ['pdf'] },
        },
      ],
      ...answers({ 200: null, 206: null, 304: null }, [...signedIn, 'RANGE_NOT_SATISFIABLE']),
    }),
    async (c) => {
      const found = await findFile(db, c.get('session').account.id, c.req.param('id'));
      const ask = contentAskOf(c);
      if (c.req.query('show') === 'pdf') return pdfAnswer(store, found, ask, config.appOrigin);
      return contentAnswer(store, found, ask);
    },
  );

  api.get(
    '/api/files/:id/thumbnail',
    describeRoute({
      summary: 'A small WebP of a picture',
      responses: {
        200: { description: 'Done', content: { 'image/webp': {} } },
        ...answers({ 304: null }, signedIn).responses,
      },
    }),
    async (c) => {
      const found = await findFile(db, c.get('session').account.id, c.req.param('id'));
      return thumbnailAnswer(services.thumbnails, found, contentAskOf(c));
    },
  );

  api.patch(
    '/api/files/:id',
    describeRoute({
      summary: 'Rename a file; a name that is taken becomes "name (2)"',
      ...answers({ body: RenameFile, 200: StoredFile }, [...changing, 'INVALID_INPUT', 'WRONG_CONTENT_TYPE']),
    }),
    async (c) => {
      const { name } = await readJson(c, RenameFile, config);
      return c.json(await renameFile(db, c.get('session').account.id, c.req.param('id'), name));
    },
  );

  api.delete(
    '/api/files/:id',
    describeRoute({
      summary: 'Delete a file; for a while it can be restored',
      ...answers({ 204: null }, changing),
    }),
    async (c) => {
      const { account } = c.get('session');
      const keys = await deleteFile(db, config, account.id, c.req.param('id'), services.now());
      await freeGarbage(services, keys);
      return c.body(null, 204);
    },
  );

  api.post(
    '/api/files/:id/restore',
    describeRoute({
      summary:
        'Put a deleted file back, as "name (2)" if its name was taken; one that is there is left alone',
      ...answers({ 200: StoredFile }, [...changing, 'QUOTA_EXCEEDED']),
    }),
    async (c) => c.json(await restoreFile(db, config, c.get('session').account.id, c.req.param('id'))),
  );

  return api;
}
