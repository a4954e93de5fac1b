/** What a browser is and has, as far as it matters for files to arrive. */
export interface Capabilities {
  /** iPhone or iPad, whatever the browser is called: there they are all WebKit. */
  readonly isAppleMobile: boolean;
  readonly isWebKit: boolean;
  /** Opened from the home screen, dock or start menu, in a window of its own. */
  readonly isInstalled: boolean;
  /** Background Sync: the browser wakes the worker when no page does. */
  readonly wakes: boolean;
  readonly notifies: boolean;
}

/** What can't be had here, and a person should know before they count on it. */
export type Limit =
  | 'suspends'
  | 'noWaking'
  | 'clears'
  | 'notificationsOnceInstalled'
  | 'noNotifications'
  | 'privateWindow';

/** Everything to be said about this browser, what matters most first. */
export function limitsOf(browser: Capabilities): Limit[] {
  const { isAppleMobile, isWebKit, isInstalled, notifies } = browser;
  const limits: Limit[] = [];
  const closing = limitOfClosing(browser);
  if (closing) limits.push(closing);
  // Intelligent Tracking Prevention; what is on the Home Screen has a clock of its own and is spared in practice.
  if (isWebKit && !isInstalled) limits.push('clears');
  if (!notifies)
    limits.push(isAppleMobile && !isInstalled ? 'notificationsOnceInstalled' : 'noNotifications');
  // No browser tells whether a window is private, so everyone is told.
  return [...limits, 'privateWindow'];
}

/** What a person should know who is about to close the app while uploads go on; null when they just do. */
export function limitOfClosing({ isAppleMobile, wakes }: Capabilities): 'suspends' | 'noWaking' | null {
  if (isAppleMobile) return 'suspends';
  return wakes ? null : 'noWaking';
}
