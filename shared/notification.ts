/** What a person can be told of by a notification. */
export type Matter = 'expired' | 'paused' | 'arrived';
/** The words for each, in one language. */
export type Notices = Readonly<Record<Matter, { readonly title: string; readonly body: string }>>;

/** Of the list as a whole, what a person who is not looking may want to know. */
export interface Outlook {
  readonly unfinished: number;
  /** Of these, the ones that go on by themselves. */
  readonly going: number;
  readonly needsYou: number;
  readonly stored: number;
}

/** The number on the app's icon: what waits for a person, else what is still on its way; 0 for none. */
export function badgeNumber({ needsYou, unfinished }: Outlook): number {
  return needsYou || unfinished;
}

/**
 * What is worth telling at the end of a run, when nothing goes on by itself any more: that all has arrived, or that it takes
 * a person now. What was wrong before it began says nothing of it.
 */
export function endOfRun(began: Outlook, now: Outlook): Matter | null {
  if (now.needsYou > began.needsYou) return 'paused';
  return now.unfinished === 0 && now.stored > began.stored ? 'arrived' : null;
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
