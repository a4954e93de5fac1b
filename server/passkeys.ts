import { randomBytes, randomUUID } from 'node:crypto';
import type { AuthenticatorTransport, WebAuthnCredential } from '@simplewebauthn/server';
import type { Selectable } from 'kysely';
import type { Passkey, RegisterPasskey, UsePasskey } from '../shared/api.ts';
import { requireOpenAccount } from './account-deletion.ts';
import type { Account, Accounts, Asker, Entry } from './accounts.ts';
import { type Config, isLocal } from './config.ts';
import type { Database, Tables } from './database.ts';
import { Refusal } from './problem.ts';
import type { SignInLimits } from './sign-in-limits.ts';
import type { SignInSteps, StepKind } from './sign-in-steps.ts';

type Row = Selectable<Tables['passkeys']>;

/** A question for the browser's authenticator, and the cookie that has to come back with the answer. */
export interface Question {
  /** As `navigator.credentials` takes it, in JSON (WebAuthn Level 3, §5.1.8 and §5.1.9). */
  readonly options: object;
  readonly cookie: string;
}

const CHALLENGE_MS = 5 * 60_000;
/**
 * EdDSA, ES256, RS256 (COSE numbers), in the order we like them. Left to itself, the library would prefer ML-DSA, which
 * Node 24 has as an experiment only: keys kept today must be good for years.
 */
const ALGORITHMS = [-8, -7, -257];

/** Only loaded where somebody uses a passkey: it brings half a dozen parsers of certificates. */
const webauthn = () => import('@simplewebauthn/server');

/** Whether browsers let pages of `appOrigin` use passkeys: a name, not an address, and a secure context. */
export function takesPasskeys({ appOrigin }: Pick<Config, 'appOrigin'>): boolean {
  const { protocol, hostname } = new URL(appOrigin);
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
  return !isAddress && (protocol === 'https:' || isLocal(hostname));
}

/**
 * Passkeys: discoverable, and only with the person verified, since one stands for both who and whether.
 *
 * The relying party is the host of `APP_ORIGIN` and nothing a request says. A question is good once, for five minutes,
 * in the browser that was asked it.
 */
export class Passkeys {
  readonly #config: Config;
  readonly #db: Database;
  readonly #accounts: Accounts;
  readonly #steps: SignInSteps;
  readonly #limits: SignInLimits;
  readonly #now: () => number;
  readonly #rpId: string;

  constructor(
    config: Config,
    db: Database,
    accounts: Accounts,
    steps: SignInSteps,
    limits: SignInLimits,
    now: () => number,
  ) {
    this.#config = config;
    this.#db = db;
    this.#accounts = accounts;
    this.#steps = steps;
    this.#limits = limits;
    this.#now = now;
    this.#rpId = new URL(config.appOrigin).hostname;
  }

  /** What the authenticator is asked to make a passkey for `account`. @throws {Refusal} `TOO_MANY_PASSKEYS` */
  async askToRegister({ id, email }: Account, asker: Asker): Promise<Question> {
    const rows = await this.#rowsOf(id);
    this.#requireRoom(rows.length);
    const { generateRegistrationOptions } = await webauthn();
    const options = await generateRegistrationOptions({
      rpName: 'Holdfast',
      rpID: this.#rpId,
      userName: email,
      userDisplayName: email,
      userID: Uint8Array.from(Buffer.from(id)),
      challenge: randomChallenge(),
      attestationType: 'none',
      supportedAlgorithmIDs: ALGORITHMS,
      timeout: CHALLENGE_MS,
      excludeCredentials: rows.map((row) => ({ id: row.credential_id, transports: transportsOf(row) })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    return this.#ask('passkey-register', options, { account: id }, asker);
  }

  /**
   * Keeps the passkey that the authenticator made, under `name` or the name of the device.
   *
   * @throws {Refusal} `PASSKEY_EXPIRED`, `PASSKEY_REFUSED`, `PASSKEY_EXISTS`, `TOO_MANY_PASSKEYS`
   */
  async register(account: Account, { response, name }: RegisterPasskey, device: string, asker: Asker) {
    const challenge = challengeIn(response.response.clientDataJSON);
    const step = await this.#steps.take('passkey-register', challenge, cookiesOf(asker));
    if (!isFor(step, account.id)) throw expired();
    const { verifyRegistrationResponse } = await webauthn();
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: response as Parameters<typeof verifyRegistrationResponse>[0]['response'],
      expectedChallenge: challenge,
      expectedOrigin: this.#config.appOrigin,
      expectedRPID: this.#rpId,
      supportedAlgorithmIDs: ALGORITHMS,
    }).catch(refused);
    if (!verified) throw refusal();
    const { credential, credentialBackedUp } = registrationInfo;
    return this.#add({
      id: randomUUID(),
      account_id: account.id,
      credential_id: credential.id,
      public_key: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      transports: JSON.stringify(response.response.transports ?? []),
      backed_up: credentialBackedUp ? 1 : 0,
      name: name ?? (device || 'Passkey'),
      created_at: this.#now(),
      last_used_at: null,
    });
  }

  async #add(row: Row): Promise<Passkey> {
    return this.#db.transaction().execute(async (step) => {
      await requireOpenAccount(step, row.account_id);
      const { count } = await step
        .selectFrom('passkeys')
        .where('account_id', '=', row.account_id)
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      this.#requireRoom(Number(count));
      const { numInsertedOrUpdatedRows } = await step
        .insertInto('passkeys')
        .values(row)
        .onConflict((on) => on.column('credential_id').doNothing())
        .executeTakeFirst();
      if (!numInsertedOrUpdatedRows)
        throw new Refusal('PASSKEY_EXISTS', 'This passkey is registered already');
      return view(row);
    });
  }

  #requireRoom(count: number): void {
    const { maxPasskeys } = this.#config;
    if (count < maxPasskeys) return;
    const limit = { limit: maxPasskeys, limitName: 'MAX_PASSKEYS' };
    throw new Refusal('TOO_MANY_PASSKEYS', `There are ${count} passkeys`, limit);
  }

  /** What the authenticator is asked to sign in with any passkey it has for us. @throws {Refusal} `RATE_LIMITED` */
  async askToSignIn(asker: Asker): Promise<Question> {
    await this.#limits.countStart(asker.clientAddress);
    const { generateAuthenticationOptions } = await webauthn();
    const options = await generateAuthenticationOptions({
      rpID: this.#rpId,
      challenge: randomChallenge(),
      timeout: CHALLENGE_MS,
      userVerification: 'required',
    });
    return this.#ask('passkey-sign-in', options, {}, asker);
  }

  /**
   * Signs in with what the authenticator answered.
   *
   * @throws {Refusal} `PASSKEY_EXPIRED`, `PASSKEY_REFUSED`, `PASSKEY_UNKNOWN`, `RATE_LIMITED`
   */
  async enter({ response }: UsePasskey, asker: Asker): Promise<Entry> {
    const row = await this.#find(response.id);
    const about = row ? `passkeys of ${row.account_id}` : null;
    return this.#limits.guarding({ clientAddress: asker.clientAddress, about }, async () => {
      const challenge = challengeIn(response.response.clientDataJSON);
      if ((await this.#steps.take('passkey-sign-in', challenge, cookiesOf(asker))) === null) throw expired();
      const account = row && (await this.#accounts.find(row.account_id));
      if (!row || !account) throw new Refusal('PASSKEY_UNKNOWN', 'No account has this passkey');
      await this.#verify(row, response, challenge);
      return this.#accounts.enter(account, asker);
    });
  }

  async #verify(row: Row, response: UsePasskey['response'], challenge: string): Promise<void> {
    const { userHandle } = response.response;
    // WebAuthn §7.2, step 6: the account that the authenticator means must be the one the passkey is kept for.
    if (userHandle && Buffer.from(userHandle, 'base64url').toString() !== row.account_id) throw refusal();
    const { verifyAuthenticationResponse } = await webauthn();
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: response as Parameters<typeof verifyAuthenticationResponse>[0]['response'],
      expectedChallenge: challenge,
      expectedOrigin: this.#config.appOrigin,
      expectedRPID: this.#rpId,
      credential: credentialOf(row),
      requireUserVerification: true,
    }).catch(refused);
    if (!verified) throw refusal();
    const { newCounter, credentialBackedUp } = authenticationInfo;
    const { numUpdatedRows } = await this.#db
      .updateTable('passkeys')
      .set({ counter: newCounter, backed_up: credentialBackedUp ? 1 : 0, last_used_at: this.#now() })
      .where('id', '=', row.id)
      .where('counter', '=', row.counter) // a copy that is used at the same moment is not let in beside it
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw refusal();
  }

  /** The passkeys of an account, the newest first. */
  async list(accountId: string): Promise<Passkey[]> {
    return (await this.#rowsOf(accountId)).map(view);
  }

  /** @throws {Refusal} `NOT_FOUND` */
  async rename(accountId: string, id: string, name: string): Promise<Passkey> {
    const row = await this.#db
      .updateTable('passkeys')
      .set({ name })
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    if (!row) throw notFound();
    return view(row);
  }

  /** @throws {Refusal} `NOT_FOUND` */
  async remove(accountId: string, id: string): Promise<void> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('passkeys')
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound();
  }

  async #ask(kind: StepKind, options: { challenge: string }, facts: object, asker: Asker): Promise<Question> {
    const cookie = await this.#steps.begin(kind, options.challenge, facts, CHALLENGE_MS, cookiesOf(asker));
    return { options, cookie };
  }

  #rowsOf(accountId: string): Promise<Row[]> {
    return this.#db
      .selectFrom('passkeys')
      .selectAll()
      .where('account_id', '=', accountId)
      .orderBy('created_at', 'desc')
      .execute();
  }

  #find(credentialId: string): Promise<Row | undefined> {
    return this.#db
      .selectFrom('passkeys')
      .selectAll()
      .where('credential_id', '=', credentialId)
      .executeTakeFirst();
  }
}

function view({ id, name, created_at, last_used_at, backed_up }: Row): Passkey {
  return { id, name, createdAt: created_at, lastUsedAt: last_used_at, backedUp: backed_up === 1 };
}

function credentialOf(row: Row): WebAuthnCredential {
  return {
    id: row.credential_id,
    publicKey: Uint8Array.from(Buffer.from(row.public_key, 'base64url')),
    counter: row.counter,
    transports: transportsOf(row),
  };
}

function transportsOf(row: Row): AuthenticatorTransport[] {
  return JSON.parse(row.transports);
}

function randomChallenge(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(randomBytes(32));
}

/** The challenge that an answer is to; that it is one of ours is seen from the steps. */
function challengeIn(clientDataJson: string): string {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientDataJson, 'base64url').toString());
    if (typeof challenge === 'string') return challenge;
  } catch {
    // not JSON: answered below
  }
  throw refusal();
}

function isFor(step: unknown, accountId: string): boolean {
  return typeof step === 'object' && step !== null && 'account' in step && step.account === accountId;
}

function cookiesOf({ headers }: Asker): string | undefined {
  return headers.get('Cookie') ?? undefined;
}

/** The library throws for whatever does not fit, from a wrong origin to a counter that went back. */
function refused(cause: unknown): never {
  throw new Refusal('PASSKEY_REFUSED', 'The passkey did not prove what it had to', { cause });
}

function refusal(): Refusal {
  return new Refusal('PASSKEY_REFUSED', 'The passkey did not prove what it had to');
}

function expired(): Refusal {
  return new Refusal('PASSKEY_EXPIRED', 'The question is too old, used up, or another browser’s');
}

function notFound(): Refusal {
  return new Refusal('NOT_FOUND', 'This account has no such passkey');
}
