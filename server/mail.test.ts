import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { afterEach, expect, test } from 'vitest';
import de from '../locales/de.json' with { type: 'json' };
import en from '../locales/en.json' with { type: 'json' };
import type { Language } from '../shared/language.ts';
import { filled, inLanguage } from './mail-texts.ts';
import { freePort, newestMail, startTestServer, TEST_ORIGIN, type TestServer } from './testing.ts';

interface Received {
  from: string;
  to: string[];
  headers: string;
  body: string;
}

let server: TestServer;
let smtp: SMTPServer | null = null;
let received: Received[] = [];
afterEach(async () => {
  await server.stop();
  if (smtp) await new Promise<void>((resolve) => smtp?.close(resolve));
  smtp = null;
  received = [];
});

/** A server that mails through a real SMTP server, which refuses recipients by `refuses`. */
async function start(env: Record<string, string> = {}, refuses = (_to: string) => false): Promise<void> {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: ({ address }, _session, done) =>
      done(refuses(address) ? Object.assign(new Error('No such mailbox'), { responseCode: 550 }) : null),
    onData(stream, { envelope }, done) {
      text(stream).then((mail) => {
        const [headers = '', body = ''] = mail.split(/\r\n\r\n([\s\S]*)/);
        const from = envelope.mailFrom ? envelope.mailFrom.address : '';
        received.push({ from, to: envelope.rcptTo.map(({ address }) => address), headers, body });
        done();
      }, done);
    },
  });
  const port = await new Promise<number>((resolve) => {
    const listening = smtp?.listen(0, '127.0.0.1', () => {
      const address = listening?.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
  server = await startTestServer({
    SMTP_URL: `smtp://127.0.0.1:${port}`,
    MAIL_FROM: 'Holdfast <post@example.org>',
    ...env,
  });
}

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(server.url + path, {
    method: 'POST',
    headers: { Origin: TEST_ORIGIN, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}
const sendCode = (email: string, language = 'en') =>
  post(
    '/api/auth/email-otp/send-verification-otp',
    { email, type: 'sign-in' },
    { 'Accept-Language': language },
  );
const enterCode = (email: string, otp: string) => post('/api/auth/sign-in/email-otp', { email, otp });

/** What a mail program would show of a quoted-printable body. */
function shown(body: string): string {
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString().replaceAll('\r\n', '\n').trim();
}

test('the code comes by SMTP, from our sender, in words of the locale, and signs in', async () => {
  await start();
  expect((await sendCode('ada@example.org')).status).toBe(200);
  const [mail] = received;
  expect(mail).toMatchObject({ from: 'post@example.org', to: ['ada@example.org'] });
  const otp = /^Subject: (\d{6}) /m.exec(mail?.headers ?? '')?.[1] ?? '';
  expect(mail?.headers).toContain(`Subject: ${en.mail.code.subject.replace('{{code}}', otp)}`);
  expect(mail?.headers).toContain('From: Holdfast <post@example.org>');
  expect(mail?.headers).toContain('Auto-Submitted: auto-generated');
  expect(shown(mail?.body ?? '')).toBe(filled(en.mail.code.body, { code: otp, minutes: '5' }));
  expect((await enterCode('ada@example.org', otp)).status).toBe(200);
});

test('the mail speaks the language that the request prefers, and English to everyone else', async () => {
  await start();
  await sendCode('a@example.org', 'tlh, de-AT;q=0.9, en;q=0.5');
  await sendCode('b@example.org', 'en;q=0.5, de;q=0');
  expect(shown(received[0]?.body ?? '')).toContain(de.mail.code.body.slice(0, 20));
  expect(shown(received[1]?.body ?? '')).toContain(en.mail.code.body.slice(0, 20));

  const texts = new Map<Language, number>([
    ['en', 1],
    ['de', 2],
    ['pt-BR', 3],
  ]);
  for (const [accepted, text] of [
    ['', 1],
    ['*', 1],
    ['de', 2],
    ['DE-at', 2],
    ['en-GB,de', 1],
    ['pt-BR', 3],
    ['pt', 3],
    ['zh-TW, pt-PT;q=0.5', 3],
    ['fr', 1],
    ['de;q=0.1,en;q=0.2', 1],
    ['de;q=abc', 1],
    [';;;,,,', 1],
  ] as const) {
    expect([accepted, inLanguage(texts, accepted)]).toEqual([accepted, text]);
  }
});

test('a mail that is refused answers 503, and leaves no code behind, not even an older one', async () => {
  let refusing = false;
  await start({}, () => refusing);
  const email = 'a@example.org';
  await sendCode(email);
  const old = /Subject: (\d{6})/.exec(received[0]?.headers ?? '')?.[1] ?? '';
  refusing = true;
  const answer = await sendCode(email);
  expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '30']);
  expect(await answer.json()).toMatchObject({ code: 'UNAVAILABLE' });
  const rows = await server.services.db
    .selectFrom('verification' as 'garbage')
    .selectAll()
    .execute();
  expect(rows).toEqual([]);
  expect((await enterCode(email, old)).status).toBe(400);
  refusing = false;
  expect((await sendCode(email)).status).toBe(200);
});

test('a mail server that is not there answers 503, to whoever asks', async () => {
  await start({ SMTP_URL: `smtp://127.0.0.1:${await freePort()}` });
  for (const email of ['a@example.org', 'b@example.org']) {
    expect((await sendCode(email)).status).toBe(503);
  }
});

test('nothing a client sends becomes a header, or a second recipient', async () => {
  await start();
  for (const email of [
    'a@example.org\r\nBcc: b@example.org',
    'a@example.org,b@example.org',
    'a@example.org b@example.org',
    '"a@example.org" <b@example.org>',
    '<a@example.org>',
    'a\u0000@example.org',
    'a@example.org\u2028x',
  ]) {
    expect([email, (await sendCode(email)).status]).toEqual([email, 400]);
  }
  expect(received).toEqual([]);
  await sendCode('  A@Example.org ', 'de, {{code}}, ../../etc/passwd');
  expect(received.map(({ to }) => to)).toEqual([['a@example.org']]);
  const names = received[0]?.headers.split(/\r\n(?!\s)/).map((line) => line.split(':')[0]);
  expect(names?.sort()).toEqual(
    [
      'Auto-Submitted',
      'Content-Transfer-Encoding',
      'Content-Type',
      'Date',
      'From',
      'MIME-Version',
      'Message-ID',
      'Subject',
      'To',
    ].sort(),
  );
});

test('without a mail server the mail is in the outbox, in the same words', async () => {
  server = await startTestServer();
  await sendCode('a@example.org', 'de');
  const mail = await newestMail(server.dataDir, 'a@example.org');
  expect(mail.subject).toBe(filled(de.mail.code.subject, { code: mail.code }));
  expect(mail.text.trim()).toBe(filled(de.mail.code.body, { code: mail.code, minutes: '5' }));
});
