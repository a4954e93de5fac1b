import { Hono } from 'hono';
import { apiErrors, isApiErrorCode } from '../shared/errors.ts';
import { accountsApi } from './accounts-api.ts';
import { serveApp } from './app-files.ts';
import { archivesApi } from './archives-api.ts';
import { closeConnections } from './connections.ts';
import { answerEarly } from './early-answer.ts';
import { allowApp, requireOrigin } from './guards.ts';
import { healthApi } from './health-api.ts';
import { libraryApi } from './library-api.ts';
import { metricsApi } from './metrics-api.ts';
import { serveOpenApi } from './openapi.ts';
import { passkeysApi } from './passkeys-api.ts';
import { problemAnswer, Refusal } from './problem.ts';
import { limitRequests } from './request-limit.ts';
import { logRequests } from './request-log.ts';
import type { ServerEnv, Services } from './services.ts';
import { shareTarget } from './share-target.ts';
import { sharedApi } from './shared-api.ts';
import { sharesApi } from './shares-api.ts';
import { ssoApi } from './sso-api.ts';
import { uploadsApi } from './uploads-api.ts';

/** The whole HTTP side: guards in their order, then the routes, then what is answered when none fits. */
export function buildApp(services: Services): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>();
  app.use(logRequests(services));
  app.use(answerEarly);
  app.use(async (c, next) => {
    await next();
    c.header('X-Content-Type-Options', 'nosniff');
    if (services.config.publicUrl.startsWith('https:'))
      c.header('Strict-Transport-Security', 'max-age=31536000');
  });
  app.use(closeConnections);
  app.use('/api/*', allowApp(services));
  app.use('/api/*', async (c, next) => {
    await next();
    // What is said to one account is for nobody's cache; files have a rule of their own.
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
  });
  app.use('/api/*', limitRequests(services));
  app.use('/api/*', requireOrigin(services));

  app.route('/', healthApi(services));
  app.route('/', metricsApi(services));
  app.route('/', accountsApi(services));
  app.route('/', passkeysApi(services));
  app.route('/', ssoApi(services));
  app.route('/', uploadsApi(services));
  app.route('/', libraryApi(services));
  app.route('/', archivesApi(services));
  app.route('/', sharesApi(services));
  app.route('/', sharedApi(services));
  app.route('/', shareTarget());
  serveOpenApi(app, services.config.publicUrl);
  const methodsAt = methodFinder(app);
  app.get('*', serveApp(services.config));

  app.notFound((c) => {
    const allowed = methodsAt(c.req.path);
    if (allowed.length === 0) return problemAnswer(new Refusal('NOT_FOUND', 'There is nothing here'));
    const headers = { Allow: allowed.join(', ') };
    return problemAnswer(new Refusal('METHOD_NOT_ALLOWED', 'Not with this method', { headers }));
  });
  app.onError((error, c) => {
    if (error instanceof Refusal) {
      if (apiErrors[error.code] >= 500)
        services.log.warn(
          { request: c.get('requestId'), code: error.code, cause: nameOf(error.cause) },
          'refused',
        );
      return problemAnswer(error);
    }
    if ('code' in error && isApiErrorCode(error.code))
      return problemAnswer(new Refusal(error.code, error.message));
    services.log.error({ request: c.get('requestId'), err: error }, 'a request failed');
    return problemAnswer(new Refusal('INTERNAL', 'Something went wrong'));
  });
  return app;
}

/** What kind of error it was; what it says may hold addresses. */
function nameOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}

/** Which methods the routes know at a path, to tell a wrong method from a wrong address. */
function methodFinder(app: Hono<ServerEnv>): (path: string) => string[] {
  const routes = app.routes
    .filter(({ method, path }) => method !== 'ALL' && !path.includes('*'))
    .map(({ method, path }) => ({ method, pattern: new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`) }));
  return (path) => [
    ...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)),
  ];
}
