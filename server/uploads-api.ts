import { type Context, Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import * as v from 'valibot';
import {
  header,
  PartDigests,
  RegisterFiles,
  StoredFile,
  UploadSession,
  UploadSessions,
} from '../shared/api.ts';
import type { ApiErrorCode } from '../shared/errors.ts';
import { requireSession } from './guards.ts';
import { readJson } from './json-body.ts';
import { answers } from './openapi.ts';
import { Refusal } from './problem.ts';
import { freeGarbage } from './reaper.ts';
import { type PartAddress, readOffset, receivePart } from './receive-part.ts';
import { registerFiles } from './register-files.ts';
import type { ServerEnv, Services } from './services.ts';
import { cancelUpload, findUpload, readDigests, readOpenSessions, readSession } from './upload-sessions.ts';

const guarded = [
  'SESSION_EXPIRED',
  'SIGNED_OUT',
  'WRONG_ACCOUNT',
  'CSRF_INVALID',
  'NOT_FOUND',
] satisfies ApiErrorCode[];
const uuid = v.pipe(v.string(), v.uuid());

/** Upload sessions, parts, digests. */
export function uploadsApi(services: Services): Hono<ServerEnv> {
  const { db, config, attempts, now } = services;
  const api = new Hono<ServerEnv>();
  api.use('/api/upload-sessions/*', requireSession(services, true));

  api.put(
    '/api/upload-sessions/:sid',
    describeRoute({
      summary: 'Create an upload session, add files to it, or refresh it: one idempotent call',
      ...answers({ body: RegisterFiles, 200: UploadSession, 201: UploadSession }, [
        ...guarded,
        'INVALID_INPUT',
        'WRONG_CONTENT_TYPE',
        'ID_REUSED',
        'TOO_MANY_SESSIONS',
        'TOO_LARGE',
        'QUOTA_EXCEEDED',
      ]),
    }),
    async (c) => {
      const accountId = c.get('session').account.id;
      const sessionId = c.req.param('sid');
      if (!v.is(uuid, sessionId)) throw new Refusal('INVALID_INPUT', 'The id of the session must be a UUID');
      const { files } = await readJson(c, RegisterFiles, config);
      const { device } = c.get('session');
      const outcome = await registerFiles(db, config, { accountId, sessionId, device, files, now: now() });
      return c.json(await readSession(services, accountId, sessionId), outcome === 'created' ? 201 : 200);
    },
  );

  api.get(
    '/api/upload-sessions',
    describeRoute({
      summary: 'Unfinished upload sessions of this account, from all devices',
      parameters: [
        { name: 'state', in: 'query', required: true, schema: { type: 'string', enum: ['open'] } },
      ],
      ...answers({ 200: UploadSessions }, [...guarded, 'INVALID_INPUT']),
    }),
    async (c) => {
      if ((c.req.query('state') ?? 'open') !== 'open')
        throw new Refusal('INVALID_INPUT', 'state: expected open');
      const sessions = await readOpenSessions(services, c.get('session').account.id);
      return c.json({ sessions } satisfies UploadSessions);
    },
  );

  api.get(
    '/api/upload-sessions/:sid',
    describeRoute({ summary: 'One upload session', ...answers({ 200: UploadSession }, guarded) }),
    async (c) => c.json(await readSession(services, c.get('session').account.id, c.req.param('sid'))),
  );

  api.get(
    '/api/upload-sessions/:sid/files/:fid/digests',
    describeRoute({
      summary: 'SHA-256 of each acknowledged part',
      ...answers({ 200: PartDigests }, guarded),
    }),
    async (c) => {
      const { sid, fid } = c.req.param();
      const { upload } = await findUpload(db, c.get('session').account.id, sid, fid);
      return c.json(await readDigests(db, upload));
    },
  );

  api.put(
    '/api/upload-sessions/:sid/files/:fid/parts/:n',
    describeRoute({
      summary: 'Bytes of one part, from an offset on',
      ...answers({ 201: StoredFile, 204: null }, [
        ...guarded,
        'INVALID_INPUT',
        'WRONG_CONTENT_TYPE',
        'BODY_STALLED',
        'OFFSET_MISMATCH',
        'PART_EXISTS',
        'TAKEN_OVER',
        'CANCELLED',
        'EXPIRED_SESSION',
        'DIGEST_MISMATCH',
        'STORAGE_FULL',
      ]),
    }),
    async (c) => {
      const outcome = await receivePart(services, addressOf(c), c.env.incoming);
      c.header(header.issuedAt, String(outcome.issuedAt));
      switch (outcome.at) {
        case 'received':
          return c.body(null, 204, { [header.offset]: String(outcome.heldBytes), [header.complete]: '?0' });
        case 'acknowledged':
          return c.body(null, 204, { [header.complete]: '?1' });
        case 'stored':
          return c.json(outcome.file, 201, { [header.complete]: '?1' });
      }
    },
  );

  // Hono answers HEAD by the route for GET; a part cannot be read.
  api.get(
    '/api/upload-sessions/:sid/files/:fid/parts/:n',
    describeRoute({ hide: true, summary: 'HEAD: how many bytes of the part are here' }),
    async (c) => {
      if (c.req.method !== 'HEAD') throw new Refusal('METHOD_NOT_ALLOWED', 'Parts are asked for by HEAD');
      const { offset, complete, issuedAt } = await readOffset(services, addressOf(c));
      return c.body(null, 204, {
        [header.offset]: String(offset),
        [header.complete]: complete ? '?1' : '?0',
        [header.issuedAt]: String(issuedAt),
        'Cache-Control': 'no-store',
      });
    },
  );

  api.delete(
    '/api/upload-sessions/:sid/files/:fid',
    describeRoute({
      summary: 'Cancel an upload and free its parts; a file that is stored stays',
      ...answers({ 204: null }, guarded),
    }),
    async (c) => {
      const { sid, fid } = c.req.param();
      const { upload } = await findUpload(db, c.get('session').account.id, sid, fid);
      const key = await cancelUpload(db, upload);
      if (key !== null) {
        await attempts.stop(key, 'CANCELLED');
        await freeGarbage(services, [key]);
      }
      return c.body(null, 204);
    },
  );

  return api;
}

function addressOf(c: Context<ServerEnv>): PartAddress {
  const { sid = '', fid = '', n = '' } = c.req.param();
  return { accountId: c.get('session').account.id, sessionId: sid, uploadId: fid, number: n };
}
