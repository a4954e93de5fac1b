/** What a person can be told of by a notification. */
export type Matter = 'expired' | 'paused' | 'arrived';
/** The words for each, in one language. */
export type Notices = Readonly<Record<Matter, { readonly title: string; readonly body: string }>>;

/** Of the list as a whole, what a person who is not looking may want to know. */
export interface Outlook {
  readonly unfinished: number;
  readonly needsYou: number;
  readonly stored: number;
}

/** The number on the app's icon: what waits for a person, else what is still on its way; 0 for none. */
export function badgeNumber({ needsYou, unfinished }: Outlook): number {
  return needsYou || unfinished;
}

/** Whether, between two looks at the list, the last file of it arrived and nothing is left to do. */
export function hasAllArrived(before: Outlook, now: Outlook): boolean {
  return before.unfinished > 0 && now.unfinished === 0 && now.needsYou === 0 && now.stored > before.stored;
}

/** How a person is told of something while they may not be looking. */
export type Telling =
  /** A window has the focus: what it shows is enough. */
  | 'page'
  | 'notification'
  /** No notification is allowed: the app's badge, where there is one, and what pages show in title and icon. */
  | 'badge';

/**
 * An OS notification only when nobody looks: with a focused window it would say the same a second time. A visible window
 * without focus does not count as looked at, since two windows can be visible at once.
 */
export function decideTelling(
  windows: readonly { focused: boolean }[],
  permission: 'granted' | 'denied' | 'default' | 'unsupported',
): Telling {
  if (windows.some(({ focused }) => focused)) return 'page';
  return permission === 'granted' ? 'notification' : 'badge';
}
