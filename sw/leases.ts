/**
 * What keeps the worker alive while there is work. A page's ping is an event that may run on for as long as its
 * lease; each ping ends the page's lease before it, so there is at most one a page, and every one of them ends
 * well before the 5 minutes after which Chromium would kill the worker with all its requests.
 */
export class Leases {
  #ends = new Map<string, () => void>();
  #carried = new Set<Promise<unknown>>();

  /** Settles after `ms`, when the page's next lease begins, or when `settled` does and nothing is carried. */
  async hold(page: string, ms: number, settled: Promise<void>): Promise<void> {
    this.#ends.get(page)?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ends.set(page, resolve);
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, Promise.all([settled, this.#whenCarried()])]);
    clearTimeout(timer);
    if (this.#ends.get(page) === resolve) this.#ends.delete(page);
  }

  /**
   * Lets `work` go on beyond the event it began in, for as long as it takes and pages ping. Settles like a lease of
   * `page`, for that event to wait for.
   */
  carry(page: string, ms: number, work: Promise<void>): Promise<void> {
    this.#carried.add(work);
    const end = () => this.#carried.delete(work);
    work.then(end, end);
    return this.hold(page, ms, Promise.resolve());
  }

  /** Whether there is work that began in an event and goes on beyond it. */
  get isCarrying(): boolean {
    return this.#carried.size > 0;
  }

  /** Nothing keeps the worker any more: another one waits to take over. */
  endAll(): void {
    this.#carried.clear();
    for (const end of this.#ends.values()) end();
    this.#ends.clear();
  }

  async #whenCarried(): Promise<void> {
    while (this.isCarrying) await Promise.allSettled(this.#carried);
  }
}
