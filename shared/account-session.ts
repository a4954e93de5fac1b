/**
 * The account session as the worker knows it. There is one row of it in the worker's database, and a change is
 * a conditional write of that row: whoever changes it first has announced it, everyone later finds it done.
 */

export interface Account {
  id: string;
  email: string;
}

/** `epoch` goes up at each sign-in, sign-out and expiry; every request is stamped with it as it leaves. */
export type AccountState =
  | { at: 'unknown'; epoch: number }
  | { at: 'signed-in'; epoch: number; account: Account }
  /** `told` once the expiry was posted to the pages. */
  | { at: 'expired'; epoch: number; account: Account; told: boolean }
  /** `pending` while the server has not heard of it: nothing but that goes out. */
  | { at: 'signed-out'; epoch: number; pending?: Account };

/** `epoch` in an event is the one read before the request left that brought it. */
export type AccountEvent =
  /** The server says who is signed in. */
  | { type: 'session-seen'; epoch: number; account: Account }
  /** The server says that nobody is. */
  | { type: 'session-refused'; epoch: number }
  /** A sign-in went through here. */
  | { type: 'signed-in'; account: Account }
  /** `pending` when the server could not be told. */
  | { type: 'signed-out'; pending?: Account }
  /** The server has heard of a sign-out that was pending. */
  | { type: 'sign-out-heard'; epoch: number }
  | { type: 'told'; epoch: number };

export const firstAccountState: AccountState = { at: 'unknown', epoch: 0 };

/**
 * The state after `event`. What a request learned counts only if nothing has changed since it left: a late 401
 * must not end a new session, and a late 200 must not bring a dead one back.
 */
export function nextAccountState(state: AccountState, event: AccountEvent): AccountState {
  const { epoch } = state;
  switch (event.type) {
    case 'session-seen':
      // A sign-out that the server has not heard of yet still stands: its session being alive is no news.
      if (event.epoch !== epoch || (state.at === 'signed-out' && state.pending)) return state;
      if (state.at === 'signed-in' && state.account.id === event.account.id) return state;
      return { at: 'signed-in', epoch: epoch + 1, account: event.account };
    case 'session-refused':
      if (event.epoch !== epoch) return state;
      // It was signed in as far as this device knows, so to its person the session has expired.
      if (state.at === 'signed-in')
        return { at: 'expired', epoch: epoch + 1, account: state.account, told: false };
      return state.at === 'unknown' ? { at: 'signed-out', epoch: epoch + 1 } : state;
    case 'signed-in':
      return { at: 'signed-in', epoch: epoch + 1, account: event.account };
    case 'signed-out':
      if (state.at === 'signed-out') return state;
      return { at: 'signed-out', epoch: epoch + 1, ...(event.pending && { pending: event.pending }) };
    case 'sign-out-heard':
      if (state.at !== 'signed-out' || event.epoch !== epoch || !state.pending) return state;
      return { at: 'signed-out', epoch };
    case 'told':
      if (state.at !== 'expired' || state.told || event.epoch !== epoch) return state;
      return { ...state, told: true };
  }
}

/** What a request takes along as it leaves. */
export interface Stamp {
  epoch: number;
  /** How often the server had said, in this worker's life, that the session is alive. */
  proofs: number;
}

/** What to do with a 401 that the server gave to a request. */
export type RefusalVerdict = 'probe' | 'send-again' | 'suppress';

/**
 * `proofsNow` are the proofs there are as the 401 comes. One of another epoch, or while nobody is signed in, says nothing
 * new: it is never probed nor announced. One whose
 * request had left before the session was last seen alive was in the same race as those that asked then, and needs no
 * probe of its own.
 */
export function judgeRefusal(
  state: AccountState,
  { epoch, proofs }: Stamp,
  proofsNow: number,
): RefusalVerdict {
  if (state.at !== 'signed-in' || state.epoch !== epoch) return 'suppress';
  return proofsNow > proofs ? 'send-again' : 'probe';
}

/** What a probe's answer says. */
export type ProbeVerdict = 'alive' | 'expired' | 'unknown';

/** Whether a 401 with this code is our server's word: one of a proxy or a portal says nothing of the session. */
export function isSignedOutCode(code: unknown): boolean {
  return code === 'SESSION_EXPIRED' || code === 'SIGNED_OUT';
}

/** `unknown` is anything but a clear yes or no of our server's, and never signs anyone out. */
export function judgeProbe(status: number | null, code: unknown): ProbeVerdict {
  if (status === 401) return isSignedOutCode(code) ? 'expired' : 'unknown';
  return status !== null && status >= 200 && status < 300 ? 'alive' : 'unknown';
}
