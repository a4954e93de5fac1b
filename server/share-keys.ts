import { randomBytes } from 'node:crypto';
import type { Config } from './config.ts';
import { narrowCookie } from './cookie.ts';
import { isSame, sign } from './secret.ts';

const ID_BYTES = 16;
/** 128 bits, like the id they vouch for. */
const MAC_BYTES = 16;
const HOUR_MS = 3_600_000;
/** A password that was given holds for so long. */
const UNLOCKED_MS = 12 * HOUR_MS;
/** A download that was counted can be gone on with for so long: networks fail for hours. */
const RESUMABLE_MS = 6 * HOUR_MS;

/** What of a share is signed into the cookies that open it. */
export interface Lockable {
  readonly id: string;
  /** Hash of its password; null where it has none. */
  readonly password: string | null;
  readonly expiresAt: number | null;
}

/**
 * What opens a share: its link, and the two cookies that a browser may hold for it. None of them is stored anywhere.
 *
 * A link is a random id with its HMAC, so the database alone, in which the ids are, makes no links; nor does guessing.
 * The cookies hold an end and an HMAC over that and over what they open: a share by the very password it has, and one
 * download of it that was counted. Both go to no other address than the one they open.
 */
export class ShareKeys {
  readonly #secret: string;
  readonly #unlocked: ReturnType<typeof narrowCookie>;
  readonly #counted: ReturnType<typeof narrowCookie>;

  constructor(config: Config, secret: string) {
    this.#secret = secret;
    this.#unlocked = narrowCookie(config, 'share');
    this.#counted = narrowCookie(config, 'download');
  }

  /** An id for a new share. */
  newId(): string {
    return randomBytes(ID_BYTES).toString('base64url');
  }

  /** What stands in the link to the share with this id. */
  tokenOf(id: string): string {
    return Buffer.concat([Buffer.from(id, 'base64url'), this.#mac(id)]).toString('base64url');
  }

  /** The id in a token of ours, or null. */
  idOf(token: string): string | null {
    const bytes = Buffer.from(token, 'base64url');
    const id = bytes.subarray(0, ID_BYTES).toString('base64url');
    // Whole tokens are compared, since one token can be spelled in more than one way in base64url.
    return isSame(token, this.tokenOf(id)) ? id : null;
  }

  /** The `Set-Cookie` for a browser that knows the password. */
  unlocking(token: string, share: Lockable, now: number): string {
    const end = Math.min(now + UNLOCKED_MS, share.expiresAt ?? Number.POSITIVE_INFINITY);
    const value = this.#sealed(end, unlockedFor(share));
    return this.#unlocked.set(value, `/api/shared/${token}`, Math.ceil((end - now) / 1000));
  }

  /** Whether a request with these cookies may see the share. */
  isUnlocked(cookies: string | undefined, share: Lockable, now: number): boolean {
    return share.password === null || this.#holds(this.#unlocked.read(cookies), unlockedFor(share), now);
  }

  /** The `Set-Cookie` for a browser whose download of `what`, as it is called below the share's address, was counted. */
  counting(token: string, { id }: Lockable, what: string, now: number): string {
    const value = this.#sealed(now + RESUMABLE_MS, countedFor(id, what));
    const path = `/api/shared/${token}/${what}`;
    return this.#counted.set(value, path, RESUMABLE_MS / 1000);
  }

  /** Whether a request with these cookies goes on with a download that was counted. */
  isCounted(cookies: string | undefined, { id }: Lockable, what: string, now: number): boolean {
    return this.#holds(this.#counted.read(cookies), countedFor(id, what), now);
  }

  #mac(id: string): Buffer {
    return Buffer.from(sign(this.#secret, `share ${id}`, 'base64url'), 'base64url').subarray(0, MAC_BYTES);
  }

  #sealed(end: number, what: string): string {
    return `${end}.${sign(this.#secret, `${what} until ${end}`, 'base64url')}`;
  }

  #holds(value: string | null, what: string, now: number): boolean {
    const end = Number(/^(\d{1,15})\./.exec(value ?? '')?.[1] ?? 0);
    return now < end && isSame(value ?? '', this.#sealed(end, what));
  }
}

function unlockedFor({ id, password }: Lockable): string {
  return `share ${id} unlocked by ${password}`;
}

function countedFor(id: string, what: string): string {
  return `share ${id} download of ${what}`;
}
