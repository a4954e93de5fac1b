import type { SessionFile } from './api.ts';
import type { RefusedFile } from './protocol.ts';
import { inRanges } from './ranges.ts';
import { newUpload, nextUpload, type Upload } from './upload.ts';

/** What is known of a file before it is read. */
export interface FileFacts {
  name: string;
  size: number;
  lastModified: number;
}

/**
 * The uploads that `file` may be meant for, likeliest first: they wait for a file, and have its size. A name or
 * date that agrees puts one before the others; what decides is the content.
 */
export function rankCandidates(uploads: readonly Upload[], file: FileFacts): Upload[] {
  const score = ({ name, lastModified }: Upload) =>
    (name === file.name ? 2 : 0) + (lastModified === file.lastModified ? 1 : 0);
  return uploads
    .filter((upload) => upload.size === file.size && wantsFile(upload))
    .sort((a, b) => score(b) - score(a));
}

/** Parts whose bytes the server has, whole or in part, and whose digest is known: what a file is compared by. */
export function sentParts(
  upload: Upload,
  digests: ReadonlyMap<number, string>,
): [part: number, digest: string][] {
  return [...digests]
    .filter(([part]) => inRanges(upload.acknowledged, part) || (upload.received[part] ?? 0) > 0)
    .sort(([a], [b]) => a - b);
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

function wantsFile({ life }: Upload): boolean {
  return (
    life.at === 'needs-file' ||
    life.at === 'needs-permission' ||
    life.at === 'failed' ||
    life.at === 'cancelled'
  );
}
