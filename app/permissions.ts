import { call } from './worker.ts';

/** What the browser allows here; null where it does not say. */
export interface Permissions {
  notifications: NotificationPermission | null;
  /** The browser keeps our storage even when its disk runs full. */
  persistentStorage: boolean | null;
}

const NOTED = 'holdfast.permissions-noted';

export async function readPermissions(): Promise<Permissions> {
  return {
    notifications: 'Notification' in window ? Notification.permission : null,
    persistentStorage: (await navigator.storage?.persisted?.().catch(() => null)) ?? null,
  };
}

/** Has the log say what is allowed: once, and again when that has changed. */
export async function notePermissions(): Promise<void> {
  const { notifications, persistentStorage } = await readPermissions();
  const text = `Permissions: notifications ${notifications ?? 'unknown'}, persistent storage ${persistentStorage ?? 'unknown'}`;
  if (localStorage.getItem(NOTED) === text) return;
  if ((await call('log.note', { text })).ok) localStorage.setItem(NOTED, text);
}
