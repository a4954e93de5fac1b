import { expect, test } from 'vitest';
import { clientAddresses } from './client-address.ts';
import { readConfig } from './config.ts';
import { takesPasskeys } from './passkeys.ts';

test('an empty environment is enough', () => {
  expect(readConfig({})).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    publicUrl: 'http://localhost:8080',
    appOrigin: 'http://localhost:8080',
    signUp: 'open',
    accountSessionDays: 7,
    sessionTtlMinutes: 1440,
    graceDays: 7,
  });
});

test('on a public address the server listens everywhere and lets in one person', () => {
  const config = readConfig({ PUBLIC_URL: 'https://files.example/some/path' });
  expect([config.host, config.signUp, config.publicUrl]).toEqual(['::', 'first', 'https://files.example']);
});

test('every wrong variable is named, all at once, without its value', () => {
  const wrong = {
    PORT: '70000',
    PUBLIC_URL: 'files.example',
    SIGN_UP: 'maybe',
    SESSION_TTL_MINUTES: '0',
    ACCOUNT_SESSION_DAYS: 'seven',
    QUOTA_BYTES: '1.5',
    SECRET: 'hunter2',
    SMTP_URL: 'http://mail',
    METRICS_FROM: '127.0.0.1, everywhere',
    UNDO_MINUTES: '0',
  };
  let message = '';
  try {
    readConfig(wrong);
  } catch (error) {
    message = String(error);
  }
  for (const name of Object.keys(wrong)) expect(message).toContain(`${name}: `);
  expect(message).not.toContain('hunter2');
  expect(() => readConfig({ SIGN_UP: 'domains' })).toThrow('SIGN_UP_DOMAINS');
});

test('a provider of single sign-on is known by its issuer, and half of its settings is a mistake', () => {
  const all = { OIDC_ISSUER: 'https://id.example/realm', OIDC_CLIENT_ID: 'us', OIDC_CLIENT_SECRET: 's' };
  expect(readConfig(all)).toMatchObject({
    oidc: { issuer: 'https://id.example/realm', clientId: 'us', clientSecret: 's', name: 'id.example' },
    devSso: false,
  });
  const open = readConfig({ ...all, OIDC_CLIENT_SECRET: '', OIDC_NAME: 'Example Inc.' }).oidc;
  expect([open?.clientSecret, open?.name]).toEqual([null, 'Example Inc.']);
  expect(() => readConfig({ ...all, OIDC_CLIENT_ID: '' })).toThrow('OIDC_CLIENT_ID: ');
  expect(() => readConfig({ ...all, OIDC_ISSUER: '' })).toThrow('OIDC_ISSUER: ');
  expect(() => readConfig({ ...all, OIDC_ISSUER: 'http://id.example' })).toThrow('OIDC_ISSUER: ');
  expect(readConfig({ ...all, OIDC_ISSUER: 'http://localhost:9000' }).oidc?.name).toBe('localhost');
});

test('the built-in provider is there on localhost alone, while there is no other', () => {
  expect(readConfig({}).devSso).toBe(true);
  expect(readConfig({ DEV_SSO: 'off' }).devSso).toBe(false);
  expect(readConfig({ PUBLIC_URL: 'https://files.example' }).devSso).toBe(false);
});

test('cookies go to other sites only by https', () => {
  expect(readConfig({ PUBLIC_URL: 'https://files.example', COOKIE_SAME_SITE: 'none' }).cookieSameSite).toBe(
    'none',
  );
  expect(() => readConfig({ COOKIE_SAME_SITE: 'none' })).toThrow('COOKIE_SAME_SITE: ');
  expect(() => readConfig({ COOKIE_SAME_SITE: 'strict' })).toThrow('COOKIE_SAME_SITE: ');
});

test('passkeys need a name and a secure context', () => {
  const takes = (PUBLIC_URL: string) => takesPasskeys(readConfig({ PUBLIC_URL }));
  expect(['https://files.example', 'http://localhost:8080', 'http://app.localhost'].map(takes)).toEqual([
    true,
    true,
    true,
  ]);
  expect(
    ['http://files.example', 'http://127.0.0.1:8080', 'https://[::1]', 'https://192.0.2.1'].map(takes),
  ).toEqual([false, false, false, false]);
});

test('metrics are for addresses and networks', () => {
  expect(readConfig({}).metricsFrom).toEqual(['127.0.0.0/8', '::1']);
  expect(readConfig({ METRICS_FROM: '10.0.0.0/8, 2001:db8::/32 ,192.0.2.1' }).metricsFrom).toEqual([
    '10.0.0.0/8',
    '2001:db8::/32',
    '192.0.2.1',
  ]);
  for (const METRICS_FROM of [
    'localhost',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/x',
    '10.0.0.0/8/8',
    '10.0.0/8',
  ]) {
    expect(() => readConfig({ METRICS_FROM })).toThrow('METRICS_FROM: ');
  }
});

test('fractions of a day or a minute are allowed', () => {
  expect(readConfig({ ACCOUNT_SESSION_DAYS: '0.0001', SESSION_TTL_MINUTES: '0.05' })).toMatchObject({
    accountSessionDays: 0.0001,
    sessionTtlMinutes: 0.05,
  });
});

test('a client is believed about its address as far as we trust who says so', () => {
  const addressOf = clientAddresses(['10.0.0.0/8', '::1']);
  expect(addressOf('203.0.113.7', '1.2.3.4')).toBe('203.0.113.7');
  expect(addressOf('10.1.2.3', '1.2.3.4')).toBe('1.2.3.4');
  expect(addressOf('::ffff:10.1.2.3', '6.6.6.6, 1.2.3.4, 10.9.9.9')).toBe('1.2.3.4');
  expect(addressOf('::1', undefined)).toBe('::1');
  expect(addressOf('10.1.2.3', 'nonsense')).toBe('10.1.2.3');
});
