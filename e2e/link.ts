/** A late timer may be caught up for by this much, no more: the link is never faster than it says. */
const BURST_MS = 10;
const LEAST_PIECE_BYTES = 1400;
const MOST_PIECE_BYTES = 16 * 1024;
/** How long one piece may occupy the link, so that connections share it at fine grain. */
const PIECE_MS = 4;

/**
 * One direction of the link between browser and server, shared by all connections: pieces go onto it one after
 * the other, each for as long as its bits take, in the order in which they asked. A connection asks for one piece
 * at a time, so connections that all have something to send share the link equally.
 */
export class Link {
  #bitsPerSecond: number | null = null;
  #freeAt = 0;
  readonly #waiting: { bytes: number; admit: (departsAt: number) => void }[] = [];
  #timer: NodeJS.Timeout | undefined;

  get isUnlimited(): boolean {
    return this.#bitsPerSecond === null;
  }

  /** Bits per second for all connections together; null for as fast as the machine can. */
  setRate(bitsPerSecond: number | null): void {
    this.#bitsPerSecond = bitsPerSecond;
    this.#freeAt = 0;
    this.#serve();
  }

  /** How many bytes to ask for at once. */
  get pieceBytes(): number {
    const bytes = ((this.#bitsPerSecond ?? Number.POSITIVE_INFINITY) / 8000) * PIECE_MS;
    return Math.round(Math.min(MOST_PIECE_BYTES, Math.max(LEAST_PIECE_BYTES, bytes)));
  }

  /** Waits for its turn; resolves to when the last bit will have left, in ms of `performance.now()`. */
  admit(bytes: number): Promise<number> {
    return new Promise((admit) => {
      this.#waiting.push({ bytes, admit });
      this.#serve();
    });
  }

  #serve(): void {
    clearTimeout(this.#timer);
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const now = performance.now();
      if (this.#bitsPerSecond !== null && this.#freeAt > now) {
        this.#timer = setTimeout(() => this.#serve(), this.#freeAt - now);
        return;
      }
      this.#waiting.shift();
      const tookMs = this.#bitsPerSecond === null ? 0 : (next.bytes * 8000) / this.#bitsPerSecond;
      this.#freeAt = Math.max(this.#freeAt, now - BURST_MS) + tookMs;
      next.admit(Math.max(now, this.#freeAt));
    }
  }
}
