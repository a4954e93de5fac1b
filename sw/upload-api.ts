import * as v from 'valibot';
import { type AnswerFacts, judgeAnswer, retryAfterMs, type Verdict } from '../shared/answer.ts';
import { header, PartDigests, type RegisteredFile, UploadSession, UploadSessions } from '../shared/api.ts';
import type { ApiRequest } from './gateway.ts';

/** One request's worth of a part. */
export interface Segment {
  session: string;
  file: string;
  part: number;
  /** Bytes of the part the server has. */
  offset: number;
  body: Blob | Uint8Array<ArrayBuffer>;
  /** SHA-256 of the whole part in base64 when this segment completes it, else null. */
  digest: string | null;
}

/** What the engine asks of the server; each answer is judged before it gets there. */
export class UploadApi {
  #send: (request: ApiRequest) => Promise<Response>;
  #uuid: () => string;

  constructor(send: (request: ApiRequest) => Promise<Response>, uuid: () => string) {
    this.#send = send;
    this.#uuid = uuid;
  }

  /** Creates the session, adds the files, or refreshes it; `session` is null unless the verdict is `done`. */
  async attach(id: string, files: RegisteredFile[], signal: AbortSignal) {
    const answer = await this.#ask({
      method: 'PUT',
      path: `/api/upload-sessions/${id}`,
      headers: new Headers({ 'Content-Type': 'application/json' }),
      body: JSON.stringify({ files }),
      signal,
    });
    const parsed = v.safeParse(UploadSession, answer.json);
    const session = parsed.success ? parsed.output : null;
    const verdict: Verdict =
      answer.verdict.is === 'done' && !session ? { is: 'unreachable', why: 'no session' } : answer.verdict;
    return { verdict, session };
  }

  /** How much of a part the server has; `offset` in bytes, null unless the verdict is `done`. */
  async look(session: string, file: string, part: number, signal: AbortSignal) {
    const { verdict, status, headers } = await this.#ask({
      method: 'HEAD',
      path: partPath(session, file, part),
      headers: new Headers(),
      body: null,
      signal,
    });
    const complete = headers.get(header.complete) === '?1';
    return {
      // An answer to HEAD has no body that could say why: registering again brings the code.
      verdict: isPlainRefusal(status) ? ({ is: 'refused', code: 'NOT_FOUND' } satisfies Verdict) : verdict,
      offset: wholeNumber(headers.get(header.offset)),
      complete,
    };
  }

  /** Unfinished upload sessions of the account, from all its devices; null when they can't be had now. */
  async openSessions(signal: AbortSignal): Promise<UploadSession[] | null> {
    const { verdict, json } = await this.#ask({
      method: 'GET',
      path: '/api/upload-sessions?state=open',
      headers: new Headers(),
      body: null,
      signal,
    });
    const parsed = v.safeParse(UploadSessions, json);
    return verdict.is === 'done' && parsed.success ? parsed.output.sessions : null;
  }

  /** SHA-256 (base64) of each acknowledged part; null when they can't be had now. */
  async digests(session: string, file: string, signal: AbortSignal): Promise<Map<number, string> | null> {
    const { verdict, json } = await this.#ask({
      method: 'GET',
      path: `/api/upload-sessions/${session}/files/${file}/digests`,
      headers: new Headers(),
      body: null,
      signal,
    });
    const parsed = v.safeParse(PartDigests, json);
    if (verdict.is !== 'done' || !parsed.success) return null;
    return new Map(Object.entries(parsed.output.digests).map(([part, digest]) => [Number(part), digest]));
  }

  /**
   * Sends a segment; `completesFile` when the server has committed the whole file with it, `isWhole` when it has the whole
   * part, else `offset` is what it has of it since, in bytes.
   */
  async sendSegment(segment: Segment, signal: AbortSignal) {
    const { session, file, part, offset, body, digest } = segment;
    const headers = new Headers({
      'Content-Type': 'application/octet-stream',
      [header.offset]: String(offset),
      [header.complete]: digest === null ? '?0' : '?1',
      [header.attempt]: this.#uuid(),
    });
    if (digest !== null) headers.set(header.digest, `sha-256=:${digest}:`);
    const answer = await this.#ask({
      method: 'PUT',
      path: partPath(session, file, part),
      headers,
      body,
      signal,
    });
    const issuedAt = wholeNumber(answer.headers.get(header.issuedAt));
    // A portal that says 200 to everything has kept nothing.
    const isForeign = answer.verdict.is === 'done' && issuedAt === null;
    const verdict: Verdict = isForeign ? notOurs(answer.status) : answer.verdict;
    const kept = wholeNumber(answer.headers.get(header.offset));
    const isWhole = answer.headers.get(header.complete) === '?1';
    return { verdict, completesFile: answer.status === 201, isWhole, issuedAt, offset: kept };
  }

  /** Has the server free what it holds of a file; what it does not know is free already. */
  async free(session: string, file: string, signal: AbortSignal): Promise<Verdict> {
    const { verdict, status } = await this.#ask({
      method: 'DELETE',
      path: `/api/upload-sessions/${session}/files/${file}`,
      headers: new Headers(),
      body: null,
      signal,
    });
    if (verdict.is === 'done' && status !== 204) return notOurs(status);
    const unknown = verdict.is === 'refused' && verdict.code === 'NOT_FOUND';
    return unknown || verdict.is === 'session-expired' || verdict.is === 'cancelled'
      ? { is: 'done' }
      : verdict;
  }

  async #ask(request: ApiRequest) {
    const response = await this.#send(request);
    const json: unknown = isJson(response) ? await response.json().catch(() => null) : null;
    const facts = factsOf(response, json);
    return { verdict: judgeAnswer(facts), status: response.status, headers: response.headers, json };
  }
}

/** A success in which our server says nothing of what it does. */
function notOurs(status: number): Verdict {
  return { is: 'unreachable', why: `status ${status} from somebody else` };
}

/** A refusal that does not concern the account session, and is no "later". */
function isPlainRefusal(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 408, 425, 429].includes(status);
}

function partPath(session: string, file: string, part: number): string {
  return `/api/upload-sessions/${session}/files/${file}/parts/${part}`;
}

function isJson(response: Response): boolean {
  return /^application\/(problem\+)?json\b/i.test(response.headers.get('Content-Type') ?? '');
}

function factsOf(response: Response, json: unknown): AnswerFacts {
  const { headers } = response;
  return {
    status: response.status,
    contentType: headers.get('Content-Type'),
    problem: problemOf(json),
    offset: wholeNumber(headers.get(header.offset)),
    retryAfterMs: retryAfterMs(headers.get('Retry-After'), headers.get('Date')),
  };
}

function problemOf(json: unknown): AnswerFacts['problem'] {
  if (typeof json !== 'object' || json === null || !('code' in json) || typeof json.code !== 'string')
    return null;
  const limit = 'limit' in json && typeof json.limit === 'number' ? json.limit : undefined;
  return limit === undefined ? { code: json.code } : { code: json.code, limit };
}

function wholeNumber(value: string | null): number | null {
  return value !== null && /^\d{1,16}$/.test(value) ? Number(value) : null;
}
