import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Context } from 'hono';
import type { StoredFile } from '../shared/api.ts';
import type { PartStore } from './part-store.ts';
import { Refusal } from './problem.ts';
import { readRange } from './range.ts';
import type { ServerEnv } from './services.ts';
import type { Thumbnails } from './thumbnails.ts';

/** What of a request decides how a file is sent. */
export interface ContentAsk {
  readonly method: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** A stored file, and where its bytes are. */
export interface StoredContent {
  readonly file: StoredFile;
  readonly storageKey: string;
}

/** Bytes that never change under one `etag`, to be had whole or in ranges. */
export interface Download {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly etag: string;
  /** In ms since the epoch. */
  readonly storedAt: number;
}

/** What is sent of a download: nothing, for the client has it; or bytes `start` up to, not including, `end`. */
export type ContentPlan = { at: 'unchanged' } | { at: 'bytes'; start: number; end: number; isRange: boolean };

/** Nothing that was uploaded ever runs in our origin: if a browser shows it, it does so in a sandbox. */
const SANDBOX = "sandbox; default-src 'none'";
const PDF_SIGNATURE = '%PDF-';
const THUMBNAIL_SECONDS = 7 * 86_400;
/** What a page, or a page that was broken into, could run or be dressed in by the address of an upload. */
const runnable = /(java|ecma|live|j)script|\/css\b|wasm/i;

/** What `c` asks of a file's content. */
export function contentAskOf(c: Context<ServerEnv>): ContentAsk {
  return {
    method: c.req.method,
    range: c.req.header('Range'),
    ifRange: c.req.header('If-Range'),
    ifNoneMatch: c.req.header('If-None-Match'),
  };
}

/** What of a download answers the request. @throws {Refusal} `RANGE_NOT_SATISFIABLE` */
export function planContent(of: Pick<Download, 'etag' | 'size'>, ask: ContentAsk): ContentPlan {
  const etag = `"${of.etag}"`;
  if (matches(ask.ifNoneMatch, etag)) return { at: 'unchanged' };
  // RFC 9110 §13.1.5: If-Range compares strongly, and a date is none of ours.
  const range = ask.ifRange === undefined || ask.ifRange.trim() === etag ? ask.range : undefined;
  const asked = readRange(range, of.size);
  if (asked.at === 'unsatisfiable') {
    throw new Refusal('RANGE_NOT_SATISFIABLE', `There are ${of.size} bytes`, {
      headers: { 'Content-Range': `bytes */${of.size}`, ETag: etag },
    });
  }
  return asked.at === 'range'
    ? { at: 'bytes', start: asked.start, end: asked.end, isRange: true }
    : { at: 'bytes', start: 0, end: of.size, isRange: false };
}

/** A stored file as an answer to GET or HEAD: whole, one range of it, or 304. */
export async function contentAnswer(
  store: PartStore,
  { file, storageKey }: StoredContent,
  ask: ContentAsk,
  plan: ContentPlan = planContent(file, ask),
): Promise<Response> {
  return downloadAnswer(file, ask, plan, (start, end) => store.read(storageKey, start, end));
}

/**
 * What was planned of a download, with the bytes that `read` gives.
 *
 * It is saved under its name with its declared type, which is not guessed at. A type that browsers run, or style a page
 * by, is told as plain text: with `nosniff`, no page can then be made to take it for its own.
 */
export async function downloadAnswer(
  of: Download,
  ask: ContentAsk,
  plan: ContentPlan,
  read: (start: number, end: number) => Readable | Promise<Readable>,
): Promise<Response> {
  const headers: Record<string, string> = {
    ETag: `"${of.etag}"`,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, no-cache',
    'Content-Disposition': attachment(of.name),
    'Content-Security-Policy': SANDBOX,
    'X-Content-Type-Options': 'nosniff',
    'Last-Modified': new Date(of.storedAt).toUTCString(),
  };
  if (plan.at === 'unchanged') return new Response(null, { status: 304, headers });
  const { start, end, isRange } = plan;
  headers['Content-Type'] = typeOf(of);
  headers['Content-Length'] = String(end - start);
  if (isRange) headers['Content-Range'] = `bytes ${start}-${end - 1}/${of.size}`;
  const isEmpty = ask.method === 'HEAD' || end === start;
  const body = isEmpty ? null : webStream(await read(start, end));
  return new Response(body, { status: isRange ? 206 : 200, headers });
}

/**
 * A PDF to be shown in a frame of our own page; what does not begin like one is the usual download.
 *
 * Not in a `sandbox`, in which the viewers of some browsers do not run. The viewer is a document of the browser's own;
 * older ones need their styles and embed themselves. Scripts and requests to anywhere it is not given. A PDF's own
 * scripts run, if at all, within the viewer, out of reach of any page. Only the app may frame it.
 */
export async function pdfAnswer(
  store: PartStore,
  content: StoredContent,
  ask: ContentAsk,
  appOrigin: string,
): Promise<Response> {
  const answer = await contentAnswer(store, content, ask);
  if (!(await isPdf(store, content))) return answer;
  const { name } = content.file;
  answer.headers.set('Content-Disposition', disposition('inline', name));
  answer.headers.set(
    'Content-Security-Policy',
    `default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self' ${appOrigin}`,
  );
  if (answer.headers.has('Content-Type')) answer.headers.set('Content-Type', 'application/pdf');
  return answer;
}

/** The thumbnail of a stored file. @throws {Refusal} `NOT_FOUND` where there is none */
export async function thumbnailAnswer(
  thumbnails: Thumbnails,
  content: StoredContent,
  ask: ContentAsk,
): Promise<Response> {
  const small = await thumbnails.of(content);
  if (!small) throw new Refusal('NOT_FOUND', 'There is no thumbnail of this file');
  const etag = `"t-${content.file.etag}"`;
  const headers = {
    ETag: etag,
    // The bytes of a file never change, and so its thumbnail does not. But it is for those alone who were let in.
    'Cache-Control': `private, max-age=${THUMBNAIL_SECONDS}, immutable`,
    Vary: 'Cookie',
    'Content-Security-Policy': SANDBOX,
    'X-Content-Type-Options': 'nosniff',
  };
  if (matches(ask.ifNoneMatch, etag)) return new Response(null, { status: 304, headers });
  return new Response(ask.method === 'HEAD' ? null : new Uint8Array(small), {
    headers: { ...headers, 'Content-Type': 'image/webp', 'Content-Length': String(small.length) },
  });
}

/** `Content-Disposition` with the name in ASCII for old readers, and as it is (RFC 6266 §4.3, RFC 8187 §3.2). */
export function attachment(name: string): string {
  return disposition('attachment', name);
}

function disposition(kind: 'attachment' | 'inline', name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

function typeOf({ type }: Download): string {
  return runnable.test(type) ? 'text/plain' : type || 'application/octet-stream';
}

async function isPdf(store: PartStore, { file, storageKey }: StoredContent): Promise<boolean> {
  if (file.size < PDF_SIGNATURE.length) return false;
  const first = await buffer(await store.read(storageKey, 0, PDF_SIGNATURE.length));
  return first.toString('latin1') === PDF_SIGNATURE;
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

function webStream(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>; // Node's own type of the same thing
}
