import { Readable } from 'node:stream';
import type { StoredFile } from '../shared/api.ts';
import type { PartStore } from './part-store.ts';
import { Refusal } from './problem.ts';
import { readRange } from './range.ts';

/** What of a request decides how a file is sent. */
export interface ContentAsk {
  readonly method: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/**
 * A stored file as an answer to GET or HEAD: whole, one range of it, or 304.
 *
 * Nothing that was uploaded ever runs in our origin: it is a download with its declared type, which is not guessed at,
 * and if a browser shows it all the same, it does so in a sandbox.
 *
 * @throws {Refusal} `RANGE_NOT_SATISFIABLE`
 */
export async function contentAnswer(
  store: PartStore,
  { file, storageKey }: { file: StoredFile; storageKey: string },
  ask: ContentAsk,
): Promise<Response> {
  const etag = `"${file.etag}"`;
  const headers: Record<string, string> = {
    ETag: etag,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, no-cache',
    'Content-Disposition': attachment(file.name),
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Last-Modified': new Date(file.storedAt).toUTCString(),
  };
  if (matches(ask.ifNoneMatch, etag)) return new Response(null, { status: 304, headers });
  // RFC 9110 §13.1.5: If-Range compares strongly, and a date is none of ours.
  const range = ask.ifRange === undefined || ask.ifRange.trim() === etag ? ask.range : undefined;
  const asked = readRange(range, file.size);
  if (asked.at === 'unsatisfiable') {
    throw new Refusal('RANGE_NOT_SATISFIABLE', `The file has ${file.size} bytes`, {
      headers: { 'Content-Range': `bytes */${file.size}`, ETag: etag },
    });
  }
  const { start, end } = asked.at === 'range' ? asked : { start: 0, end: file.size };
  headers['Content-Type'] = file.type || 'application/octet-stream';
  headers['Content-Length'] = String(end - start);
  if (asked.at === 'range') headers['Content-Range'] = `bytes ${start}-${end - 1}/${file.size}`;
  const isEmpty = ask.method === 'HEAD' || end === start;
  const body = isEmpty ? null : webStream(await store.read(storageKey, start, end));
  return new Response(body, { status: asked.at === 'range' ? 206 : 200, headers });
}

/** `Content-Disposition` with the name in ASCII for old readers, and as it is (RFC 6266 §4.3, RFC 8187 §3.2). */
export function attachment(name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

function webStream(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>; // Node's own type of the same thing
}
