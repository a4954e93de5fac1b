import * as v from 'valibot';
import type { Accounts, Asker, Entry } from './accounts.ts';
import type { Config, OidcConfig } from './config.ts';
import { emailAddress } from './email-address.ts';
import { Refusal } from './problem.ts';
import type { SignInLimits } from './sign-in-limits.ts';
import type { SignInSteps } from './sign-in-steps.ts';

type Oidc = typeof import('openid-client');
type Client = import('openid-client').Configuration;

/** A provider that is asked for only when somebody signs in by it. */
export interface Provider {
  readonly name: string;
  /** How the provider knows us; starts the provider first, if it is our own. */
  settings(): Promise<OidcConfig>;
  stop(): Promise<void>;
}

/** A step of ours: what the answer of the provider is checked against. */
const Waiting = v.object({ verifier: v.string(), nonce: v.string() });
type Waiting = v.InferOutput<typeof Waiting>;

/** A person may have to find a second factor first. */
const STEP_MS = 10 * 60_000;
const PROVIDER_SECONDS = 10;
/** What the provider said of itself is asked for again after so long. */
const DISCOVERED_MS = 3_600_000;

/**
 * Single sign-on by OpenID Connect: the code flow with PKCE, nonce and state, answered by query.
 *
 * The provider vouches for an email address, and that alone decides whose account it is: there is no other link.
 */
export class Sso {
  readonly #provider: Provider;
  readonly #callback: string;
  readonly #accounts: Accounts;
  readonly #steps: SignInSteps;
  readonly #limits: SignInLimits;
  readonly #now: () => number;
  #client: { client: Client; at: number } | null = null;

  constructor(
    config: Config,
    provider: Provider,
    accounts: Accounts,
    steps: SignInSteps,
    limits: SignInLimits,
    now: () => number,
  ) {
    this.#provider = provider;
    this.#callback = `${config.publicUrl}/api/auth/callback/oidc`;
    this.#accounts = accounts;
    this.#steps = steps;
    this.#limits = limits;
    this.#now = now;
  }

  get name(): string {
    return this.#provider.name;
  }

  /** Where the browser is to go, and what it comes back with. @throws {Refusal} `RATE_LIMITED`, `UNAVAILABLE` */
  async start({ clientAddress, headers }: Asker): Promise<{ url: string; state: string; cookie: string }> {
    await this.#limits.countStart(clientAddress);
    const { oidc, client } = await this.#connect();
    const waiting: Waiting = { verifier: oidc.randomPKCECodeVerifier(), nonce: oidc.randomNonce() };
    const state = oidc.randomState();
    const url = oidc.buildAuthorizationUrl(client, {
      redirect_uri: this.#callback,
      scope: 'openid email',
      state,
      nonce: waiting.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(waiting.verifier),
      code_challenge_method: 'S256',
    });
    const cookies = headers.get('Cookie') ?? undefined;
    const cookie = await this.#steps.begin('sso', state, waiting, STEP_MS, cookies);
    return { url: url.href, state, cookie };
  }

  /**
   * Whether the provider's answer is to something this browser has asked, which it can be once.
   *
   * @throws {Refusal} `SSO_EXPIRED`
   */
  async resume(state: string, { headers }: Asker): Promise<Waiting> {
    const step = await this.#steps.take('sso', state, headers.get('Cookie') ?? undefined);
    const waiting = v.safeParse(Waiting, step);
    if (!waiting.success) throw new Refusal('SSO_EXPIRED', 'Too old, used up, or begun in another browser');
    return waiting.output;
  }

  /**
   * Signs in with the provider's answer, which is the query of the callback.
   *
   * @throws {Refusal} `SSO_CANCELLED`, `SSO_FAILED`, `SSO_EMAIL_UNVERIFIED`, `SIGN_UP_CLOSED`, `RATE_LIMITED`, `UNAVAILABLE`
   */
  async enter(query: string, state: string, waiting: Waiting, asker: Asker): Promise<Entry> {
    return this.#limits.guarding({ clientAddress: asker.clientAddress, about: null }, async () => {
      const email = await this.#verifiedEmail(query, state, waiting);
      const account = await this.#accounts.inTurn(() => this.#accounts.ofVerified(email, 'oidc'));
      return this.#accounts.enter(account, asker);
    });
  }

  async #verifiedEmail(query: string, state: string, { verifier, nonce }: Waiting): Promise<string> {
    const { oidc, client } = await this.#connect();
    try {
      const tokens = await oidc.authorizationCodeGrant(client, new URL(this.#callback + query), {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (!claims) throw new Refusal('SSO_FAILED', 'The provider sent no identity');
      // Either place is the provider's own word; many put the address only where one has to ask for it.
      const facts =
        claims.email === undefined
          ? await oidc.fetchUserInfo(client, tokens.access_token, claims.sub)
          : claims;
      return readEmail(facts.email, facts.email_verified);
    } catch (error) {
      throw toRefusal(oidc, error);
    }
  }

  async #connect(): Promise<{ oidc: Oidc; client: Client }> {
    const oidc = await import('openid-client'); // only loaded where it is used
    const known = this.#client;
    if (known && this.#now() - known.at < DISCOVERED_MS) return { oidc, client: known.client };
    try {
      const client = await discover(oidc, await this.#provider.settings());
      this.#client = { client, at: this.#now() };
      return { oidc, client };
    } catch (cause) {
      if (known) return { oidc, client: known.client };
      throw unavailable(cause);
    }
  }

  stop(): Promise<void> {
    return this.#provider.stop();
  }
}

async function discover(oidc: Oidc, { issuer, clientId, clientSecret }: OidcConfig): Promise<Client> {
  const insecure = issuer.startsWith('http:'); // the configuration allows that on this machine only
  return oidc.discovery(new URL(issuer), clientId, undefined, authentication(oidc, clientSecret), {
    timeout: PROVIDER_SECONDS,
    execute: [
      // The signature counts too, and not only the connection that the token came by.
      oidc.enableNonRepudiationChecks,
      ...(insecure ? [oidc.allowInsecureRequests] : []),
    ],
  });
}

/** By `Authorization: Basic` unless the provider says that it takes none (Discovery 1.0 §3 has that as the default). */
function authentication(oidc: Oidc, secret: string | null): import('openid-client').ClientAuth {
  if (secret === null) return oidc.None();
  const basic = oidc.ClientSecretBasic(secret);
  const post = oidc.ClientSecretPost(secret);
  return (server, ...rest) => {
    const taken = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (taken.includes('client_secret_basic') ? basic : post)(server, ...rest);
  };
}

function readEmail(email: unknown, isVerified: unknown): string {
  if (isVerified !== true)
    throw new Refusal('SSO_EMAIL_UNVERIFIED', 'The provider does not vouch for the address');
  const result = v.safeParse(emailAddress, email);
  if (!result.success) throw new Refusal('SSO_FAILED', 'The provider sent no email address');
  return result.output;
}

function toRefusal(oidc: Oidc, error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof oidc.AuthorizationResponseError) {
    if (error.error === 'access_denied') return new Refusal('SSO_CANCELLED', 'The provider was told no');
    if (error.error === 'temporarily_unavailable' || error.error === 'server_error')
      return unavailable(error);
  }
  return isNetworkFailure(error)
    ? unavailable(error)
    : new Refusal('SSO_FAILED', 'The provider’s answer cannot be trusted', { cause: error });
}

/** `fetch` throws a bare `TypeError` when nobody answers, and a `TimeoutError` when nobody does in time. */
function isNetworkFailure(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === 'TimeoutError' || (at instanceof TypeError && at.message === 'fetch failed')) return true;
  }
  return false;
}

function unavailable(cause: unknown): Refusal {
  return new Refusal('UNAVAILABLE', 'The provider cannot be reached', {
    headers: { 'Retry-After': '30' },
    cause,
  });
}
