import { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { NewShare, Share, Shares } from '../shared/api.ts';
import type { ApiErrorCode } from '../shared/errors.ts';
import { requireSession } from './guards.ts';
import { readJson } from './json-body.ts';
import { answers } from './openapi.ts';
import type { ServerEnv, Services } from './services.ts';
import { createShare, listShares, revokeShare } from './shares.ts';

const signedIn = ['SESSION_EXPIRED', 'SIGNED_OUT'] satisfies ApiErrorCode[];
const changing = [
  ...signedIn,
  'NOT_FOUND',
  'WRONG_ACCOUNT',
  'CSRF_INVALID',
  'ORIGIN_REFUSED',
] satisfies ApiErrorCode[];

/** The shares of an account, for their owner; `shared-api.ts` is for everybody else. */
export function sharesApi(services: Services): Hono<ServerEnv> {
  const { db, config } = services;
  const api = new Hono<ServerEnv>();
  api.use('/api/shares/*', requireSession(services, false));

  api.post(
    '/api/shares',
    describeRoute({
      summary: 'Share files, or what is in a folder now, by a link',
      ...answers({ body: NewShare, 201: Share }, [
        ...changing,
        'INVALID_INPUT',
        'WRONG_CONTENT_TYPE',
        'TOO_LARGE',
        'TOO_MANY_SHARES',
      ]),
    }),
    async (c) => {
      const share = await readJson(c, NewShare, config);
      return c.json(await createShare(services, c.get('session').account.id, share), 201);
    },
  );

  api.get(
    '/api/shares',
    describeRoute({
      summary: 'The links of this account, the newest first; ended ones until they are forgotten',
      ...answers({ 200: Shares }, signedIn),
    }),
    async (c) => {
      const shares = await listShares(services, c.get('session').account.id);
      return c.json({ shares } satisfies Shares);
    },
  );

  api.delete(
    '/api/shares/:id',
    describeRoute({ summary: 'End a share for good', ...answers({ 204: null }, changing) }),
    async (c) => {
      await revokeShare(db, c.get('session').account.id, c.req.param('id'));
      return c.body(null, 204);
    },
  );

  return api;
}
