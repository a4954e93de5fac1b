/**
 * Every code of the API with its HTTP status. A code never changes its meaning once released: callers, tests
 * and `locales/` (key `error.<CODE>`) go by it.
 */
export const apiErrors = {
  INVALID_INPUT: 400,
  CODE_WRONG: 400,
  CODE_EXPIRED: 400,
  PASSKEY_REFUSED: 400, // it did not prove what it had to
  PASSKEY_UNKNOWN: 400, // no account has this one, or no longer
  PASSKEY_EXPIRED: 400, // the question it answers is too old, used up, or another browser's
  SSO_CANCELLED: 400, // the person, or the provider, said no
  SSO_EXPIRED: 400, // too old, used up, or begun in another browser
  SSO_FAILED: 400, // the provider's answer cannot be trusted
  SESSION_EXPIRED: 401,
  SIGNED_OUT: 401,
  ORIGIN_REFUSED: 403,
  CSRF_INVALID: 403,
  WRONG_ACCOUNT: 403,
  SIGN_UP_CLOSED: 403,
  SSO_EMAIL_UNVERIFIED: 403, // the provider does not vouch for the address
  SIGN_IN_TOO_OLD: 403, // signed in, but too long ago for this
  SHARE_LOCKED: 403, // a shared link that wants a password, or another one
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_STALLED: 408,
  ID_REUSED: 409,
  OFFSET_MISMATCH: 409,
  PART_EXISTS: 409,
  TAKEN_OVER: 409,
  TOO_MANY_SESSIONS: 409,
  PASSKEY_EXISTS: 409,
  TOO_MANY_PASSKEYS: 409,
  TOO_MANY_SHARES: 409,
  CANCELLED: 410,
  EXPIRED_SESSION: 410,
  TOO_LARGE: 413,
  WRONG_CONTENT_TYPE: 415,
  RANGE_NOT_SATISFIABLE: 416,
  DIGEST_MISMATCH: 422,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  STORAGE_FULL: 503,
  UNAVAILABLE: 503,
  QUOTA_EXCEEDED: 507,
} as const;

/** A code the server answers with. */
export type ApiErrorCode = keyof typeof apiErrors;

/** What can go wrong on this side of the wire, without any answer of the server. */
export const deviceErrors = [
  'UNREACHABLE', // nothing that is our server answered
  'FILE_CHANGED', // the file on disk is no longer the one that was picked
  'FILE_GONE', // moved or deleted
  'FILE_UNREADABLE', // the system refuses to read it
  'BYTES_LOST', // staged bytes are no longer in the browser's storage
  'OTHER_SIZE', // re-selected: no waiting upload has this size
  'OTHER_CONTENT', // re-selected: its bytes are not those that were sent already
  'OTHER_FILE', // re-selected: nothing was sent yet, and name or date are another
  'DEVICE_FULL', // the browser's storage has no room
  'WORKER_SILENT', // the service worker did not answer a call
  'OUTDATED', // page and worker do not understand one another
] as const;

/** A code that names a fault on the device. */
export type DeviceErrorCode = (typeof deviceErrors)[number];

/** Every stable code there is. */
export type ErrorCode = ApiErrorCode | DeviceErrorCode;

const codes: ReadonlySet<string> = new Set([...Object.keys(apiErrors), ...deviceErrors]);

/** Whether `value` is one of our codes; anything else came from elsewhere. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && codes.has(value);
}

/** Whether `value` is a code that our server answers with. */
export function isApiErrorCode(value: unknown): value is ApiErrorCode {
  return typeof value === 'string' && Object.hasOwn(apiErrors, value);
}

/** The code in the body of a problem; null when it has none. */
export function problemCode(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : null;
}

/** A broken promise, with the code to act on and a message for whoever debugs. */
export class HoldfastError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'HoldfastError';
    this.code = code;
  }
}
