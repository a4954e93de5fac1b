import {
  badgeNumber,
  decideTelling,
  endOfRun,
  type Matter,
  type Outlook,
  type Telling,
} from '../shared/notification.ts';
import type { Device } from './device.ts';

declare const self: ServiceWorkerGlobalScope;

/** A system that takes longer to show something is not waited for, in ms. */
const PATIENCE_MS = 2000;

interface Host {
  device: Device;
  log: (text: string) => void;
}

/** Tells a person who is not looking, by the means that the browser and they allow. */
export class Notifier {
  #host: Host;
  /** The list as it was at the last look; null until then. */
  #seen: Outlook | null = null;
  /** The list as it was before something began to go on by itself; null while nothing does. */
  #run: Outlook | null = null;
  /** The number on the icon; null when that is not ours any more. */
  #number: number | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  /** One notification for each `tag`; with a focused window none, and without permission the app's badge. */
  async tell(matter: Matter, tag: string): Promise<void> {
    const windows = await self.clients.matchAll({ type: 'window' });
    const permission = 'Notification' in self ? Notification.permission : 'unsupported';
    const telling = decideTelling(windows, permission);
    this.#host.log(`${matter}: told by ${telling}, notifications ${permission}`);
    await Promise.race([this.#tellBy(telling, matter, tag), pause(PATIENCE_MS)]);
  }

  /** Keeps the number on the app's icon true, and tells whoever does not look how a run has ended. */
  async look(now: Outlook): Promise<void> {
    const before = this.#seen;
    this.#seen = now;
    const number = badgeNumber(now);
    if (number !== this.#number) {
      this.#number = number;
      await this.#setBadge(number);
    }
    if (now.going > 0) {
      this.#run ??= before ?? now;
      return;
    }
    const matter = this.#run && endOfRun(this.#run, now);
    this.#run = null;
    if (matter) await this.tell(matter, matter);
  }

  /** What was told is over: notifications and badge go. */
  async clear(): Promise<void> {
    this.#number = null;
    const shown = await self.registration.getNotifications().catch(() => []);
    for (const notification of shown) notification.close();
    await self.navigator.clearAppBadge?.().catch(() => undefined);
  }

  /** A click brings a window forward, which goes where it has to by itself; without one, one is opened. */
  async onClick(event: NotificationEvent): Promise<void> {
    event.notification.close();
    const [client] = await self.clients.matchAll({ type: 'window' });
    // Focusing comes first: it needs the click, and anything awaited before would spend it.
    const focused = await client?.focus().catch(() => null);
    if (!focused) await self.clients.openWindow('/app').catch(() => null);
  }

  async #tellBy(telling: Telling, matter: Matter, tag: string): Promise<void> {
    if (telling === 'notification') await this.#notify(matter, tag).catch(() => this.#setBadge());
    // That all is well is nothing to come and look for.
    if (telling === 'badge' && matter !== 'arrived') await this.#setBadge();
  }

  async #notify(matter: Matter, tag: string): Promise<void> {
    const { language, notices } = await this.#host.device.speech();
    const { title, body } = notices[matter];
    await self.registration.showNotification(title, {
      body,
      tag,
      lang: language,
      icon: '/icons/icon-192.png',
    });
  }

  /** `number` on the icon, a dot without one, and nothing for 0. */
  /** Without a number of ours, a dot. */
  async #setBadge(number = this.#number || undefined): Promise<void> {
    await self.navigator.setAppBadge?.(number).catch(() => undefined);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
