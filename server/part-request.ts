import type { IncomingHttpHeaders } from 'node:http';
import * as v from 'valibot';
import { header } from '../shared/api.ts';
import { Refusal } from './problem.ts';

/** What the headers of a part request say, checked against one another and against the part's length. */
export interface PartRequest {
  readonly attempt: string;
  /** Bytes of the part that the client believes to be here. */
  readonly offset: number;
  /** The SHA-256 of the whole part in base64, when the body reaches its end; else null. */
  readonly digest: string | null;
  /** Bytes the body may have at most. */
  readonly maxBytes: number;
}

const uuid = v.pipe(v.string(), v.uuid());

/**
 * Reads the headers of a `PUT` of a part that is `length` bytes long.
 *
 * @throws {Refusal} `WRONG_CONTENT_TYPE`, or `INVALID_INPUT` naming the header.
 */
export function readPartRequest(headers: IncomingHttpHeaders, length: number): PartRequest {
  if (!/^application\/octet-stream\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new Refusal('WRONG_CONTENT_TYPE', 'A part must be application/octet-stream');
  }
  const attempt = one(headers, header.attempt);
  if (!v.is(uuid, attempt)) throw invalid(header.attempt, 'a UUID');
  const complete = one(headers, header.complete);
  if (complete !== '?1' && complete !== '?0') throw invalid(header.complete, '?1 or ?0');
  const offset = wholeNumber(one(headers, header.offset));
  if (offset === null || offset > length) throw invalid(header.offset, `a whole number up to ${length}`);
  const digest = complete === '?1' ? readDigest(one(headers, header.digest)) : null;
  if (complete === '?1' && digest === null) throw invalid(header.digest, 'sha-256=:<base64>:');

  const maxBytes = length - offset;
  if (headers['content-length'] !== undefined) {
    const bytes = Number(headers['content-length']);
    const fits = complete === '?1' ? bytes === maxBytes : bytes <= maxBytes;
    if (!fits) throw invalid('Content-Length', `${complete === '?1' ? '' : 'up to '}${maxBytes}`);
  }
  return { attempt: attempt.toLowerCase(), offset, digest, maxBytes };
}

/** The number of a part as it stands in an address. @throws {Refusal} `NOT_FOUND` beyond the file's last part. */
export function readPartNumber(text: string, count: number): number {
  const number = wholeNumber(text);
  if (number === null || number >= count) throw new Refusal('NOT_FOUND', `There are ${count} parts`);
  return number;
}

function one(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name.toLowerCase()];
  return typeof value === 'string' ? value.trim() : '';
}

/** Plain digits only, so neither `1e3`, `0x10` nor a sign. */
function wholeNumber(text: string): number | null {
  return /^(0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
}

/** RFC 9530 §3: a dictionary of algorithms; ours must be among them. */
function readDigest(text: string): string | null {
  const match = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(text);
  // One digest has one spelling: the bits that padding leaves over must be zero.
  const digest = match?.[1];
  return digest && Buffer.from(digest, 'base64').toString('base64') === digest ? digest : null;
}

function invalid(name: string, expected: string): Refusal {
  return new Refusal('INVALID_INPUT', `${name}: expected ${expected}`);
}
