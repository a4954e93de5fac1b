import type { SharedFiles } from '../../shared/api.ts';
import type { Found } from './api.ts';

/** What the page of a link shows. `used-up`: all downloads were had while somebody was looking. */
export type Shown = Found | { at: 'used-up'; shared: SharedFiles };

/**
 * What is shown after the answer `found`, instead of `shown` (null: nothing yet). `hasDownloaded`: a download was begun
 * here and the server has not said since what is left. `now` is in ms since the epoch.
 *
 * The server says no more of a link that is used up than that it leads nowhere; only the page knows what came before.
 */
export function nextShown(shown: Shown | null, found: Found, hasDownloaded: boolean, now: number): Shown {
  switch (found.at) {
    case 'away':
    case 'limited':
      // That is no word on this link: the last one stands, if there was any.
      return shown === null || shown.at === 'away' || shown.at === 'limited' ? found : shown;
    case 'gone':
      if (shown?.at === 'used-up') return shown;
      return shown?.at === 'open' && hasDownloaded && isLimited(shown.shared, now)
        ? { at: 'used-up', shared: shown.shared }
        : found;
    case 'open':
    case 'locked':
      return found;
  }
}

/** Whether downloads of it can be used up, and it has not come to its other end before. */
function isLimited({ downloadsLeft, expiresAt }: SharedFiles, now: number): boolean {
  return downloadsLeft !== null && (expiresAt === null || now < expiresAt);
}
