import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Adapter, AdapterPayload, Configuration, Provider as OidcProvider } from 'oidc-provider';
import type { OidcConfig } from './config.ts';
import type { Provider } from './sso.ts';

const CLIENT_ID = 'holdfast';
const UNVERIFIED = 'unverified:';
const HOUR_SECONDS = 3600;

/**
 * The provider of single sign-on for whoever works on Holdfast: it lets in anybody, under any address they type.
 *
 * A real one, `oidc-provider`, on a port of its own, so that the browser leaves our origin as it does for any
 * provider. It starts when it is first asked for, and nothing of it is loaded before.
 */
export function devProvider(callback: string): Provider {
  let running: Promise<{ server: Server; settings: OidcConfig }> | null = null;
  return {
    name: 'Development SSO',
    async settings() {
      running ??= start(callback);
      running.catch(() => {
        running = null; // its caller hears of it; the next one tries again
      });
      return (await running).settings;
    },
    async stop() {
      const started = await running?.catch(() => null);
      if (!started) return;
      started.server.closeAllConnections();
      await new Promise((resolve) => started.server.close(resolve));
    },
  };
}

async function start(callback: string): Promise<{ server: Server; settings: OidcConfig }> {
  const { Provider } = await import('oidc-provider');
  const clientSecret = randomBytes(32).toString('base64url');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, configuration(callback, clientSecret));
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const page = request.url?.startsWith('/interaction/') ? interact(provider, request, response) : null;
    if (!page) answer(request, response);
    else page.catch(() => response.writeHead(400).end('This sign-in is over. Begin again in Holdfast.'));
  });
  return { server, settings: { issuer, clientId: CLIENT_ID, clientSecret, name: 'Development SSO' } };
}

function configuration(callback: string, clientSecret: string): Configuration {
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: clientSecret,
        redirect_uris: [callback],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    adapter: memory(),
    jwks: {
      keys: [{ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) }],
    },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    cookies: { keys: [randomBytes(32).toString('base64url')], names: DEV_COOKIES },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: HOUR_SECONDS,
      AuthorizationCode: 60,
      Grant: HOUR_SECONDS,
      IdToken: HOUR_SECONDS,
      Interaction: HOUR_SECONDS,
      Session: HOUR_SECONDS,
    },
    findAccount: (_ctx, accountId) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        email: accountId.replace(UNVERIFIED, ''),
        email_verified: !accountId.startsWith(UNVERIFIED),
      }),
    }),
    async loadExistingGrant({ oidc }) {
      // Whoever signed in has agreed: the page says so.
      if (!oidc.client || !oidc.session?.accountId) return undefined;
      const grant = new oidc.provider.Grant({
        clientId: oidc.client.clientId,
        accountId: oidc.session.accountId,
      });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
  };
}

/** Cookies know no ports: ours must not be taken for another provider's on this machine. */
const DEV_COOKIES = {
  session: 'holdfast-dev-sso',
  interaction: 'holdfast-dev-sso-interaction',
  resume: 'holdfast-dev-sso-resume',
};

/** What the provider remembers, as long as it runs. It has such a memory itself, but warns of it on the terminal. */
function memory(): (kind: string) => Adapter {
  const all = new Map<string, AdapterPayload>();
  return (kind) => {
    const key = (id: string) => `${kind} ${id}`;
    return {
      async upsert(id, payload) {
        all.set(key(id), payload);
      },
      find: async (id) => all.get(key(id)),
      findByUid: async (uid) => [...all.values()].find((payload) => payload.uid === uid),
      findByUserCode: async () => undefined,
      async consume(id) {
        const found = all.get(key(id));
        if (found) found.consumed = Math.floor(Date.now() / 1000);
      },
      async destroy(id) {
        all.delete(key(id));
      },
      async revokeByGrantId(grantId) {
        for (const [at, payload] of all) if (payload.grantId === grantId) all.delete(at);
      },
    };
  };
}

/** The page that asks who somebody is, and what it sends. */
async function interact(
  provider: OidcProvider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') {
    await provider.interactionDetails(request, response);
    response.writeHead(200, PAGE_HEADERS).end(PAGE);
    return;
  }
  const form = new URLSearchParams(await text(request));
  const email = (form.get('email') ?? '').trim().toLowerCase();
  const login = { accountId: form.has('unverified') ? UNVERIFIED + email : email };
  const denied = { error: 'access_denied', error_description: 'The person said no' };
  await provider.interactionFinished(request, response, form.get('do') === 'cancel' ? denied : { login });
}

const PAGE_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
};

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Development SSO</title>
<style>body { font: 1.1rem/1.5 system-ui; max-width: 24rem; margin: 4rem auto; padding: 0 1rem }
input[type=email] { font: inherit; width: 100%; box-sizing: border-box } button { font: inherit }</style>
<h1>Development SSO</h1>
<p>It lets in anybody under any address, and it is never there but on localhost.</p>
<form method="post">
<p><label>Email address<br><input type="email" name="email" autocomplete="off" autofocus></label></p>
<p><label><input type="checkbox" name="unverified"> Say that the address is not verified</label></p>
<p><button name="do" value="sign-in">Sign in</button> <button name="do" value="cancel">Cancel</button></p>
</form>
</html>
`;
