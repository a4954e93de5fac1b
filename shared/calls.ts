import * as v from 'valibot';
import type { CallName, Calls } from './protocol.ts';

/** What the worker takes for a call. It stands apart from the protocol since pages, which have to be light, do without. */

const uuid = v.pipe(v.string(), v.uuid());
const file = v.custom<File>((value) => typeof value === 'object' && value !== null && 'size' in value);
const picked = v.object({
  id: uuid,
  file,
  path: v.string(),
  pickedAt: v.optional(v.number()),
  handle: v.optional(v.custom<FileSystemFileHandle>((value) => typeof value === 'object' && value !== null)),
});
const nothing = v.object({});
const notice = v.object({ title: v.string(), body: v.string() });

const asks = {
  ping: v.object({
    build: v.string(),
    leaving: v.boolean(),
    eager: v.optional(v.boolean(), false),
  }),
  'device.tell': v.object({
    language: v.string(),
    notices: v.object({ expired: notice, paused: notice, arrived: notice }),
    onlyUnmetered: v.boolean(),
    metered: v.nullable(v.boolean()),
  }),
  'uploads.snapshot': nothing,
  'uploads.add': v.object({ files: v.array(picked), again: v.optional(v.boolean(), false) }),
  'uploads.offer': v.object({ files: v.array(v.object({ id: uuid, file })) }),
  'uploads.act': v.object({
    action: v.picklist(['pause', 'resume', 'retry', 'cancel', 'undo', 'refresh', 'remove']),
    ids: v.array(uuid),
  }),
  'uploads.select': v.object({ files: v.array(picked) }),
  'uploads.handles': v.object({ ids: v.array(uuid) }),
  'uploads.permitted': v.object({ ids: v.array(uuid) }),
  'uploads.elsewhere': nothing,
  'library.delete': v.object({ ids: v.array(uuid) }),
  'outbox.seen': nothing,
  'inbox.keep': v.object({ files: v.array(file) }),
  'inbox.list': nothing,
  'inbox.accept': v.object({ ids: v.array(uuid) }),
  'inbox.discard': v.object({ ids: v.array(uuid) }),
  'log.read': nothing,
  'log.note': v.object({ text: v.pipe(v.string(), v.maxLength(200)) }),
  drain: nothing,
} satisfies Record<CallName, v.GenericSchema>;

/** A call that was understood. */
export type ParsedCall = { [N in CallName]: { name: N; ask: Calls[N]['ask'] } }[CallName];

/**
 * The call in a message's data `{type, ...ask}`, or null when it is none of ours: a page may be a release
 * older or newer than the worker, and what it sends is unknown until it was parsed.
 */
export function parseCall(data: unknown): ParsedCall | null {
  if (typeof data !== 'object' || data === null || !('type' in data)) return null;
  const { type, ...ask } = data;
  if (typeof type !== 'string' || !Object.hasOwn(asks, type)) return null;
  const name = type as CallName;
  const parsed = v.safeParse(asks[name], ask);
  // The schema was picked by this very name, which TypeScript can't follow through the union.
  return parsed.success ? ({ name, ask: parsed.output } as ParsedCall) : null;
}
