/** How the app can be installed here: by the browser's own question, or by a person who is told how. */
export type InstallWay = 'ask' | 'home-screen';

/** A no counts for this long, in ms. */
const PATIENCE_MS = 120 * 24 * 3_600_000;

export interface InstallFacts {
  isInstalled: boolean;
  /** The browser has said that it would ask (`beforeinstallprompt`, Chromium only). */
  canAsk: boolean;
  isAppleMobile: boolean;
}

/** How it can be installed here; null where it is already, or where the browser leaves us no part in it. */
export function installWay({ isInstalled, canAsk, isAppleMobile }: InstallFacts): InstallWay | null {
  if (isInstalled) return null;
  if (canAsk) return 'ask';
  return isAppleMobile ? 'home-screen' : null;
}

/**
 * Whether to offer it by ourselves: to whoever has seen a file arrive and knows by then what it would be for, and not
 * again for months once they said no (`refusedAt` and `now` in ms since the epoch).
 */
export function mayOfferInstall(hasArrived: boolean, refusedAt: number | null, now: number): boolean {
  return hasArrived && (refusedAt === null || now - refusedAt >= PATIENCE_MS);
}
