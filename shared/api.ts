import * as v from 'valibot';
import { isFileName, isFolderPath } from './file-name.ts';

/**
 * The contract between worker and server: the shapes of every request and answer body, and the names of the
 * headers. The server validates with these schemas and makes its OpenAPI document from them.
 */

/** Header names, in the spelling they are sent with. */
export const header = {
  account: 'X-Account',
  csrf: 'X-CSRF-Token',
  /** Bytes of the part the server has, before the body (draft-ietf-httpbis-resumable-upload, §4.1.1). */
  offset: 'Upload-Offset',
  /** `?1` when the body reaches the end of the part, else `?0` (same draft, §4.1.2). */
  complete: 'Upload-Complete',
  /** A new UUID for each try at a part; a newer one takes the part over. */
  attempt: 'Upload-Attempt',
  /** SHA-256 over the whole part, `sha-256=:<base64>:` (RFC 9530 §3). */
  digest: 'Repr-Digest',
  /** On answers to parts: the session's `issuedAt` after this request, in ms since the epoch. */
  issuedAt: 'Upload-Session-Issued-At',
  /** On a 401 that the gateway made itself, without asking the server. */
  gateway: 'X-Holdfast-Gateway',
  /** On what the worker answers from memory since the server can't be reached: when it was heard, ms since the epoch. */
  heardAt: 'X-Holdfast-Heard-At',
} as const;

/** Files in one `PUT` of an upload session, at most. */
export const MAX_FILES_PER_CALL = 1000;

const uuid = v.pipe(v.string(), v.uuid());
const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const milliseconds = v.pipe(wholeNumber, v.description('ms since the epoch'));
const fileName = v.pipe(v.string(), v.check(isFileName, 'not a file name'));
const folderPath = v.pipe(v.string(), v.check(isFolderPath, 'not a folder path'));
// A type is a hint for whoever opens the file later: what is no type is dropped, never a reason to refuse a file.
const mediaType = v.pipe(v.string(), v.maxLength(255));

/** RFC 9457 problem details, with our `code`. */
export const Problem = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  code: v.string(),
  detail: v.optional(v.string()),
  limit: v.optional(v.number()),
  limitName: v.optional(v.string()),
});
export type Problem = v.InferOutput<typeof Problem>;

export const AccountSession = v.object({
  account: v.object({ id: v.string(), email: v.string() }),
  csrfToken: v.string(),
  issuedAt: milliseconds,
  expiresAt: milliseconds,
  now: milliseconds,
});
export type AccountSession = v.InferOutput<typeof AccountSession>;

/** The answer to every sign-in that worked; the session itself is in a cookie that no script reads. */
export const SignedIn = v.object({ account: v.object({ id: v.string(), email: v.string() }) });
export type SignedIn = v.InferOutput<typeof SignedIn>;

/** `GET /api/auth/methods`: how one can sign in here; `sso.name` is what people know the provider by. */
export const SignInMethods = v.object({
  email: v.boolean(),
  passkey: v.boolean(),
  sso: v.nullable(v.object({ name: v.string() })),
});
export type SignInMethods = v.InferOutput<typeof SignInMethods>;

/** Where to send the browser for SSO, and the `state` with which it comes back to `/signin/complete`. */
export const SsoStart = v.object({ url: v.string(), state: v.string() });
export type SsoStart = v.InferOutput<typeof SsoStart>;

const passkeyName = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100));

/** A passkey of this account. */
export const Passkey = v.object({
  id: uuid,
  name: v.string(),
  createdAt: milliseconds,
  lastUsedAt: v.nullable(milliseconds),
  /** Whether its maker keeps copies of it on other devices. */
  backedUp: v.boolean(),
});
export type Passkey = v.InferOutput<typeof Passkey>;
export const Passkeys = v.object({ passkeys: v.array(Passkey) });
export type Passkeys = v.InferOutput<typeof Passkeys>;

const bytes = v.pipe(v.string(), v.regex(/^[\w-]*$/), v.maxLength(100_000));
const credential = {
  id: v.pipe(bytes, v.minLength(1), v.maxLength(1400)),
  rawId: bytes,
  type: v.literal('public-key'),
  authenticatorAttachment: v.nullish(v.picklist(['platform', 'cross-platform'])),
  clientExtensionResults: v.record(v.string(), v.unknown()),
};

/** Body of `POST /api/auth/passkey/register/verify`: what `startRegistration` gave (WebAuthn, RegistrationResponseJSON). */
export const RegisterPasskey = v.object({
  name: v.optional(passkeyName),
  response: v.object({
    ...credential,
    response: v.object({
      clientDataJSON: bytes,
      attestationObject: bytes,
      transports: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(32))), v.maxLength(10))),
    }),
  }),
});
export type RegisterPasskey = v.InferOutput<typeof RegisterPasskey>;

/** Body of `POST /api/auth/passkey/sign-in/verify`: what `startAuthentication` gave (AuthenticationResponseJSON). */
export const UsePasskey = v.object({
  response: v.object({
    ...credential,
    response: v.object({
      clientDataJSON: bytes,
      authenticatorData: bytes,
      signature: bytes,
      userHandle: v.nullish(bytes),
    }),
  }),
});
export type UsePasskey = v.InferOutput<typeof UsePasskey>;

/** Body of `PATCH /api/auth/passkey/:id`. */
export const RenamePasskey = v.object({ name: passkeyName });
export type RenamePasskey = v.InferOutput<typeof RenamePasskey>;

/** One signed-in device of this account. */
export const DeviceSession = v.object({
  id: v.string(),
  device: v.string(),
  createdAt: milliseconds,
  lastUsedAt: milliseconds,
  current: v.boolean(),
});
export const DeviceSessions = v.object({ sessions: v.array(DeviceSession) });
export type DeviceSessions = v.InferOutput<typeof DeviceSessions>;

/** A file as a client announces it; the id is the client's own. */
export const NewFile = v.object({
  id: uuid,
  path: folderPath,
  name: fileName,
  size: wholeNumber,
  type: mediaType,
  lastModified: v.pipe(v.number(), v.safeInteger()),
});
export type NewFile = v.InferOutput<typeof NewFile>;

/** A file in a `PUT`; `reopen` begins one that was cancelled anew, where it would else be answered as `cancelled`. */
export const RegisteredFile = v.object({ ...NewFile.entries, reopen: v.optional(v.boolean()) });
export type RegisteredFile = v.InferOutput<typeof RegisteredFile>;

/** Body of `PUT /api/upload-sessions/:sid`. */
export const RegisterFiles = v.object({
  files: v.pipe(v.array(RegisteredFile), v.minLength(1), v.maxLength(MAX_FILES_PER_CALL)),
});
export type RegisterFiles = v.InferOutput<typeof RegisterFiles>;

export const SessionFile = v.object({
  ...NewFile.entries,
  state: v.picklist(['open', 'stored', 'cancelled']),
  partBytes: v.pipe(wholeNumber, v.minValue(1)),
  /** Runs of part numbers that are verified and durable, both ends included. */
  acknowledged: v.array(v.tuple([wholeNumber, wholeNumber])),
  /** Bytes received of unfinished parts, by part number; parts with none are left out. */
  offsets: v.record(v.string(), wholeNumber),
});
export type SessionFile = v.InferOutput<typeof SessionFile>;

export const UploadSession = v.object({
  id: uuid,
  device: v.string(),
  createdAt: milliseconds,
  issuedAt: milliseconds,
  sessionTtlMinutes: v.number(),
  now: milliseconds,
  files: v.array(SessionFile),
});
export type UploadSession = v.InferOutput<typeof UploadSession>;

export const UploadSessions = v.object({ sessions: v.array(UploadSession) });
export type UploadSessions = v.InferOutput<typeof UploadSessions>;

/** Acknowledged parts only: `digests[n]` is the SHA-256 of part n, in base64. */
export const PartDigests = v.object({
  partBytes: wholeNumber,
  digests: v.record(v.string(), v.string()),
});
export type PartDigests = v.InferOutput<typeof PartDigests>;

/** A file in the library. */
export const StoredFile = v.object({
  id: uuid,
  path: v.string(),
  name: v.string(),
  size: wholeNumber,
  type: v.string(),
  lastModified: v.number(),
  storedAt: milliseconds,
  /** SHA-256 over the SHA-256 digests of its parts in order, in base64url; also its ETag. */
  etag: v.string(),
});
export type StoredFile = v.InferOutput<typeof StoredFile>;

/** What the library is sorted by, and which way. */
export const fileOrders = ['newest', 'oldest', 'name', 'name-down', 'largest', 'smallest'] as const;
export type FileOrder = (typeof fileOrders)[number];

/**
 * `GET /api/files?after=<cursor>&limit=<1–1000>&order=<FileOrder>&q=<text>`; the newest first unless said otherwise.
 * `q` is looked for in names and folders, whatever the case. A cursor belongs to its order and its `q`.
 */
export const StoredFiles = v.object({
  files: v.array(StoredFile),
  next: v.nullable(v.string()),
  /** Files that match `q`, on all pages together. */
  count: wholeNumber,
  usedBytes: wholeNumber,
  quotaBytes: wholeNumber,
});
export type StoredFiles = v.InferOutput<typeof StoredFiles>;

/** Body of `PATCH /api/files/:id`. */
export const RenameFile = v.object({ name: fileName });
export type RenameFile = v.InferOutput<typeof RenameFile>;

/** Files in one share, at most. */
export const MAX_FILES_PER_SHARE = 1000;
/** Files in one archive, at most. */
export const MAX_FILES_PER_ARCHIVE = 10_000;

/** Some files by their ids, or what is in a folder now, below it too. */
export type FileChoice = { files: string[] } | { folder: string };

const fileChoice = (most: number) =>
  v.union([
    v.object({ files: v.pipe(v.array(uuid), v.minLength(1), v.maxLength(most)) }),
    v.object({ folder: v.pipe(folderPath, v.minLength(1)) }),
  ]) satisfies v.GenericSchema<FileChoice>;

/** Body of `POST /api/archives`: files that are to be downloaded as one. */
export const NewArchive = v.object({ of: fileChoice(MAX_FILES_PER_ARCHIVE) });
export type NewArchive = v.InferOutput<typeof NewArchive>;

/** A ZIP of files, which can be downloaded for a day from `/api/archives/:id/content`. */
export const Archive = v.object({
  id: v.string(),
  /** That it is saved under. */
  name: v.string(),
  /** Of the whole archive. */
  bytes: wholeNumber,
});
export type Archive = v.InferOutput<typeof Archive>;

const shareName = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(200));

/**
 * Body of `POST /api/shares`: a link for people without an account. A folder stands for what is in it now, below it too;
 * what comes later is not shared.
 */
export const NewShare = v.object({
  of: fileChoice(MAX_FILES_PER_SHARE),
  name: v.optional(shareName),
  /** It ends then; null for never. */
  expiresAt: v.nullable(milliseconds),
  password: v.nullable(v.pipe(v.string(), v.minLength(4), v.maxLength(200))),
  /** How often its files may be downloaded, all together; null for any number. */
  maxDownloads: v.nullable(v.pipe(wholeNumber, v.minValue(1))),
});
export type NewShare = v.InferOutput<typeof NewShare>;

/** A share as its owner sees it. Its page is `/s/<token>`. */
export const Share = v.object({
  id: v.string(),
  token: v.string(),
  /** Without a name of its own it is called after the files that are still there, and not at all once none is. */
  name: v.string(),
  createdAt: milliseconds,
  expiresAt: v.nullable(milliseconds),
  hasPassword: v.boolean(),
  maxDownloads: v.nullable(wholeNumber),
  downloads: wholeNumber,
  /** Files that are still there, and their bytes. */
  files: wholeNumber,
  bytes: wholeNumber,
});
export type Share = v.InferOutput<typeof Share>;
/** `GET /api/shares`, the newest first; those that have ended are among them until they are forgotten. */
export const Shares = v.object({ shares: v.array(Share) });
export type Shares = v.InferOutput<typeof Shares>;

/** A file as whoever has the link sees it: nothing of its owner, and nothing else of theirs. */
export const SharedFile = v.pick(StoredFile, ['id', 'path', 'name', 'size', 'type']);
export type SharedFile = v.InferOutput<typeof SharedFile>;

/**
 * `GET /api/shared/:token`, for anybody. What never was, has ended, is used up or was revoked is 404 `NOT_FOUND` in
 * the same words and the same time; 403 `SHARE_LOCKED` asks for a password.
 */
export const SharedFiles = v.object({
  name: v.string(),
  files: v.array(SharedFile),
  expiresAt: v.nullable(milliseconds),
  downloadsLeft: v.nullable(wholeNumber),
  now: milliseconds,
});
export type SharedFiles = v.InferOutput<typeof SharedFiles>;

/** Body of `POST /api/shared/:token/unlock`; 204 with an HttpOnly cookie for this share alone, or 403 `SHARE_LOCKED`. */
export const UnlockShare = v.object({ password: v.pipe(v.string(), v.maxLength(200)) });
export type UnlockShare = v.InferOutput<typeof UnlockShare>;
