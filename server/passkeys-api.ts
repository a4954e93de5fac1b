import { type Context, Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import * as v from 'valibot';
import { Passkey, Passkeys, RegisterPasskey, RenamePasskey, SignedIn, UsePasskey } from '../shared/api.ts';
import type { ApiErrorCode } from '../shared/errors.ts';
import { askerOf, requireRecentSignIn, requireSession } from './guards.ts';
import { readJson } from './json-body.ts';
import { answers } from './openapi.ts';
import type { Question } from './passkeys.ts';
import type { ServerEnv, Services } from './services.ts';

const Options = v.looseObject({ challenge: v.string() });
const own = ['SESSION_EXPIRED', 'SIGNED_OUT', 'WRONG_ACCOUNT', 'CSRF_INVALID'] satisfies ApiErrorCode[];
const answered = ['PASSKEY_EXPIRED', 'PASSKEY_REFUSED', 'INVALID_INPUT'] satisfies ApiErrorCode[];

/** Registering, using and keeping passkeys. All but the sign-in itself need a session. */
export function passkeysApi(services: Services): Hono<ServerEnv> {
  const { config, passkeys } = services;
  const api = new Hono<ServerEnv>();
  const signedIn = requireSession(services, false);
  const recently = requireRecentSignIn(services);

  api.post(
    '/api/auth/passkey/sign-in/options',
    describeRoute({
      summary: 'What to ask an authenticator for, to sign in; also for autofill',
      ...answers({ 200: Options }, ['ORIGIN_REFUSED', 'RATE_LIMITED']),
    }),
    async (c) => ask(c, await passkeys.askToSignIn(askerOf(c))),
  );

  api.post(
    '/api/auth/passkey/sign-in/verify',
    describeRoute({
      summary: 'Sign in with a passkey; ends the session that the request came with',
      ...answers({ body: UsePasskey, 200: SignedIn }, [
        ...answered,
        'PASSKEY_UNKNOWN',
        'ORIGIN_REFUSED',
        'RATE_LIMITED',
      ]),
    }),
    async (c) => {
      const body = await readJson(c, UsePasskey, config);
      const { account, cookie } = await passkeys.enter(body, askerOf(c));
      return c.json({ account } satisfies SignedIn, 200, { 'Set-Cookie': cookie });
    },
  );

  api.post(
    '/api/auth/passkey/register/options',
    describeRoute({
      summary: 'What to ask an authenticator for, to make a passkey; after a recent sign-in',
      ...answers({ 200: Options }, [...own, 'SIGN_IN_TOO_OLD', 'TOO_MANY_PASSKEYS']),
    }),
    signedIn,
    recently,
    async (c) => ask(c, await passkeys.askToRegister(c.get('session').account, askerOf(c))),
  );

  api.post(
    '/api/auth/passkey/register/verify',
    describeRoute({
      summary: 'Keep the passkey that the authenticator made',
      ...answers({ body: RegisterPasskey, 201: Passkey }, [
        ...own,
        ...answered,
        'SIGN_IN_TOO_OLD',
        'PASSKEY_EXISTS',
        'TOO_MANY_PASSKEYS',
      ]),
    }),
    signedIn,
    recently,
    async (c) => {
      const body = await readJson(c, RegisterPasskey, config);
      const { account, device } = c.get('session');
      return c.json(await passkeys.register(account, body, device, askerOf(c)), 201);
    },
  );

  api.get(
    '/api/auth/passkey',
    describeRoute({ summary: 'The passkeys of this account', ...answers({ 200: Passkeys }, own) }),
    signedIn,
    async (c) => c.json({ passkeys: await passkeys.list(c.get('session').account.id) } satisfies Passkeys),
  );

  api.patch(
    '/api/auth/passkey/:id',
    describeRoute({
      summary: 'Rename a passkey',
      ...answers({ body: RenamePasskey, 200: Passkey }, [...own, 'INVALID_INPUT', 'NOT_FOUND']),
    }),
    signedIn,
    async (c) => {
      const { name } = await readJson(c, RenamePasskey, config);
      return c.json(await passkeys.rename(c.get('session').account.id, c.req.param('id'), name));
    },
  );

  api.delete(
    '/api/auth/passkey/:id',
    describeRoute({ summary: 'Delete a passkey', ...answers({ 204: null }, [...own, 'NOT_FOUND']) }),
    signedIn,
    async (c) => {
      await passkeys.remove(c.get('session').account.id, c.req.param('id'));
      return c.body(null, 204);
    },
  );

  return api;
}

function ask(c: Context<ServerEnv>, { options, cookie }: Question): Response {
  return c.json(options, 200, { 'Set-Cookie': cookie });
}
