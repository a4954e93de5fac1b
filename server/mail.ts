import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.ts';
import { filled, inLanguage, readCodeMails } from './mail-texts.ts';

/** A sign-in code on its way to whoever owns the address. */
export interface CodeMail {
  readonly to: string;
  readonly code: string;
  /** How long the code is good for. */
  readonly minutes: number;
  /** The request's `Accept-Language`. */
  readonly language: string;
}

/** Sends what people get by mail. */
export interface Mailer {
  /** Resolves when the mail server has taken the mail. */
  sendCode(mail: CodeMail): Promise<void>;
  close(): void;
}

/** A mail server that does not answer is given up on, so that the person hears of it while they still wait. */
const SMTP_TIMEOUT_MS = 10_000;

/**
 * Mails through `SMTP_URL`; without one, the code is printed on the terminal, by `print`, and the mail is written to
 * `DATA_DIR/outbox`, one JSON file each, named so that the newest sorts last.
 */
export async function openMailer(config: Config, print: (line: string) => void): Promise<Mailer> {
  const texts = await readCodeMails();
  const write = ({ code, minutes, language }: CodeMail) => {
    const { subject = '', body = '' } = inLanguage(texts, language) ?? {};
    const values = { code, minutes: String(Math.max(1, Math.round(minutes))) };
    return { subject: filled(subject, values), text: `${filled(body, values)}\n` };
  };
  if (config.smtpUrl) return smtpMailer(config.smtpUrl, config.mailFrom, write);
  const outbox = join(config.dataDir, 'outbox');
  await mkdir(outbox, { recursive: true, mode: 0o700 });
  let sent = 0;
  return {
    async sendCode(mail) {
      const order = `${Date.now()}-${String(sent++).padStart(6, '0')}`;
      const file = { to: mail.to, from: config.mailFrom, ...write(mail), code: mail.code };
      await writeFile(join(outbox, `${order}.json`), JSON.stringify(file, null, 2), { mode: 0o600 });
      print(`  Sign-in code for ${mail.to}: ${mail.code}`);
    },
    close() {},
  };
}

async function smtpMailer(
  url: string,
  from: string,
  write: (mail: CodeMail) => { subject: string; text: string },
): Promise<Mailer> {
  const { createTransport } = await import('nodemailer'); // only loaded where it is used
  const transport = createTransport({
    url,
    connectionTimeout: SMTP_TIMEOUT_MS,
    greetingTimeout: SMTP_TIMEOUT_MS,
    socketTimeout: SMTP_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async sendCode(mail) {
      // An object and not a string: there is nothing to take apart in it, so it is one recipient in any case.
      const to = { name: '', address: mail.to };
      // A machine must not answer it, least of all by an "I am away" (RFC 3834).
      await transport.sendMail({ to, from, ...write(mail), headers: { 'Auto-Submitted': 'auto-generated' } });
    },
    close: () => transport.close(),
  };
}
