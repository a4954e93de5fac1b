import { Queue } from 'workbox-background-sync';

declare const self: ServiceWorkerGlobalScope;

/** How long one sync event may work, in ms: Chromium ends it at 3 minutes. */
const SYNC_MS = 150_000;
const NAME = 'holdfast-wake';
/** The tag that Workbox registers for a queue of that name. */
const TAG = `workbox-background-sync:${NAME}`;

interface Host {
  /** Starts the engine; settles when there is nothing left to do, and no sooner: what is left is asked for anew at once. */
  work: (signal: AbortSignal) => Promise<void>;
  hasWork: () => Promise<boolean>;
  hasWindow: () => Promise<boolean>;
  /** The browser will not try again, nobody is there to see, and something is left. */
  onLastChance: () => Promise<void>;
  log: (text: string) => void;
}

/**
 * Background Sync, where there is any (Chromium): the browser wakes the worker when no page does. The queue holds wake
 * tickets only, requests that are never sent: it takes any answer for success, and drops what it is sending when the
 * worker dies, so it must not hold anything that matters.
 */
export class Wake {
  #host: Host;
  /** Null where there is no Background Sync: Workbox would take every start of a worker for a wake-up instead. */
  #queue: Queue | null;
  #isLastChance = false;
  /** The browser has been asked, and owes a wake-up still. */
  #isAsked = false;
  /** A wake-up is being worked off, which ends by asking for another one if that is of use. */
  #isWoken = false;

  /** To be made while the worker's script is first run: it listens for `sync`. */
  constructor(host: Host) {
    this.#host = host;
    self.addEventListener('sync', (event) => {
      const { tag, lastChance } = event as SyncEvent; // no event of another type has this name
      if (tag === TAG) this.#isLastChance = lastChance;
    });
    this.#queue = 'sync' in self.registration ? new Queue(NAME, { onSync: () => this.#onSync() }) : null;
  }

  /**
   * Asks to be woken, while a page is there that may ask, unless that was done and has not been used up. A registration
   * is a write to the disk, and one that the network allows fires at once: so one for each wake-up, not for each ping.
   */
  async ask(): Promise<void> {
    if (this.#queue === null || this.#isAsked || this.#isWoken) return;
    this.#isAsked = true;
    await this.#leaveTicket(this.#queue).catch(() => undefined); // no room, say: there is no tag then
    // A browser that refused, for want of a page or of permission, is asked again with the next ping: Workbox hides
    // that it did.
    const tags = await self.registration.sync?.getTags().catch((): string[] => []);
    if (!tags?.includes(TAG)) this.#isAsked = false;
  }

  /** One ticket is enough. */
  async #leaveTicket(queue: Queue): Promise<void> {
    while (await queue.shiftRequest()) {
      // Older tickets say nothing that a new one does not.
    }
    await queue.pushRequest({ request: new Request('/api/session') });
  }

  async #onSync(): Promise<void> {
    const { log } = this.#host;
    log(`woken by the browser${this.#isLastChance ? ', for the last time' : ''}`);
    this.#isWoken = true;
    const over = new AbortController();
    const work = this.#host.work(over.signal).catch(() => undefined); // whatever is left then, a person is told of below
    await Promise.race([work, new Promise((resolve) => setTimeout(resolve, SYNC_MS))]);
    over.abort('time is up');
    this.#isWoken = false;
    // The wake-up is used up, or its attempts are: a page that comes by then asks for one with all of them left.
    this.#isAsked = false;
    if (!(await this.#host.hasWork())) return;
    if (await this.#host.hasWindow()) {
      // Its attempts stay whole for when the tab goes: succeed, and ask anew.
      await this.ask();
      return;
    }
    if (this.#isLastChance) await this.#host.onLastChance();
    // Only a rejected event is tried again while no page is there.
    throw new Error('Uploads are left');
  }
}
