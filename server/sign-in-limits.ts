import { type Budget, hashed, requireBudgets, useBudgets } from './budgets.ts';
import { clientNetwork } from './client-address.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';
import { Refusal } from './problem.ts';

const HOUR_MS = 3_600_000;

/** What a failed sign-in says of who should pay for it. */
export interface Guess {
  readonly clientAddress: string;
  /** The account's name, or what stands for it, if the request says whom it is about. */
  readonly about: string | null;
}

/**
 * How often one may try, by client address and by account name, over all ways to sign in.
 *
 * What is known and what is not is counted alike, so that a limit tells nobody who has an account.
 */
export class SignInLimits {
  readonly #config: Config;
  readonly #db: Database;
  readonly #now: () => number;

  constructor(config: Config, db: Database, now: () => number) {
    this.#config = config;
    this.#db = db;
    this.#now = now;
  }

  /** Counts a code for `email`. @throws {Refusal} `RATE_LIMITED` */
  async countSending(email: string, clientAddress: string): Promise<void> {
    const { codeSendsPerHour, codeSendsPerDay, codeRequestsPerHourPerClient } = this.#config;
    const address = `send ${hashed(email)}`;
    await this.#count([
      { name: address, uses: codeSendsPerHour, withinMs: HOUR_MS },
      { name: address, uses: codeSendsPerDay, withinMs: 24 * HOUR_MS },
      { name: by('send', clientAddress), uses: codeRequestsPerHourPerClient, withinMs: HOUR_MS },
    ]);
  }

  /** Counts a sign-in that begins with a question of ours. @throws {Refusal} `RATE_LIMITED` */
  async countStart(clientAddress: string): Promise<void> {
    const uses = this.#config.signInStartsPerHourPerClient;
    await this.#count([{ name: by('start', clientAddress), uses, withinMs: HOUR_MS }]);
  }

  /**
   * Does `attempt`, which proves who somebody is; that it fails is counted, unless the proof itself was right.
   * Over all codes of an address: a new code does not bring new guesses.
   *
   * @throws {Refusal} `RATE_LIMITED`, or what `attempt` throws.
   */
  async guarding<T>(guess: Guess, attempt: () => Promise<T>): Promise<T> {
    const budgets = this.#guessBudgets(guess);
    await requireBudgets(this.#db, this.#now(), budgets);
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof Refusal && countsAsGuess(error)) await useBudgets(this.#db, this.#now(), budgets);
      throw error;
    }
  }

  async #count(budgets: readonly Budget[]): Promise<void> {
    await requireBudgets(this.#db, this.#now(), budgets);
    await useBudgets(this.#db, this.#now(), budgets);
  }

  #guessBudgets({ clientAddress, about }: Guess): Budget[] {
    const { codeGuessesPerHour, codeRequestsPerHourPerClient } = this.#config;
    const client = {
      name: by('guess', clientAddress),
      uses: codeRequestsPerHourPerClient,
      withinMs: HOUR_MS,
    };
    if (about === null) return [client];
    return [{ name: `guess ${hashed(about)}`, uses: codeGuessesPerHour, withinMs: HOUR_MS }, client];
  }
}

function by(what: string, clientAddress: string): string {
  return `${what} from ${hashed(clientNetwork(clientAddress))}`;
}

/** Failures that guess at nothing: after the proof, before it was looked at, or not the asker's fault. */
const NO_GUESSES: ReadonlySet<string> = new Set([
  'SIGN_UP_CLOSED',
  'PASSKEY_EXPIRED',
  'UNAVAILABLE',
  'RATE_LIMITED',
]);

function countsAsGuess({ code }: Refusal): boolean {
  return !NO_GUESSES.has(code);
}
