import type { Upload } from './upload.ts';

/**
 * The uploads that `file` may be meant for, likeliest first: they wait for a file, and have its size. A name or
 * date that agrees puts one before the others; what decides is the content.
 */
export function rankCandidates(
  uploads: readonly Upload[],
  file: { name: string; size: number; lastModified: number },
): Upload[] {
  const score = ({ name, lastModified }: Upload) =>
    (name === file.name ? 2 : 0) + (lastModified === file.lastModified ? 1 : 0);
  return uploads
    .filter((upload) => upload.size === file.size && wantsFile(upload))
    .sort((a, b) => score(b) - score(a));
}

function wantsFile({ life }: Upload): boolean {
  return (
    life.at === 'needs-file' ||
    life.at === 'needs-permission' ||
    life.at === 'failed' ||
    life.at === 'cancelled'
  );
}
