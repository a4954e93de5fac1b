import type { SessionFile } from './api.ts';
import type { RefusedFile } from './protocol.ts';
import { inRanges } from './ranges.ts';
import { missingParts, newUpload, nextUpload, type Upload } from './upload.ts';

/** What is known of a file before it is read. */
export interface FileFacts {
  name: string;
  size: number;
  lastModified: number;
}

/**
 * The uploads that `file` may be meant for, likeliest first: they wait for a file, or will once they go on
 * (`outOfReach`, by id), and have its size. A name or date that agrees puts one before the others; what decides is the
 * content.
 */
export function rankCandidates(
  uploads: readonly Upload[],
  file: FileFacts,
  outOfReach: ReadonlySet<string> = new Set(),
): Upload[] {
  const score = ({ name, lastModified }: Upload) =>
    (name === file.name ? 2 : 0) + (lastModified === file.lastModified ? 1 : 0);
  return uploads
    .filter((upload) => upload.size === file.size && wantsFile(upload, outOfReach))
    .sort((a, b) => score(b) - score(a));
}

/** Parts whose bytes the server has, whole or in part, and whose digest is known: what a file is compared by. */
export function sentParts(
  upload: Upload,
  digests: ReadonlyMap<number, string>,
): [part: number, digest: string][] {
  return [...digests].filter(([part]) => isSent(upload, part)).sort(([a], [b]) => a - b);
}

/** Whether the server has bytes of a part. */
export function isSent({ acknowledged, received }: Upload, part: number): boolean {
  return inRanges(acknowledged, part) || (received[part] ?? 0) > 0;
}

/** Whether the server has acknowledged parts of which no digest is known here: they were never compared with a file. */
export function isUnverified({ acknowledged }: Upload, digests: ReadonlyMap<number, string>): boolean {
  for (const [from, to] of acknowledged) {
    for (let part = from; part <= to; part++) if (!digests.has(part)) return true;
  }
  return false;
}

/** Whether every part is acknowledged, or on its way with a digest that is known: no other will be read any more. */
export function isAllOnItsWay(
  upload: Upload,
  busy: ReadonlySet<number>,
  digests: ReadonlyMap<number, string>,
): boolean {
  for (const part of missingParts(upload)) if (!(busy.has(part) && digests.has(part))) return false;
  return true;
}

/** What has an upload go on, now that its file is there. */
export function goingOn({ life }: Upload): 'resume' | 'refresh' | 'retry' {
  if (life.at === 'paused') return 'resume';
  return life.at === 'expired' ? 'refresh' : 'retry';
}

/** With nothing sent yet there is nothing to compare but what the file says of itself. */
export function isSameByName(upload: Upload, file: FileFacts): boolean {
  return file.name === upload.name && file.lastModified === upload.lastModified;
}

/** Why one candidate was refused; the reasons that say more win when there were several. */
export type Refusal = Pick<RefusedFile, 'code' | 'fromPart'>;

const telling: readonly RefusedFile['code'][] = [
  'OTHER_SIZE',
  'OTHER_FILE',
  'OTHER_CONTENT',
  'FILE_UNREADABLE',
  'FILE_CHANGED',
  'UNREACHABLE',
];

/** The reason to give for a file that fitted none of its candidates; without any, it is its size. */
export function reasonOf(refusals: readonly Refusal[]): Refusal {
  const sorted = [...refusals].sort((a, b) => telling.indexOf(b.code) - telling.indexOf(a.code));
  return sorted[0] ?? { code: 'OTHER_SIZE' };
}

/** An upload that another device has begun, as this one would have it: it waits for its file. */
export function adoptUpload(account: string, session: string, file: SessionFile, now: number): Upload {
  const { id, path, name, size, type, lastModified, state, partBytes, acknowledged, offsets } = file;
  const fresh = newUpload({ id, account, session, path, name, size, type, lastModified, addedAt: now });
  const received = Object.fromEntries(Object.entries(offsets).map(([part, bytes]) => [Number(part), bytes]));
  const facts = { state, partBytes, acknowledged, received };
  const attached = nextUpload(fresh, { type: 'attached', facts, now });
  return nextUpload(attached, { type: 'source-lost', why: 'restarted' });
}

function wantsFile({ id, life }: Upload, outOfReach: ReadonlySet<string>): boolean {
  switch (life.at) {
    case 'needs-file':
    case 'needs-permission':
    case 'failed':
    case 'cancelled':
      return true;
    case 'going':
    case 'paused':
    case 'expired':
      return outOfReach.has(id);
    default:
      return false;
  }
}
