import {
  isSignedOutCode,
  judgeRefusal,
  type Account as Person,
  type Stamp,
} from '../shared/account-session.ts';
import { header } from '../shared/api.ts';
import { apiErrors, type ErrorCode, problemCode } from '../shared/errors.ts';
import type { Account } from './account.ts';

/** A request that can be sent more than once: its body is whole in memory. */
export interface ApiRequest {
  method: string;
  /** Path and search. */
  path: string;
  headers: Headers;
  body: BodyInit | null;
  signal?: AbortSignal;
  /** Of pages' requests, of which there can be any number, only so many are under way at a time. */
  ofPage?: true;
}

/** For whom a request leaves, and when it last did. */
interface Departure extends Stamp {
  account: Person;
}

/** Few enough that a probe does not wait for long behind them, on the six connections of HTTP/1.1 as on streams. */
const PAGE_REQUESTS = 32;
/** A page's request without an answer for this long has none, in ms; the engine looks after its own. */
const PAGE_WAIT_MS = 15_000;
/** The same for calls of sign-in, after which a mail may have to be on its way, in ms. */
const SIGN_IN_WAIT_MS = 30_000;

const safeMethods = new Set(['GET', 'HEAD']);
/** Calls of the sign-in methods, which need no session; a person's own passkeys do. */
const signInCall = /^\/api\/auth\/(?!passkey(?!\/sign-in\/))/;
/** Those of them after whose success somebody is signed in. SSO ends outside of any page's request. */
const signInDone = /^\/api\/auth\/(sign-in\/email-otp|passkey\/sign-in\/verify)$/;
const sessionCall = /^\/api\/session$/;
const accountCall = /^\/api\/account$/;

/**
 * A credentialed request to our server as it is, with no gate: cookies, no redirects followed, nothing cached.
 * Null when nobody answered.
 */
export async function fetchApi(path: string, init: RequestInit): Promise<Response | null> {
  try {
    const headers = new Headers(init.headers);
    headers.set('Accept', 'application/json');
    return await fetch(__API_ORIGIN__ + path, {
      ...init,
      headers,
      credentials: 'include',
      redirect: 'manual',
      cache: 'no-store',
      mode: 'cors',
    });
  } catch {
    return null; // The browser says no more than "failed to fetch"; an abort is told apart by its signal.
  }
}

/** The same, where no answer within `waitMs` is none; the body of one may take longer. */
async function fetchWithin(waitMs: number, path: string, init: RequestInit): Promise<Response | null> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), waitMs);
  const signal = init.signal ? AbortSignal.any([init.signal, late.signal]) : late.signal;
  return fetchApi(path, { ...init, signal }).finally(() => clearTimeout(timer));
}

/**
 * The gate that every request to the API passes, a page's and the engine's alike. It adds what pages must not
 * hold, and it is the one place that knows about 401.
 */
export class Gateway {
  #account: Account;
  #log: (line: string) => void;
  #turnstile = new Turnstile(PAGE_REQUESTS);
  /** Requests with a 401 that wait for the one probe. */
  #probing = 0;

  constructor(account: Account, log: (line: string) => void) {
    this.#account = account;
    this.#log = log;
  }

  /** The server's answer, or one of our own (marked) where there is none or the session is over. */
  async send(request: ApiRequest): Promise<Response> {
    const { pathname } = new URL(request.path, 'http://x');
    if (await this.#isSignOutPending()) return problem('UNREACHABLE');
    if (signInCall.test(pathname)) return this.#signIn(request);
    if (sessionCall.test(pathname)) return this.#session(request);
    const state = await this.#account.known();
    if (state.at === 'unknown') return problem('UNREACHABLE');
    if (state.at !== 'signed-in') return problem('SESSION_EXPIRED');

    const departure = this.#departure(state);
    const response = await (request.ofPage
      ? this.#turnstile.pass(() => this.#guarded(request, departure))
      : this.#guarded(request, departure));
    if (response.ok && request.method === 'DELETE' && accountCall.test(pathname)) {
      await this.#account.change({ type: 'signed-out' });
    }
    return response;
  }

  #departure({ epoch, account }: Omit<Departure, 'proofs'>): Departure {
    return { epoch, account, proofs: this.#account.proofs };
  }

  async #guarded(request: ApiRequest, departure: Departure): Promise<Response> {
    if (this.#isOver(departure)) return problem('SESSION_EXPIRED');
    const response = await this.#stamped(request, departure);
    return response.status === 401 ? this.#refused(request, departure) : response;
  }

  /** A sign-out that the server has not heard of comes before anything else; tried again with each request. */
  async #isSignOutPending(): Promise<boolean> {
    const state = await this.#account.state();
    return state.at === 'signed-out' && state.pending !== undefined && !(await this.finishSignOut());
  }

  /** Tells the server of a sign-out made while nobody answered; true when nothing is left to tell. */
  async finishSignOut(): Promise<boolean> {
    const state = await this.#account.state();
    if (state.at !== 'signed-out' || !state.pending) return true;
    const { pending, epoch } = state;
    const { verdict, session } = await this.#account.read();
    // Only our server's own word counts: a portal's page must not swallow the sign-out.
    if (verdict === 'unknown') return false;
    // Whoever else is signed in by now, or nobody, is not ours to sign out.
    if (session?.account.id === pending.id) {
      const headers = { [header.account]: pending.id, [header.csrf]: session.csrfToken };
      const response = await fetchApi('/api/session', { method: 'DELETE', headers });
      if (!response || !(await isSignOut(response))) return false;
    }
    await this.#account.change({ type: 'sign-out-heard', epoch });
    return true;
  }

  /** A 401 to a request that left like this. */
  async #refused(request: ApiRequest, departure: Departure): Promise<Response> {
    const { epoch } = departure;
    const now = await this.#account.state();
    const judged = judgeRefusal(now, departure, this.#account.proofs);
    if (judged === 'suppress') {
      this.#log(`401 of epoch ${epoch} suppressed in epoch ${now.epoch}`);
      return problem('SESSION_EXPIRED');
    }
    if (judged === 'send-again') {
      this.#log(`401 of epoch ${epoch} suppressed: the session was seen alive since`);
      return this.#guarded(request, departure);
    }
    if (this.#probing > 0) this.#log(`401 of epoch ${epoch} suppressed: a probe is under way`);
    this.#probing++;
    const verdict = await this.#account.ask().finally(() => {
      this.#probing--;
    });
    if (verdict === 'unknown') return problem('UNREACHABLE');
    if (verdict === 'expired' || this.#isOver(departure)) return problem('SESSION_EXPIRED');
    // A race with a refresh: the session lives, nobody needs to know. A second 401 goes to whoever asked.
    return this.#stamped(request, departure);
  }

  /** Whether the session in which it was to leave has ended since: then it no longer does, whoever is here now. */
  #isOver({ epoch }: Departure): boolean {
    const { current } = this.#account;
    return current.at !== 'signed-in' || current.epoch !== epoch;
  }

  async #stamped(request: ApiRequest, departure: Departure): Promise<Response> {
    const first = await this.#attempt(request, departure);
    if (first.status !== 403 || safeMethods.has(request.method)) return first;
    const code = await codeIn(first);
    if (code === 'WRONG_ACCOUNT') void this.#account.ask();
    if (code !== 'CSRF_INVALID') return first;
    this.#account.forgetCsrfToken();
    return this.#attempt(request, departure);
  }

  async #attempt(request: ApiRequest, departure: Departure): Promise<Response> {
    const headers = new Headers(request.headers);
    headers.set(header.account, departure.account.id);
    if (!safeMethods.has(request.method)) {
      const token = await this.#account.csrfToken();
      if (this.#isOver(departure)) return problem('SESSION_EXPIRED');
      if (token === null) return problem('UNREACHABLE');
      headers.set(header.csrf, token);
    }
    departure.proofs = this.#account.proofs; // asking for the token may have brought one
    const { method, path, body, signal, ofPage } = request;
    const init = { method, headers, body, ...(signal && { signal }) };
    const response = await (ofPage ? fetchWithin(PAGE_WAIT_MS, path, init) : fetchApi(path, init));
    return response ?? problem('UNREACHABLE');
  }

  async #signIn(request: ApiRequest): Promise<Response> {
    const { method, path, headers, body } = request;
    const response = await fetchWithin(SIGN_IN_WAIT_MS, path, { method, headers, body });
    if (response?.ok && signInDone.test(path)) await this.#account.noteSignIn();
    return response ?? problem('UNREACHABLE');
  }

  /** `GET` and `DELETE /api/session`: pages get to know who is signed in, and nothing else. */
  async #session(request: ApiRequest): Promise<Response> {
    if (request.method === 'DELETE') return this.#signOut(request);
    const verdict = await this.#account.ask();
    const { current } = this.#account;
    if (current.at === 'signed-in') return Response.json({ account: current.account });
    return problem(verdict === 'unknown' ? 'UNREACHABLE' : 'SESSION_EXPIRED');
  }

  async #signOut(request: ApiRequest): Promise<Response> {
    const state = await this.#account.state();
    if (state.at !== 'signed-in') {
      // The server has no session to end; what this device still remembers of one is forgotten.
      if (state.at === 'expired') await this.#account.change({ type: 'signed-out' });
      return new Response(null, { status: 204 });
    }
    const response = await this.#stamped(request, this.#departure(state));
    if (await isSignOut(response)) {
      await this.#account.change({ type: 'signed-out' });
      return response;
    }
    if (response.status < 500 && ![0, 200, 401].includes(response.status)) return response;
    // Offline it is signed out all the same, as far as this device goes; the server is told as soon as it answers.
    await this.#account.change({ type: 'signed-out', pending: state.account });
    return Response.json({ queued: true }, { status: 202 });
  }
}

/** Lets so many through at a time, the others in the order of their coming. */
class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

/** An answer of the gateway's own, marked so that nobody takes it for the server's. */
function problem(code: Extract<ErrorCode, 'UNREACHABLE' | 'SESSION_EXPIRED'>): Response {
  const status = code === 'UNREACHABLE' ? apiErrors.UNAVAILABLE : apiErrors[code];
  return Response.json(
    { type: 'about:blank', title: code, status, code },
    { status, headers: { 'Content-Type': 'application/problem+json', [header.gateway]: '1' } },
  );
}

/** Our server's word that the session has ended, now or before; a portal's 200 or 401 is not. */
async function isSignOut(response: Response): Promise<boolean> {
  return response.status === 204 || (response.status === 401 && isSignedOutCode(await codeIn(response)));
}

/** The code of a problem; the body can still be read by whoever asked. */
async function codeIn(response: Response): Promise<unknown> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return problemCode(body);
}
