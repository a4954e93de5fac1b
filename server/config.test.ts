import { expect, test } from 'vitest';
import { clientAddresses } from './client-address.ts';
import { readConfig } from './config.ts';

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
