import { isIP } from 'node:net';
import { resolve } from 'node:path';
import * as v from 'valibot';

/**
 * Every setting comes from the environment, is read once at start, and has a default.
 *
 * | Variable | Default | Meaning |
 * |---|---|---|
 * | `PORT` | 8080 | port to listen on; 0 takes any free one |
 * | `HOST` | 127.0.0.1 if `PUBLIC_URL` is on localhost, else `::` | address to listen on |
 * | `PUBLIC_URL` | `http://localhost:PORT` | where people reach this server: fixes cookies and origins |
 * | `APP_ORIGIN` | origin of `PUBLIC_URL` | origin of the pages, if they are served from elsewhere: fixes passkeys |
 * | `API_ORIGIN` | origin of `PUBLIC_URL` | origin of this API, if the pages it serves are to call another one |
 * | `APP_DIR` | `dist` | the built app; where it is missing, only the API is served |
 * | `DATA_DIR` | `data` | database, files, outbox and secret |
 * | `SECRET` | made once into `DATA_DIR/secret` | signs cookies and CSRF tokens, 32 characters or more |
 * | `TRUST_PROXY` | none | addresses or networks (CIDR) whose `X-Forwarded-For` is believed, by commas |
 * | `METRICS_FROM` | `127.0.0.0/8, ::1` | addresses or networks (CIDR) that may read `/metrics`, by commas |
 * | `LOG_LEVEL` | info | `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent` |
 * | `SIGN_UP` | `open` on localhost, else `first` | who may make an account: `open`, `domains`, `first` (the first person, then closed), `closed` |
 * | `SIGN_UP_DOMAINS` | none | mail domains for `SIGN_UP=domains`, by commas |
 * | `OIDC_ISSUER` | none | provider of single sign-on (OpenID Connect), found by discovery |
 * | `OIDC_CLIENT_ID`, `OIDC_CLIENT_SECRET` | none | what the provider knows this server by; no secret for a public client |
 * | `OIDC_NAME` | the issuer's host name | what people know the provider by |
 * | `DEV_SSO` | on | `off`: no built-in provider, which else stands in on localhost while there is no `OIDC_ISSUER` |
 * | `COOKIE_SAME_SITE` | lax | `none` when `APP_ORIGIN` is on another site than `PUBLIC_URL`, which must be https then |
 * | `SMTP_URL` | none | mail server; without it codes go to the terminal and to `DATA_DIR/outbox` |
 * | `MAIL_FROM` | `Holdfast <holdfast@HOSTNAME>` | sender of mails |
 * | `ACCOUNT_SESSION_DAYS` | 7 | a sign-in ends after so long without use; fractions allowed |
 * | `ACCOUNT_SESSION_MAX_DAYS` | 90 | a sign-in ends after so long in any case |
 * | `RECENT_SIGN_IN_MINUTES` | 15 | adding a passkey, or deleting the account, needs a sign-in no older than this |
 * | `CODE_MINUTES` | 5 | how long a mailed code is good for |
 * | `CODE_SENDS_PER_HOUR`, `CODE_SENDS_PER_DAY` | 10, 30 | codes mailed to one address |
 * | `CODE_GUESSES_PER_HOUR` | 10 | wrong codes for one address |
 * | `CODE_REQUESTS_PER_HOUR_PER_CLIENT` | 200 | codes asked for, and failed sign-ins of any kind, from one client address |
 * | `SIGN_IN_STARTS_PER_HOUR_PER_CLIENT` | 2000 | sign-ins by passkey or SSO begun from one client address; a sign-in page begins one |
 * | `REQUESTS_PER_MINUTE_PER_CLIENT` | 6000 | requests to `/api` from one client address |
 * | `SHARE_GUESSES_PER_HOUR` | 20 | wrong passwords for one shared link |
 * | `SHARE_MISSES_PER_HOUR_PER_CLIENT` | 200 | shared links that lead nowhere, and wrong passwords, from one client address |
 * | `MAX_SHARES` | 1000 | shared links of one account |
 * | `MAX_PASSKEYS` | 20 | passkeys of one account |
 * | `SESSION_TTL_MINUTES` | 1440 | an upload session ends after so long without an acknowledged part; fractions allowed |
 * | `GRACE_DAYS` | 7 | parts are kept so long after that |
 * | `UNDO_MINUTES` | 60 | a deleted file can be restored for so long; fractions allowed |
 * | `REAPER_INTERVAL_MINUTES` | 10 | how often abandoned parts are looked for |
 * | `BODY_STALL_SECONDS` | 60 | a body that brings no byte for so long is cut; its prefix is kept |
 * | `MAX_FILE_BYTES` | 1 TiB | largest file |
 * | `MAX_BODY_BYTES` | 4 MiB | largest JSON body |
 * | `MAX_FILES_PER_SESSION` | 10000 | files in one upload session |
 * | `MAX_OPEN_SESSIONS` | 1000 | unfinished upload sessions of one account |
 * | `QUOTA_BYTES` | 1 TiB | stored and announced bytes of one account |
 * | `MAX_THUMBNAIL_PIXELS` | 100,000,000 | larger pictures get no thumbnail |
 */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Origin people reach this server at, without a path. */
  readonly publicUrl: string;
  readonly appOrigin: string;
  readonly apiOrigin: string;
  readonly appDir: string;
  readonly dataDir: string;
  readonly secret: string | null;
  readonly trustProxy: readonly string[];
  readonly metricsFrom: readonly string[];
  readonly logLevel: string;
  readonly signUp: 'open' | 'domains' | 'first' | 'closed';
  readonly signUpDomains: readonly string[];
  /** The provider of single sign-on, if there is one. */
  readonly oidc: OidcConfig | null;
  /** Whether the built-in provider stands in for one. */
  readonly devSso: boolean;
  readonly cookieSameSite: 'lax' | 'none';
  readonly smtpUrl: string | null;
  readonly mailFrom: string;
  readonly accountSessionDays: number;
  readonly accountSessionMaxDays: number;
  readonly recentSignInMinutes: number;
  readonly codeMinutes: number;
  readonly codeSendsPerHour: number;
  readonly codeSendsPerDay: number;
  readonly codeGuessesPerHour: number;
  readonly codeRequestsPerHourPerClient: number;
  readonly signInStartsPerHourPerClient: number;
  readonly requestsPerMinutePerClient: number;
  readonly shareGuessesPerHour: number;
  readonly shareMissesPerHourPerClient: number;
  readonly maxShares: number;
  readonly maxPasskeys: number;
  readonly sessionTtlMinutes: number;
  readonly graceDays: number;
  readonly undoMinutes: number;
  readonly reaperIntervalMinutes: number;
  readonly bodyStallSeconds: number;
  readonly maxFileBytes: number;
  readonly maxBodyBytes: number;
  readonly maxFilesPerSession: number;
  readonly maxOpenSessions: number;
  readonly quotaBytes: number;
  readonly maxThumbnailPixels: number;
}

/** How this server is known to a provider of OpenID Connect. */
export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  /** Null for a public client. */
  readonly clientSecret: string | null;
  /** What people know the provider by. */
  readonly name: string;
}

/** What is wrong with the environment, one line for each variable. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length} problem(s):\n${problems.map((line) => `  ${line}`).join('\n')}`,
    );
    this.name = 'ConfigError';
  }
}

const TIB = 1024 ** 4;
const text = v.pipe(v.string(), v.trim(), v.minLength(1));
const number = v.pipe(text, v.transform(Number), v.number('must be a number'), v.finite());
const positive = v.pipe(number, v.gtValue(0, 'must be above 0'));
const count = v.pipe(number, v.safeInteger('must be a whole number'), v.minValue(1, 'must be 1 or more'));
const list = v.pipe(
  v.string(),
  v.transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  ),
);
const networks = v.pipe(
  list,
  v.check((items) => items.every(isNetwork), 'must be addresses or networks'),
);
const origin = v.pipe(
  text,
  v.check(
    (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    'must be an http(s) address',
  ),
  v.transform((value) => new URL(value).origin),
);

const onOff = v.picklist(['on', 'off'], 'must be on or off');
const issuerAddress = v.pipe(
  text,
  v.check((value) => URL.canParse(value) && isSafeIssuer(new URL(value)), 'must be an https address'),
);

/** What is read from a provider decides who is let in: by http only on this machine. */
function isSafeIssuer({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLocal(hostname));
}

/**
 * The configuration that `env` describes; relative folders are taken from the working directory.
 *
 * @throws {ConfigError} naming every variable that is wrong.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  function read<T>(name: string, schema: v.GenericSchema<string, T>, fallback: T): T {
    const value = env[name];
    if (value === undefined || value === '') return fallback;
    const result = v.safeParse(schema, value);
    if (result.success) return result.output;
    problems.push(`${name}: ${result.issues[0].message}`);
    return fallback;
  }

  function readOidc(): OidcConfig | null {
    const issuer = read('OIDC_ISSUER', issuerAddress, '');
    const clientId = read('OIDC_CLIENT_ID', text, '');
    const clientSecret = read('OIDC_CLIENT_SECRET', text, '') || null;
    if (!env.OIDC_ISSUER) {
      if (clientId || clientSecret)
        problems.push('OIDC_ISSUER: must be set when OIDC_CLIENT_ID or OIDC_CLIENT_SECRET is');
      return null;
    }
    if (clientId === '') problems.push('OIDC_CLIENT_ID: must be set when OIDC_ISSUER is');
    if (issuer === '') return null;
    return { issuer, clientId, clientSecret, name: read('OIDC_NAME', text, new URL(issuer).hostname) };
  }

  const port = read('PORT', v.pipe(number, v.integer(), v.minValue(0), v.maxValue(65_535)), 8080);
  const publicUrl = read('PUBLIC_URL', origin, `http://localhost:${port}`);
  const { hostname } = new URL(publicUrl);
  const local = isLocal(hostname);
  const config: Config = {
    host: read('HOST', text, local ? '127.0.0.1' : '::'),
    port,
    publicUrl,
    appOrigin: read('APP_ORIGIN', origin, publicUrl),
    apiOrigin: read('API_ORIGIN', origin, publicUrl),
    appDir: resolve(read('APP_DIR', text, 'dist')),
    dataDir: resolve(read('DATA_DIR', text, 'data')),
    secret:
      read('SECRET', v.pipe(v.string(), v.minLength(32, 'must have 32 characters or more')), '') || null,
    trustProxy: read('TRUST_PROXY', list, []),
    metricsFrom: read('METRICS_FROM', networks, ['127.0.0.0/8', '::1']),
    logLevel: read(
      'LOG_LEVEL',
      v.picklist(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'is no log level'),
      'info',
    ),
    signUp: read(
      'SIGN_UP',
      v.picklist(['open', 'domains', 'first', 'closed'], 'must be open, domains, first or closed'),
      local ? 'open' : 'first',
    ),
    signUpDomains: read('SIGN_UP_DOMAINS', list, []).map((domain) => domain.toLowerCase()),
    oidc: readOidc(),
    devSso: local && !env.OIDC_ISSUER && read('DEV_SSO', onOff, 'on') === 'on',
    cookieSameSite: read('COOKIE_SAME_SITE', v.picklist(['lax', 'none'], 'must be lax or none'), 'lax'),
    smtpUrl:
      read('SMTP_URL', v.pipe(text, v.regex(/^smtps?:\/\//, 'must begin with smtp:// or smtps://')), '') ||
      null,
    mailFrom: read('MAIL_FROM', text, `Holdfast <holdfast@${hostname}>`),
    accountSessionDays: read('ACCOUNT_SESSION_DAYS', positive, 7),
    accountSessionMaxDays: read('ACCOUNT_SESSION_MAX_DAYS', positive, 90),
    recentSignInMinutes: read('RECENT_SIGN_IN_MINUTES', positive, 15),
    codeMinutes: read('CODE_MINUTES', positive, 5),
    codeSendsPerHour: read('CODE_SENDS_PER_HOUR', count, 10),
    codeSendsPerDay: read('CODE_SENDS_PER_DAY', count, 30),
    codeGuessesPerHour: read('CODE_GUESSES_PER_HOUR', count, 10),
    codeRequestsPerHourPerClient: read('CODE_REQUESTS_PER_HOUR_PER_CLIENT', count, 200),
    signInStartsPerHourPerClient: read('SIGN_IN_STARTS_PER_HOUR_PER_CLIENT', count, 2000),
    requestsPerMinutePerClient: read('REQUESTS_PER_MINUTE_PER_CLIENT', count, 6000),
    shareGuessesPerHour: read('SHARE_GUESSES_PER_HOUR', count, 20),
    shareMissesPerHourPerClient: read('SHARE_MISSES_PER_HOUR_PER_CLIENT', count, 200),
    maxShares: read('MAX_SHARES', count, 1000),
    maxPasskeys: read('MAX_PASSKEYS', count, 20),
    sessionTtlMinutes: read('SESSION_TTL_MINUTES', positive, 24 * 60),
    graceDays: read('GRACE_DAYS', v.pipe(number, v.minValue(0, 'must be 0 or more')), 7),
    undoMinutes: read('UNDO_MINUTES', positive, 60),
    reaperIntervalMinutes: read('REAPER_INTERVAL_MINUTES', positive, 10),
    bodyStallSeconds: read('BODY_STALL_SECONDS', positive, 60),
    maxFileBytes: read('MAX_FILE_BYTES', count, TIB),
    maxBodyBytes: read('MAX_BODY_BYTES', count, 4 * 1024 * 1024),
    maxFilesPerSession: read('MAX_FILES_PER_SESSION', count, 10_000),
    maxOpenSessions: read('MAX_OPEN_SESSIONS', count, 1000),
    quotaBytes: read('QUOTA_BYTES', count, TIB),
    maxThumbnailPixels: read('MAX_THUMBNAIL_PIXELS', count, 100_000_000),
  };
  if (config.signUp === 'domains' && config.signUpDomains.length === 0) {
    problems.push('SIGN_UP_DOMAINS: must name a domain when SIGN_UP is domains');
  }
  if (config.cookieSameSite === 'none' && !isSecure(config)) {
    problems.push('COOKIE_SAME_SITE: none needs an https PUBLIC_URL');
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function isNetwork(text: string): boolean {
  const [address = '', prefix = '0', ...more] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return more.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
}

/** Whether people reach this server by https, so that its cookies can be kept to that. */
export function isSecure({ publicUrl }: Pick<Config, 'publicUrl'>): boolean {
  return publicUrl.startsWith('https:');
}

/** Whether `hostname` (as in a URL) is this machine's own. */
export function isLocal(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '127.0.0.1' ||
    hostname === '[::1]'
  );
}
