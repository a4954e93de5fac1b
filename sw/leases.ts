/**
 * What keeps the worker alive while there is work. A page's ping is an event that may run on for as long as its
 * lease; each ping ends the page's lease before it, so there is at most one a page, and every one of them ends
 * well before the 5 minutes after which Chromium would kill the worker with all its requests.
 */
export class Leases {
  #ends = new Map<string, () => void>();

  /** Settles after `ms`, when the page's next lease begins, or when `settled` does. */
  async hold(page: string, ms: number, settled: Promise<void>): Promise<void> {
    this.#ends.get(page)?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ends.set(page, resolve);
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, settled]);
    clearTimeout(timer);
    if (this.#ends.get(page) === resolve) this.#ends.delete(page);
  }

  endAll(): void {
    for (const end of this.#ends.values()) end();
    this.#ends.clear();
  }
}
