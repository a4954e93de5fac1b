import { type ApiErrorCode, isApiErrorCode } from './errors.ts';

/** What there is to know of an answer before anything is decided; null where there was no answer at all. */
export interface AnswerFacts {
  /** 0 for an opaque redirect. */
  status: number;
  contentType: string | null;
  /** `code` and `limit` of a problem+json body, null without one. */
  problem: { code: string; limit?: number } | null;
  /** `Upload-Offset`, in bytes. */
  offset: number | null;
  /** `Retry-After`, in ms from now. */
  retryAfterMs: number | null;
}

/** What an answer of the upload API means for the engine. */
export type Verdict =
  | { is: 'done' }
  /** The account session is gone; the gateway has said or will say so. */
  | { is: 'signed-out' }
  /** The cookie is another account's: read the session again, and hold. */
  | { is: 'wrong-account' }
  /** The server has another number of bytes of this part. */
  | { is: 'offset'; offset: number }
  /** Another device, or a newer try of ours, is at work on this part. */
  | { is: 'taken-over' }
  /** The part is there, with other bytes. */
  | { is: 'part-exists' }
  | { is: 'session-expired' }
  | { is: 'cancelled' }
  | { is: 'digest-mismatch' }
  /** A proxy on the way refuses bodies of this size. */
  | { is: 'body-too-large' }
  | { is: 'later'; afterMs: number }
  /** The network, a proxy or a portal speaks, or nobody: `why` says which, for the log. */
  | { is: 'unreachable'; why: string }
  | { is: 'refused'; code: ApiErrorCode; limit?: number };

/** How long to wait where the server says "later" and not when, in ms. */
const LATER_MS = 5000;

/**
 * What to make of an answer, in the order of the API's table.
 *
 * Requests are made with `redirect: 'manual'`, so a portal that redirects shows up as status 0 (Fetch, "opaque-
 * redirect filtered response"), and one that serves its page in place as HTML where only JSON is ever sent.
 */
export function judgeAnswer(answer: AnswerFacts | null): Verdict {
  if (answer === null) return { is: 'unreachable', why: 'no answer' };
  if (answer.status === 0) return { is: 'unreachable', why: 'redirect' };
  const { status, problem, retryAfterMs } = answer;
  // Said by a proxy in its own words, mostly HTML, and worth hearing all the same.
  if (status === 413 && !isOurs(problem)) return { is: 'body-too-large' };
  if (status === 429 || (status === 503 && retryAfterMs !== null)) {
    return { is: 'later', afterMs: retryAfterMs ?? LATER_MS };
  }
  if (isHtml(answer)) return { is: 'unreachable', why: `page with status ${status}` };
  if (status >= 200 && status < 300) return { is: 'done' };
  const code = problem && isApiErrorCode(problem.code) ? problem.code : null;
  if (status === 401) return { is: 'signed-out' };
  if (code === null || status === 408 || status === 425) return unreachable(answer);
  return judgeCode(code, answer);
}

function judgeCode(code: ApiErrorCode, answer: AnswerFacts): Verdict {
  const { status, problem, offset } = answer;
  switch (code) {
    case 'WRONG_ACCOUNT':
      return { is: 'wrong-account' };
    case 'OFFSET_MISMATCH':
      return offset === null ? unreachable(answer) : { is: 'offset', offset };
    case 'TAKEN_OVER':
      return { is: 'taken-over' };
    case 'PART_EXISTS':
      return { is: 'part-exists' };
    case 'EXPIRED_SESSION':
      return { is: 'session-expired' };
    case 'CANCELLED':
      return { is: 'cancelled' };
    case 'DIGEST_MISMATCH':
      return { is: 'digest-mismatch' };
    default:
      if (status >= 500 && code !== 'QUOTA_EXCEEDED') return unreachable(answer);
      return problem?.limit === undefined
        ? { is: 'refused', code }
        : { is: 'refused', code, limit: problem.limit };
  }
}

/** What the gateway answers for nobody has a code of its own, which no server sends. */
function unreachable({ status, problem }: AnswerFacts): Verdict {
  return { is: 'unreachable', why: problem?.code === 'UNREACHABLE' ? 'no answer' : `status ${status}` };
}

/**
 * The wait a `Retry-After` value asks for, in ms, or null when it is none: seconds or an HTTP date (RFC 9110
 * §10.2.3). A date is measured against the answer's own `Date`, since a device clock may be years off.
 */
export function retryAfterMs(value: string | null, serverDate: string | null): number | null {
  if (value === null) return null;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  // Engines read dates into nearly everything, `-1` and `1.5` among it; an HTTP date begins with its weekday.
  const until = /^\s*[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  const from = serverDate === null ? Number.NaN : Date.parse(serverDate);
  return Number.isNaN(until) || Number.isNaN(from) ? null : Math.max(0, until - from);
}

function isOurs(problem: AnswerFacts['problem']): boolean {
  return problem !== null && isApiErrorCode(problem.code);
}

function isHtml({ contentType }: AnswerFacts): boolean {
  return contentType !== null && /^text\/html\b/i.test(contentType);
}
