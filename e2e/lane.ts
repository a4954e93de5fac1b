import type { Socket } from 'node:net';
import type { Link } from './link.ts';

/** Bytes on their way through one lane, at most; more is left unread, as a receiver's window would have it. */
const MOST_ON_THE_WAY_BYTES = 8 * 1024 * 1024;

/** What a lane does with its bytes. */
export interface LaneRules {
  link: Link;
  /** One way, in ms. */
  latencyMs: () => number;
  /** While true nothing goes onto the link. */
  isHanging: () => boolean;
  /** Nothing goes onto the link before this, in ms of `performance.now()`. */
  notBefore: () => number;
  /**
   * Called as bytes go onto the link, in order. Answers how many of them may; fewer than all ends the lane there,
   * which the caller then closes.
   */
  onSent: (bytes: Buffer) => number;
  onArrived: (bytes: number) => void;
}

/**
 * One direction of one connection. What was put on the link always arrives, after its delay and in order, also
 * when the connection is cut meanwhile; what was read but not put on the link is as if it had never been sent.
 *
 * With neither rate nor latency, bytes pass in the same turn in which they came, uncopied.
 */
export class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #rules: LaneRules;
  /** Read from the socket, not yet on the link. One or two chunks: the socket is paused meanwhile. */
  readonly #held: Buffer[] = [];
  readonly #onTheWay: { bytes: Buffer; arrivesAt: number }[] = [];
  #onTheWayBytes = 0;
  #lastArrivesAt = 0;
  #isSending = false;
  #isStopped = false;
  /** What happens to the other side once all has arrived, and the end itself has crossed the link. */
  #afterwards: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, rules: LaneRules) {
    this.#from = from;
    this.#to = to;
    this.#rules = rules;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => this.#endWith(() => to.end()));
    from.on('close', () => this.#endWith(() => to.destroySoon()));
    to.on('drain', () => this.wake());
  }

  /** Puts no more on the link. When all that is on its way has arrived, and the news of this too, calls `then`. */
  stop(then: () => void): void {
    this.#isStopped = true;
    this.#held.length = 0;
    // Read on, to nowhere: a paused socket would never see its end.
    this.#from.resume();
    this.#afterwards = undefined;
    this.#endWith(then);
  }

  /** Goes on, after the rules changed or the other side has taken what it had. */
  wake(): void {
    this.#deliver();
    void this.#send();
  }

  #take(chunk: Buffer): void {
    if (this.#isStopped) return;
    this.#held.push(chunk);
    if (this.#passesAtOnce()) {
      this.#passAll();
      return;
    }
    this.#from.pause();
    void this.#send();
  }

  #passesAtOnce(): boolean {
    const { link, latencyMs, isHanging, notBefore } = this.#rules;
    const isFree = link.isUnlimited && latencyMs() === 0 && !isHanging() && notBefore() <= performance.now();
    return isFree && this.#onTheWay.length === 0 && !this.#isSending;
  }

  #passAll(): void {
    for (let chunk = this.#held.shift(); chunk; chunk = this.#held.shift()) {
      const allowed = this.#rules.onSent(chunk);
      const bytes = allowed < chunk.length ? chunk.subarray(0, allowed) : chunk;
      this.#rules.onArrived(bytes.length);
      if (bytes.length > 0 && !this.#to.write(bytes)) this.#from.pause();
    }
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    const { link, latencyMs, isHanging, notBefore, onSent } = this.#rules;
    while (this.#held.length > 0 && !isHanging() && this.#onTheWayBytes <= MOST_ON_THE_WAY_BYTES) {
      const waitMs = notBefore() - performance.now();
      if (waitMs > 0) {
        await new Promise((resume) => setTimeout(resume, Math.ceil(waitMs)));
        continue;
      }
      const bytes = Math.min(this.#held[0]?.length ?? 0, link.pieceBytes);
      const departsAt = await link.admit(bytes);
      const piece = this.#takePiece(bytes);
      if (piece) this.#put(piece.subarray(0, onSent(piece)), departsAt + latencyMs());
    }
    this.#isSending = false;
    this.#deliver();
    const hasRoom = this.#held.length === 0 && this.#onTheWayBytes <= MOST_ON_THE_WAY_BYTES;
    if (hasRoom && !this.#to.writableNeedDrain) this.#from.resume();
  }

  /** None when the lane was stopped meanwhile. */
  #takePiece(bytes: number): Buffer | undefined {
    const chunk = this.#held[0];
    if (!chunk || chunk.length <= bytes) return this.#held.shift();
    this.#held[0] = chunk.subarray(bytes);
    return chunk.subarray(0, bytes);
  }

  #put(bytes: Buffer, arrivesAt: number): void {
    // Never out of order, also when the latency was just lowered.
    this.#lastArrivesAt = Math.max(this.#lastArrivesAt, arrivesAt);
    this.#onTheWay.push({ bytes, arrivesAt: this.#lastArrivesAt });
    this.#onTheWayBytes += bytes.length;
    this.#deliver();
  }

  #deliver(): void {
    for (let next = this.#onTheWay[0]; next; next = this.#onTheWay[0]) {
      if (this.#isEarly(next.arrivesAt) || this.#to.writableNeedDrain) return;
      this.#onTheWay.shift();
      this.#onTheWayBytes -= next.bytes.length;
      this.#rules.onArrived(next.bytes.length);
      if (next.bytes.length > 0 && this.#to.writable) this.#to.write(next.bytes);
    }
    const then = this.#afterwards;
    if (!then || this.#isSending || this.#held.length > 0 || this.#isEarly(this.#lastArrivesAt)) return;
    this.#afterwards = undefined;
    then();
  }

  /** Whether `time` is to come; then the lane wakes when it does. */
  #isEarly(time: number): boolean {
    const earlyMs = time - performance.now();
    if (earlyMs <= 0) return false;
    clearTimeout(this.#timer);
    // Rounded up: a timer that fires a fraction too early would only be set again.
    this.#timer = setTimeout(() => this.wake(), Math.ceil(earlyMs));
    return true;
  }

  #endWith(then: () => void): void {
    // After `stop` only what it asked for happens: the other side is being ended in its own way.
    if (this.#isStopped && this.#afterwards) return;
    this.#afterwards = then;
    this.#lastArrivesAt = Math.max(this.#lastArrivesAt, performance.now() + this.#rules.latencyMs());
    this.wake();
  }
}
