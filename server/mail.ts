import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.ts';

/** Sends what people get by mail. */
export interface Mailer {
  /** Sends a sign-in code that is good for `minutes`; `language` is the request's `Accept-Language`. */
  sendCode(mail: { to: string; code: string; minutes: number; language: string }): Promise<void>;
}

/**
 * Mails through `SMTP_URL`; without one, the code is printed on the terminal, by `print`, and the mail is written to
 * `DATA_DIR/outbox`, one JSON file each, named so that the newest sorts last.
 */
export async function openMailer(config: Config, print: (line: string) => void): Promise<Mailer> {
  if (config.smtpUrl) return smtpMailer(config.smtpUrl, config.mailFrom);
  const outbox = join(config.dataDir, 'outbox');
  await mkdir(outbox, { recursive: true, mode: 0o700 });
  let sent = 0;
  return {
    async sendCode({ to, code, minutes, language }) {
      const { subject, text } = codeMail(code, minutes, language);
      const order = `${Date.now()}-${String(sent++).padStart(6, '0')}`;
      const mail = { to, from: config.mailFrom, subject, text, code };
      await writeFile(join(outbox, `${order}.json`), JSON.stringify(mail, null, 2), { mode: 0o600 });
      print(`  Sign-in code for ${to}: ${code}`);
    },
  };
}

async function smtpMailer(url: string, from: string): Promise<Mailer> {
  const { createTransport } = await import('nodemailer'); // only loaded where it is used
  const transport = createTransport(url);
  return {
    async sendCode({ to, code, minutes, language }) {
      await transport.sendMail({ to, from, ...codeMail(code, minutes, language) });
    },
  };
}

function codeMail(code: string, minutes: number, language: string): { subject: string; text: string } {
  const german = /^\s*de\b/i.test(language);
  const good = Math.max(1, Math.round(minutes));
  if (german) {
    return {
      subject: `${code} ist Ihr Anmeldecode für Holdfast`,
      text: `Ihr Anmeldecode: ${code}\n\nEr gilt ${good} Minuten. Wenn Sie sich nicht anmelden wollten, tun Sie nichts.\n`,
    };
  }
  return {
    subject: `${code} is your Holdfast sign-in code`,
    text: `Your sign-in code: ${code}\n\nIt is good for ${good} minutes. If you did not ask for it, do nothing.\n`,
  };
}
