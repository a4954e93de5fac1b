import { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import * as v from 'valibot';
import { AccountSession, DeviceSessions, SignedIn } from '../shared/api.ts';
import { deleteAccount } from './account-deletion.ts';
import { deviceName } from './account-session.ts';
import { emailAddress } from './email-address.ts';
import { askerOf, requireRecentSignIn, requireSession } from './guards.ts';
import { readJson } from './json-body.ts';
import { answers } from './openapi.ts';
import { Refusal } from './problem.ts';
import type { ServerEnv, Services } from './services.ts';

const SendCode = v.object({ email: emailAddress, type: v.literal('sign-in') });
const SignInWithCode = v.object({
  email: emailAddress,
  otp: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(32)),
});
const Done = v.object({ success: v.literal(true) });

/** Signing in, and the account's own sessions. */
export function accountsApi(services: Services): Hono<ServerEnv> {
  const { config, sessions, codes, now } = services;
  const api = new Hono<ServerEnv>();

  api.post(
    '/api/auth/email-otp/send-verification-otp',
    describeRoute({
      summary: 'Mail a sign-in code; the answer does not tell whether the address is known',
      ...answers({ body: SendCode, 200: Done }, [
        'INVALID_INPUT',
        'ORIGIN_REFUSED',
        'RATE_LIMITED',
        'UNAVAILABLE',
      ]),
    }),
    async (c) => {
      const body = await readJson(c, SendCode, config);
      await codes.send(body.email, askerOf(c));
      return c.json({ success: true });
    },
  );

  api.post(
    '/api/auth/sign-in/email-otp',
    describeRoute({
      summary: 'Sign in with a mailed code; ends the session that the request came with',
      ...answers({ body: SignInWithCode, 200: SignedIn }, [
        'CODE_WRONG',
        'CODE_EXPIRED',
        'INVALID_INPUT',
        'ORIGIN_REFUSED',
        'SIGN_UP_CLOSED',
        'RATE_LIMITED',
      ]),
    }),
    async (c) => {
      const body = await readJson(c, SignInWithCode, config);
      const { account, cookie } = await codes.enter(body.email, body.otp, askerOf(c));
      return c.json({ account } satisfies SignedIn, 200, { 'Set-Cookie': cookie });
    },
  );

  api.get(
    '/api/session',
    describeRoute({
      summary: 'Who is signed in, and the token for unsafe requests',
      ...answers({ 200: AccountSession }, ['SESSION_EXPIRED', 'SIGNED_OUT']),
    }),
    requireSession(services, false),
    (c) => {
      const { account, csrfToken, createdAt, expiresAt } = c.get('session');
      const answer: AccountSession = { account, csrfToken, issuedAt: createdAt, expiresAt, now: now() };
      return c.json(answer);
    },
  );

  api.delete(
    '/api/session',
    describeRoute({
      summary: 'Sign out; only this, and deleting the account, clears the cookie',
      ...answers({ 204: null }, ['ORIGIN_REFUSED', 'WRONG_ACCOUNT', 'CSRF_INVALID']),
    }),
    async (c, next) => {
      const { at } = await sessions.check(c.req.header('Cookie'), now());
      // Nothing to end. A dead cookie is left alone: by now the browser may have got a live one.
      if (at !== 'live') return c.body(null, 204);
      return next();
    },
    requireSession(services, false),
    async (c) => {
      await sessions.end(c.get('session').token);
      return c.body(null, 204, { 'Set-Cookie': sessions.clearingCookie() });
    },
  );

  api.get(
    '/api/sessions',
    describeRoute({
      summary: 'The devices this account is signed in on',
      ...answers({ 200: DeviceSessions }, ['SESSION_EXPIRED', 'SIGNED_OUT']),
    }),
    requireSession(services, false),
    async (c) => {
      const { id: current, account } = c.get('session');
      const rows = await sessions.list(account.id, now());
      const answer: DeviceSessions = {
        sessions: rows.map(({ id, userAgent, createdAt, updatedAt }) => ({
          id,
          device: deviceName(userAgent ?? ''),
          createdAt: createdAt.getTime(),
          lastUsedAt: updatedAt.getTime(),
          current: id === current,
        })),
      };
      return c.json(answer);
    },
  );

  api.delete(
    '/api/sessions/:id',
    describeRoute({
      summary: 'End one session of this account',
      ...answers({ 204: null }, [
        'SESSION_EXPIRED',
        'SIGNED_OUT',
        'WRONG_ACCOUNT',
        'CSRF_INVALID',
        'NOT_FOUND',
      ]),
    }),
    requireSession(services, false),
    async (c) => {
      const rows = await sessions.list(c.get('session').account.id, now());
      const row = rows.find(({ id }) => id === c.req.param('id'));
      if (!row) throw new Refusal('NOT_FOUND', 'This account has no such session');
      await sessions.end(row.token);
      return c.body(null, 204);
    },
  );

  api.delete(
    '/api/account',
    describeRoute({
      summary: 'Delete the account with all that is in it, and sign out; after a recent sign-in',
      ...answers({ 204: null }, [
        'SESSION_EXPIRED',
        'SIGNED_OUT',
        'WRONG_ACCOUNT',
        'CSRF_INVALID',
        'SIGN_IN_TOO_OLD',
      ]),
    }),
    requireSession(services, false),
    requireRecentSignIn(services),
    async (c) => {
      await deleteAccount(services, c.get('session').account);
      return c.body(null, 204, { 'Set-Cookie': sessions.clearingCookie() });
    },
  );

  return api;
}
