import * as v from 'valibot';
import {
  type AccountEvent,
  type AccountState,
  firstAccountState,
  judgeProbe,
  type ProbeVerdict,
} from '../shared/account-session.ts';
import { AccountSession } from '../shared/api.ts';
import { problemCode } from '../shared/errors.ts';
import type { News, SessionView } from '../shared/protocol.ts';
import type { Store } from './store.ts';

/** No answer for this long is no answer, in ms. */
const PROBE_MS = 10_000;
/** Pages that wake up together ask once, in ms. */
const CHECK_EVERY_MS = 2000;

interface Host {
  /** Of the worker, as in `About`. */
  instance: string;
  store: Store;
  /** A credentialed request to our server, past the gate; null when nothing answered. */
  fetch: (path: string, init: RequestInit) => Promise<Response | null>;
  post: (news: News) => void;
  now: () => number;
  /** Called after each change of the state. */
  onChange: () => void;
  /** Tells a person who is not looking of the expiry that began this epoch; done twice it must look as once. */
  onExpired: (epoch: number) => Promise<void>;
}

/** What the worker knows of the account session. The row in the database is the truth; this is its reading. */
export class Account {
  #host: Host;
  #state: AccountState | null = null;
  #csrf: { epoch: number; token: string } | null = null;
  #reading: Promise<void> | null = null;
  #asking: Promise<ProbeVerdict> | null = null;
  #askedAt = 0;
  #proofs = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** The state as of now, from the database on the first call after the worker's start. */
  async state(): Promise<AccountState> {
    if (this.#state) return this.#state;
    this.#reading ??= this.#readRow().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
    return this.current;
  }

  /** The state, asked for where nobody knows it; `unknown` when nobody answers. */
  async known(): Promise<AccountState> {
    if ((await this.state()).at === 'unknown') await this.ask();
    return this.current;
  }

  /** The state as last read; `unknown` before the first reading. */
  get current(): AccountState {
    return this.#state ?? firstAccountState;
  }

  /** How often the server has said so far that the session is alive. */
  get proofs(): number {
    return this.#proofs;
  }

  get view(): SessionView {
    const state = this.current;
    return {
      epoch: state.epoch,
      state: state.at,
      account: state.at === 'signed-in' || state.at === 'expired' ? state.account : null,
      by: this.#host.instance,
    };
  }

  /** Applies `event`; whoever changes the row tells the pages. */
  async change(event: AccountEvent): Promise<AccountState> {
    const { before, after } = await this.#host.store.changeAccount(event, this.current);
    this.#state = after;
    if (after === before) return after;
    this.#host.onChange();
    this.#host.post({ type: 'session', session: this.view });
    if (after.at === 'signed-in') {
      this.#host.post({ type: 'session-restored', epoch: after.epoch, accountId: after.account.id });
    }
    if (after.at === 'expired' && before.at !== 'expired') await this.#tellExpired(after.epoch);
    return after;
  }

  /** The CSRF token of the present session, asked for when it is not at hand; null when nobody answers. */
  async csrfToken(): Promise<string | null> {
    const { epoch } = await this.state();
    if (this.#csrf?.epoch !== epoch) await this.ask();
    return this.#csrf?.epoch === this.current.epoch ? this.#csrf.token : null;
  }

  forgetCsrfToken(): void {
    this.#csrf = null;
  }

  /** Asks who is signed in unless that was asked just now. */
  async check(): Promise<void> {
    await this.state();
    if (this.#host.now() - this.#askedAt >= CHECK_EVERY_MS) await this.ask();
  }

  /** Asks the server who is signed in, once for all who want to know, and takes in the answer. */
  ask(): Promise<ProbeVerdict> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** A sign-in call went through: whoever it was for is signed in now. */
  async noteSignIn(): Promise<void> {
    await this.state();
    const answer = await this.read();
    if (answer.session)
      await this.#admit(answer.session, { type: 'signed-in', account: answer.session.account });
  }

  async #readRow(): Promise<void> {
    const state = await this.#host.store.account();
    this.#state ??= state;
    // Whoever wrote the row may have died before anyone was told.
    if (state.at === 'expired' && !state.told) await this.#tellExpired(state.epoch);
  }

  async #ask(): Promise<ProbeVerdict> {
    const { epoch } = await this.state();
    this.#askedAt = this.#host.now();
    const { verdict, session } = await this.read();
    if (session) await this.#admit(session, { type: 'session-seen', epoch, account: session.account });
    else if (verdict === 'expired') await this.change({ type: 'session-refused', epoch });
    return verdict;
  }

  /** What the server says of the session; there is one only with the verdict `alive`. */
  async read(): Promise<{ verdict: ProbeVerdict; session: AccountSession | null }> {
    const response = await this.#host.fetch('/api/session', { signal: AbortSignal.timeout(PROBE_MS) });
    const body: unknown = (await response?.json().catch(() => null)) ?? null;
    const verdict = judgeProbe(response?.status ?? null, problemCode(body));
    if (verdict !== 'alive') return { verdict, session: null };
    const parsed = v.safeParse(AccountSession, body);
    return parsed.success ? { verdict, session: parsed.output } : { verdict: 'unknown', session: null };
  }

  async #admit(session: AccountSession, event: AccountEvent): Promise<void> {
    this.#proofs++;
    const after = await this.change(event);
    if (after.at === 'signed-in' && after.account.id === session.account.id) {
      this.#csrf = { epoch: after.epoch, token: session.csrfToken };
    }
  }

  async #tellExpired(epoch: number): Promise<void> {
    this.#host.post({ type: 'session-expired', epoch });
    // Before it counts as told: a worker that dies here leaves both to the next one.
    await this.#host.onExpired(epoch);
    const { after } = await this.#host.store.changeAccount({ type: 'told', epoch }, this.current);
    this.#state = after;
  }
}
