import { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { SignInMethods, SsoStart } from '../shared/api.ts';
import type { ApiErrorCode } from '../shared/errors.ts';
import { askerOf } from './guards.ts';
import { answers } from './openapi.ts';
import { takesPasskeys } from './passkeys.ts';
import { Refusal } from './problem.ts';
import type { ServerEnv, Services } from './services.ts';

/** Signing in by a provider, and which ways to sign in there are. */
export function ssoApi({ config, sso, log }: Services): Hono<ServerEnv> {
  const api = new Hono<ServerEnv>();

  api.get(
    '/api/auth/methods',
    describeRoute({ summary: 'The ways to sign in', ...answers({ 200: SignInMethods }, []) }),
    (c) => {
      const methods: SignInMethods = {
        email: true,
        passkey: takesPasskeys(config),
        sso: sso && { name: sso.name },
      };
      return c.json(methods);
    },
  );

  api.post(
    '/api/auth/sign-in/sso',
    describeRoute({
      summary: 'Where to send the browser to sign in by the provider',
      ...answers({ 200: SsoStart }, ['ORIGIN_REFUSED', 'NOT_FOUND', 'RATE_LIMITED', 'UNAVAILABLE']),
    }),
    async (c) => {
      if (!sso) throw new Refusal('NOT_FOUND', 'There is no provider');
      const { url, state, cookie } = await sso.start(askerOf(c));
      return c.json({ url, state } satisfies SsoStart, 200, { 'Set-Cookie': cookie });
    },
  );

  api.get(
    '/api/auth/callback/oidc',
    describeRoute({
      summary: 'Where the provider sends the browser back to; leads to a page of the app in any case',
      responses: { 303: { description: 'To /signin/complete?state=…, or to /signin?sso=<code>' } },
    }),
    async (c) => {
      if (!sso) throw new Refusal('NOT_FOUND', 'There is no provider');
      const asker = askerOf(c);
      const state = c.req.query('state') ?? '';
      const back = (address: string) => {
        c.header('Referrer-Policy', 'no-referrer'); // the address has a code in it
        return c.redirect(config.appOrigin + address, 303);
      };
      try {
        const waiting = await sso.resume(state, asker);
        try {
          const { cookie } = await sso.enter(new URL(c.req.url).search, state, waiting, asker);
          c.header('Set-Cookie', cookie);
          return back(`/signin/complete?state=${encodeURIComponent(state)}`);
        } catch (error) {
          return back(`/signin?sso=${codeOf(error)}&state=${encodeURIComponent(state)}`);
        }
      } catch (error) {
        return back(`/signin?sso=${codeOf(error)}`); // a state that is not ours is not passed on
      }
    },
  );

  return api;

  function codeOf(error: unknown): ApiErrorCode {
    if (error instanceof Refusal) {
      const reason = error.cause instanceof Error ? error.cause.message : undefined;
      log.info({ code: error.code, reason }, 'a sign-in by the provider failed');
      return error.code;
    }
    log.error({ err: error }, 'a sign-in by the provider failed');
    return 'INTERNAL';
  }
}
