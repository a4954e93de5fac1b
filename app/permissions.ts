import { signal } from '@preact/signals';
import { keepFor, recall } from './kept.ts';
import { call } from './worker.ts';

/** What the browser allows here; null where it does not say. */
export interface Permissions {
  notifications: NotificationPermission | null;
  /** The browser keeps our storage even when its disk runs full. */
  persistentStorage: boolean | null;
}

/** Firefox asks a person, who may never answer; nothing waits for longer than this, in ms. */
const PERSIST_WAIT_MS = 10_000;

const NOTED = 'holdfast.permissions-noted';
const OFFERED = 'holdfast.notifications-offered';

/** Whether notifications are allowed, as of the last look; null where there are none. */
export const notifications = signal<NotificationPermission | null>(look());

export async function readPermissions(): Promise<Permissions> {
  return {
    notifications: look(),
    persistentStorage: (await navigator.storage?.persisted?.().catch(() => null)) ?? null,
  };
}

/** Notes what is allowed now, and whenever that changes, here or in the browser's settings. */
export async function watchPermissions(): Promise<void> {
  // Safari (18) knows no changes of this one; there it is looked at again with the next start.
  const status = await navigator.permissions?.query({ name: 'notifications' }).catch(() => null);
  status?.addEventListener('change', noteNotifications);
  await notePermissions();
}

/** Has the browser ask a person, which it does only right after a click of theirs. The reason was given before. */
export async function askForNotifications(): Promise<void> {
  if (notifications.peek() === null) return;
  await Notification.requestPermission().catch(() => undefined);
  noteNotifications();
}

/** Asks the browser to keep what is stored here even when the disk runs full; null when it does not answer. */
export async function askToPersist(): Promise<boolean | null> {
  const asking = navigator.storage?.persist?.().catch(() => false) ?? Promise.resolve(false);
  void asking.then(() => notePermissions());
  return Promise.race([asking, new Promise<null>((resolve) => setTimeout(resolve, PERSIST_WAIT_MS, null))]);
}

/** Whether to offer notifications, which is done once: by asking this, it has been. */
export function mayOffer(): boolean {
  if (look() !== 'default' || recall(OFFERED) !== null) return false;
  keepFor(OFFERED, '1');
  return true;
}

function noteNotifications(): void {
  notifications.value = look();
  void notePermissions();
}

/** Has the log say what is allowed: once, and again when that has changed. All tabs hear of a change; one notes it. */
async function notePermissions(): Promise<void> {
  const note = async () => {
    // Looked at when it is this tab's turn: what another has noted meanwhile may be newer.
    const { notifications, persistentStorage } = await readPermissions();
    const text = `Permissions: notifications ${notifications ?? 'unsupported'}, persistent storage ${persistentStorage ?? 'unknown'}`;
    if (recall(NOTED) === text) return;
    if ((await call('log.note', { text })).ok) keepFor(NOTED, text);
  };
  await (navigator.locks?.request('holdfast-permissions', note) ?? note());
}

function look(): NotificationPermission | null {
  return 'Notification' in globalThis ? Notification.permission : null;
}
