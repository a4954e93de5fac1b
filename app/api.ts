import * as v from 'valibot';
import {
  AccountSession,
  Archive,
  DeviceSessions,
  type FileChoice,
  type FileOrder,
  header,
  type NewArchive,
  type NewShare,
  Passkey,
  Passkeys,
  Problem,
  type RegisterPasskey,
  Share,
  Shares,
  SignInMethods,
  SsoStart,
  StoredFiles,
  type UsePasskey,
} from '../shared/api.ts';
import { type ErrorCode, isErrorCode } from '../shared/errors.ts';
import { language } from './i18n.ts';
import { isControlled, openCalls } from './worker.ts';

/**
 * The only file that calls the API. The worker adds what a request needs to be believed and is the one place
 * that acts on a 401; here a refusal is a value like any other.
 */

export type Answer<T> = { ok: true; value: T } | { ok: false; code: ErrorCode; limit?: number };

/** The worker's own answer, `{queued: true}`, or anything the server says of a change that was made. */
const Changed = v.fallback(v.object({ queued: v.literal(true) }), {
  queued: false,
} as never) as v.GenericSchema<unknown, Change>;

/** Mails a code to `email`. */
export function sendCode(email: string): Promise<Answer<unknown>> {
  return post('/api/auth/email-otp/send-verification-otp', { email, type: 'sign-in' });
}

/** Signs in with the code that was mailed. */
export function signIn(email: string, otp: string): Promise<Answer<unknown>> {
  return post('/api/auth/sign-in/email-otp', { email, otp });
}

/** The ways to sign in here. */
export function readMethods(): Promise<Answer<SignInMethods>> {
  return request('/api/auth/methods', {}, SignInMethods);
}

/** Begins a sign-in by the provider: where to send the browser, and the state with which it comes back. */
export function startSso(): Promise<Answer<SsoStart>> {
  return request('/api/auth/sign-in/sso', { method: 'POST' }, SsoStart);
}

/** What an authenticator is asked, as `@simplewebauthn` takes it: ours to pass on, not to read. */
const Question = v.looseObject({ challenge: v.string() });
export type Question = v.InferOutput<typeof Question>;

export function askForPasskey(): Promise<Answer<Question>> {
  return request('/api/auth/passkey/sign-in/options', { method: 'POST' }, Question);
}

/** Signs in with what the authenticator answered. */
export function verifyPasskey(body: UsePasskey): Promise<Answer<unknown>> {
  return post('/api/auth/passkey/sign-in/verify', body);
}

export function askForNewPasskey(): Promise<Answer<Question>> {
  return request('/api/auth/passkey/register/options', { method: 'POST' }, Question);
}

export function registerPasskey(body: RegisterPasskey): Promise<Answer<Passkey>> {
  return request('/api/auth/passkey/register/verify', { method: 'POST', ...json(body) }, Passkey);
}

export function listPasskeys(): Promise<Answer<Passkeys>> {
  return request('/api/auth/passkey', {}, Passkeys);
}

export function renamePasskey(id: string, name: string): Promise<Answer<unknown>> {
  return request(`/api/auth/passkey/${id}`, { method: 'PATCH', ...json({ name }) }, v.unknown());
}

export function deletePasskey(id: string): Promise<Answer<unknown>> {
  return request(`/api/auth/passkey/${id}`, { method: 'DELETE' }, v.unknown());
}

/** The devices this account is signed in on. */
export function listDevices(): Promise<Answer<DeviceSessions>> {
  return request('/api/sessions', {}, DeviceSessions);
}

export function endDevice(id: string): Promise<Answer<unknown>> {
  return request(`/api/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' }, v.unknown());
}

/** Signs out; `queued` while the server could not be told, which changes nothing on this device. */
export function signOut(): Promise<Answer<Change>> {
  return request('/api/session', { method: 'DELETE' }, Changed);
}

/** Deletes the account with all that is in it. */
export function deleteAccount(): Promise<Answer<unknown>> {
  return request('/api/account', { method: 'DELETE' }, v.unknown());
}

/** How much room this account uses at the server, and has. */
export function readUsage(): Promise<Answer<Pick<StoredFiles, 'usedBytes' | 'quotaBytes'>>> {
  return request('/api/files?limit=1', {}, v.pick(StoredFiles, ['usedBytes', 'quotaBytes']));
}

/** Asks whether someone is signed in; the worker hears the answer first. Its token never gets here. */
export function readSession(): Promise<Answer<unknown>> {
  return request('/api/session', {}, v.pick(AccountSession, ['account']));
}

/** Which files to list, and in what order. */
export interface FileAsk {
  q: string;
  order: FileOrder;
}

/** A page of the library; `heardAt` (ms since the epoch) when nobody answered and the worker remembers. */
export interface HeardFiles extends StoredFiles {
  heardAt: number | null;
}

/** The files that `ask` is for after `cursor`, `limit` of them (1–1000). */
export function listFiles(
  { q, order }: FileAsk,
  cursor: string | null,
  limit: number,
): Promise<Answer<HeardFiles>> {
  const query = new URLSearchParams({ limit: String(limit), order });
  if (q !== '') query.set('q', q);
  if (cursor !== null) query.set('after', cursor);
  return ask(`/api/files?${query}`, {}, async (response) => {
    const answer = await read(response, StoredFiles);
    return answer.ok ? { ok: true, value: { ...answer.value, heardAt: heardAt(response) } } : answer;
  });
}

/** Whether a change was made, or stands in line until the network is back. */
export type Change = { queued: boolean };

export function renameFile(id: string, name: string): Promise<Answer<Change>> {
  return request(`/api/files/${id}`, { method: 'PATCH', ...json({ name }) }, Changed);
}

export function deleteFile(id: string): Promise<Answer<Change>> {
  return request(`/api/files/${id}`, { method: 'DELETE' }, Changed);
}

/** Takes the deletion of a file back. */
export function restoreFile(id: string): Promise<Answer<unknown>> {
  return request(`/api/files/${id}/restore`, { method: 'POST' }, v.unknown());
}

/** The first `bytes` of a file, as text. What is no UTF-8 shows as replacement characters. */
export function readText(id: string, bytes: number): Promise<Answer<string>> {
  const headers = { Range: `bytes=0-${bytes - 1}` };
  return ask(contentUrl(id), { headers }, async (response) => {
    if (!response.ok) return read(response, v.never());
    return { ok: true, value: new TextDecoder().decode(await response.arrayBuffer()) };
  });
}

/** Makes a link for people without an account. */
export function createShare(share: NewShare): Promise<Answer<Share>> {
  return request('/api/shares', { method: 'POST', ...json(share) }, Share);
}

export function listShares(): Promise<Answer<Shares>> {
  return request('/api/shares', {}, Shares);
}

/** Takes a link back: it ends at once. */
export function revokeShare(id: string): Promise<Answer<unknown>> {
  return request(`/api/shares/${encodeURIComponent(id)}`, { method: 'DELETE' }, v.unknown());
}

/** Makes one download of many files. */
export function createArchive(of: FileChoice): Promise<Answer<Archive>> {
  return request('/api/archives', { method: 'POST', ...json({ of } satisfies NewArchive) }, Archive);
}

/** Where a browser downloads an archive from. */
export function archiveUrl(id: string): string {
  return `/api/archives/${id}/content`;
}

/** Where a browser downloads the file from, and where images and media elements show it from. */
export function contentUrl(id: string): string {
  return `/api/files/${id}/content`;
}

/** Where a PDF is shown by the browser's own viewer. */
export function pdfUrl(id: string): string {
  return `${contentUrl(id)}?show=pdf`;
}

/** Where the small picture of a file is, if it has one. */
export function thumbnailUrl(id: string): string {
  return `/api/files/${id}/thumbnail`;
}

function post(path: string, body: unknown): Promise<Answer<unknown>> {
  return request(path, { method: 'POST', ...json(body) }, v.unknown());
}

function json(body: unknown): RequestInit {
  return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

function request<T>(
  path: string,
  init: RequestInit,
  schema: v.GenericSchema<unknown, T>,
): Promise<Answer<T>> {
  return ask(path, init, (response) => read(response, schema));
}

async function ask<T>(
  path: string,
  init: RequestInit,
  take: (response: Response) => Promise<Answer<T>>,
): Promise<Answer<T>> {
  if (!(await isControlled())) return { ok: false, code: 'WORKER_SILENT' };
  openCalls.value += 1;
  try {
    // A mail that this request sends is to speak what is shown here, whatever the browser is set to.
    const headers = { Accept: 'application/json', 'Accept-Language': language.peek(), ...init.headers };
    return await take(await fetch(path, { ...init, headers, redirect: 'manual' }));
  } catch {
    // Offline, a connection that broke, or a worker that was stopped in between: all the same to a person.
    return { ok: false, code: 'UNREACHABLE' };
  } finally {
    openCalls.value -= 1;
  }
}

function heardAt(response: Response): number | null {
  const text = response.headers.get(header.heardAt);
  return text === null ? null : Number(text);
}

async function read<T>(response: Response, schema: v.GenericSchema<unknown, T>): Promise<Answer<T>> {
  const text = await response.text();
  const body: unknown = isJson(response) && text !== '' ? JSON.parse(text) : undefined;
  if (!response.ok) return refusal(body);
  const parsed = v.safeParse(schema, body);
  return parsed.success ? { ok: true, value: parsed.output } : { ok: false, code: 'OUTDATED' };
}

function refusal(body: unknown): Answer<never> {
  const parsed = v.safeParse(Problem, body);
  // What is no problem of ours was said by a proxy or a portal.
  if (!parsed.success || !isErrorCode(parsed.output.code)) return { ok: false, code: 'UNREACHABLE' };
  const { code, limit } = parsed.output;
  return limit === undefined ? { ok: false, code } : { ok: false, code, limit };
}

function isJson(response: Response): boolean {
  return /^application\/([\w.-]+\+)?json\b/i.test(response.headers.get('Content-Type') ?? '');
}
