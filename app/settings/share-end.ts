import type { Share } from '../../shared/api.ts';

/** Why a link leads nowhere. */
export type ShareEnd = 'used-up' | 'expired' | 'empty';

/** Why the link to `share` leads nowhere at `now` (ms since the epoch); null while it works. */
export function shareEnd({ maxDownloads, downloads, expiresAt, files }: Share, now: number): ShareEnd | null {
  if (maxDownloads !== null && downloads >= maxDownloads) return 'used-up';
  if (expiresAt !== null && expiresAt <= now) return 'expired';
  // The last thing to say: files that were deleted can come back for a while, and the link with them.
  return files === 0 ? 'empty' : null;
}
