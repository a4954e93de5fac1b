import { notice as en } from '../locales/en.json';
import { type ConnectionFacts, isHeldBack, isMetered } from '../shared/metered.ts';
import type { Notices } from '../shared/notification.ts';
import type { DeviceFacts } from '../shared/protocol.ts';
import type { DeviceChoice, Store } from './store.ts';

/** The Network Information API, where there is one. */
export type Connection = ConnectionFacts & EventTarget;

interface Host {
  store: Store;
  connection: Connection | null;
  /** Whether uploads are held back may be another than before. */
  onChange: () => void;
}

/** The person's language and choices, as pages tell them: kept, since no page may be there when they count. */
export class Device {
  #host: Host;
  #choice: DeviceChoice | null = null;
  /** What the last page saw. */
  #metered: boolean | null = null;

  constructor(host: Host) {
    this.#host = host;
    host.connection?.addEventListener('change', host.onChange);
  }

  /** To be awaited before anything is sent: nothing goes out that a person did not want to pay for. */
  async load(): Promise<void> {
    this.#choice ??= await this.#host.store.device();
  }

  async tell({ metered, ...choice }: DeviceFacts): Promise<void> {
    const wasHeldBack = this.heldBack;
    this.#choice = choice;
    this.#metered = metered;
    if (this.heldBack !== wasHeldBack) this.#host.onChange();
    await this.#host.store.setDevice(choice);
  }

  /** Whether a person wants nothing to be sent over a connection like this one. */
  get heldBack(): boolean {
    // What this worker sees itself is true now; what a page saw is better than nothing.
    const metered = isMetered(this.#host.connection) ?? this.#metered;
    return isHeldBack(this.#choice?.onlyUnmetered ?? false, metered);
  }

  /** The language to speak, and what is said in it: English until a page has said otherwise. */
  async speech(): Promise<{ language: string; notices: Notices }> {
    await this.load().catch(() => undefined); // in English rather than not at all
    return this.#choice ?? { language: 'en', notices: en };
  }
}
