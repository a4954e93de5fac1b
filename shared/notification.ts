/** What a person can be told of by a notification. */
export type Matter = 'expired' | 'paused' | 'arrived';
/** The words for each, in one language. */
export type Notices = Readonly<Record<Matter, { readonly title: string; readonly body: string }>>;

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
