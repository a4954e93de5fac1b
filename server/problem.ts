import type { Problem } from '../shared/api.ts';
import { type ApiErrorCode, apiErrors, HoldfastError } from '../shared/errors.ts';

/** What an answer may say beside its code: headers, and the limit that was passed (with its config name). */
export interface RefusalDetails {
  headers?: Readonly<Record<string, string>>;
  limit?: number;
  limitName?: string;
  cause?: unknown;
}

/** A request that is answered with an error; thrown by any handler, turned into an answer in one place (`app.ts`). */
export class Refusal extends HoldfastError {
  override readonly code: ApiErrorCode;
  readonly details: RefusalDetails;

  constructor(code: ApiErrorCode, message: string, details: RefusalDetails = {}) {
    super(code, message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Refusal';
    this.code = code;
    this.details = details;
  }
}

/** The problem+json answer (RFC 9457) for `refusal`. A 500 keeps its message to itself. */
export function problemAnswer(refusal: Refusal): Response {
  const { code, message, details } = refusal;
  const status = apiErrors[code];
  const problem: Problem = {
    type: 'about:blank',
    title: code,
    status,
    code,
    ...(status === 500 ? {} : { detail: message }),
    ...(details.limit === undefined ? {} : { limit: details.limit }),
    ...(details.limitName === undefined ? {} : { limitName: details.limitName }),
  };
  const headers = {
    'Cache-Control': 'no-store',
    ...details.headers,
    'Content-Type': 'application/problem+json',
  };
  return new Response(JSON.stringify(problem), { status, headers });
}
