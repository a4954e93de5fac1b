import { APIError } from 'better-auth/api';
import type { AccountSessions } from './account-session.ts';
import { type Accounts, type Asker, codeRow, type Entry } from './accounts.ts';
import type { Auth } from './auth.ts';
import type { Mailer } from './mail.ts';
import { Refusal } from './problem.ts';
import type { SignInLimits } from './sign-in-limits.ts';

/** Signing in by a mailed code. Both functions answer known and unknown addresses alike, by the same steps. */
export interface EmailCodes {
  /** Mails a code to `email`. @throws {Refusal} `RATE_LIMITED`; `UNAVAILABLE` if the mail cannot be sent */
  send(email: string, asker: Asker): Promise<void>;
  /**
   * Signs in with a mailed code.
   *
   * @throws {Refusal} `CODE_WRONG`, `CODE_EXPIRED`, `RATE_LIMITED`, `SIGN_UP_CLOSED`
   */
  enter(email: string, code: string, asker: Asker): Promise<Entry>;
}

/** What codes are made, kept and mailed with. */
export interface CodeTools {
  readonly auth: Auth;
  readonly accounts: Accounts;
  readonly sessions: AccountSessions;
  readonly limits: SignInLimits;
  readonly mailer: Mailer;
  /** How long a code is good for. */
  readonly minutes: number;
}

export function emailCodes({ auth, accounts, sessions, limits, mailer, minutes }: CodeTools): EmailCodes {
  async function enter(email: string, code: string, asker: Asker): Promise<Entry> {
    try {
      // Only who holds the right code learns that there is no account, and that none may be made.
      if (!(await accounts.isWelcome(email))) {
        await auth.api.checkVerificationOTP({ body: { email, otp: code, type: 'sign-in' } });
      }
      const { headers } = asker;
      const { token, user } = await auth.api.signInEmailOTP({ body: { email, otp: code }, headers });
      const cookie = await sessions.replace(headers.get('Cookie') ?? undefined, token);
      return { account: { id: user.id, email: user.email }, cookie };
    } catch (error) {
      throw toRefusal(error);
    }
  }

  return {
    async send(email, { clientAddress, headers }) {
      await limits.countSending(email, clientAddress);
      const kept = codeRow(email);
      await auth.rows.deleteVerificationByIdentifier(kept);
      const code = await auth.api.createVerificationOTP({ body: { email, type: 'sign-in' } });
      const language = headers.get('Accept-Language') ?? '';
      try {
        await mailer.sendCode({ to: email, code, minutes, language });
      } catch (cause) {
        await auth.rows.deleteVerificationByIdentifier(kept); // a code that nobody has been told is only a risk
        const details = { headers: { 'Retry-After': '30' }, cause };
        throw new Refusal('UNAVAILABLE', 'The mail could not be sent', details);
      }
    },
    enter: (email, code, asker) =>
      accounts.inTurn(() =>
        limits.guarding({ clientAddress: asker.clientAddress, about: email }, () =>
          enter(email, code, asker),
        ),
      ),
  };
}

function toRefusal(error: unknown): unknown {
  if (!(error instanceof APIError)) return error;
  const code = error.body?.code;
  const details = { cause: error };
  if (code === 'USER_NOT_FOUND')
    return new Refusal('SIGN_UP_CLOSED', 'New accounts are not open here', details);
  if (code === 'OTP_EXPIRED')
    return new Refusal('CODE_EXPIRED', 'The code is too old; ask for a new one', details);
  // After three wrong guesses a code is spent: the right one comes too late, too.
  if (code === 'TOO_MANY_ATTEMPTS')
    return new Refusal('CODE_EXPIRED', 'The code was tried too often', details);
  if (code === 'INVALID_OTP') return new Refusal('CODE_WRONG', 'This is not the code that was sent', details);
  return error;
}
