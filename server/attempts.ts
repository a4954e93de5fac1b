import type { Hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from './problem.ts';

/** Why a running request is told to stop. */
export type StopCode = 'TAKEN_OVER' | 'CANCELLED' | 'UNAVAILABLE';

/** SHA-256 of the first `bytes` bytes of a part, so that going on need not read them again. */
export interface HashedPrefix {
  readonly hash: Hash;
  readonly bytes: number;
}

/** One request's turn at a part. It ends by `release`, in any case, after its writer has settled. */
export interface Turn {
  /** Aborted, with a `Refusal` as its reason, when the request must stop. */
  readonly stopped: AbortSignal;
  /** Whether another request had to be waited for, so that what was read of the database before may be stale. */
  readonly waited: boolean;
  /** Takes the hash of the prefix, if the one at hand is for exactly `bytes` bytes. */
  takePrefix(bytes: number): Hash | null;
  leavePrefix(prefix: HashedPrefix): void;
  /** Says how the request's body comes along, for whoever asks meanwhile. */
  showProgress(progress: Progress): void;
  /** The turn is over; `finished` when the part needs no memory any more. */
  release(outcome: 'finished' | 'unfinished'): void;
}

/** How the body of a running request comes along. */
export interface Progress {
  /** Bytes of the part that are held. */
  readonly heldBytes: () => number;
  /** Bytes that its connection has brought, of whatever: while this grows, it is alive. */
  readonly heardBytes: () => number;
  /** Whether its connection is left unread because the disk is behind: what it brought already is still to come. */
  readonly isHeldUp: () => boolean;
}

interface Running {
  readonly attempt: string;
  readonly controller: AbortController;
  readonly done: Promise<void>;
  /** Null before the body is being read. */
  progress: Progress | null;
}

interface Entry {
  running: Running | null;
  lastAttempt: string;
  readonly retired: Set<string>;
  prefix: HashedPrefix | null;
  usedAt: number;
}

/**
 * A connection that brings nothing for this long has nothing more on its way that we could wait for, in ms. One that is
 * dead mostly says so long before; on a busy machine, or behind a busy proxy, its last bytes may take their time.
 */
const QUIET_MS = 450;
/** So often it is looked at, in ms. */
const LOOK_MS = 50;
/** A connection that goes on bringing is not waited for any longer than this, in ms. */
const PATIENCE_MS = 1500;
/** Nor, with the time that the disk took, any longer than this, in ms: whoever asked takes longer silence for a black hole. */
const PATIENCE_WITH_DISK_MS = 6000;
/** More attempts at one part than this, and the oldest are forgotten. */
const MAX_RETIRED = 256;

/**
 * Who is writing which part now: one request at a time, the newest attempt wins, and one that lost never comes back.
 *
 * It is memory only. After a restart an old attempt may come again; it then meets the offset check like any other.
 */
export class Attempts {
  readonly #entries = new Map<string, Entry>();

  /**
   * A turn at part `number` of `upload` (its storage key), when all older requests for it have settled.
   *
   * @throws {Refusal} `TAKEN_OVER` when `attempt` was taken over before, or is while it waits.
   */
  async begin(upload: string, number: number, attempt: string, now: number): Promise<Turn> {
    const key = keyOf(upload, number);
    const entry = this.#entries.get(key) ?? fresh(attempt, now);
    this.#entries.set(key, entry);
    if (entry.retired.has(attempt)) throw takenOver();
    // The same attempt again is no rival: a browser sends a request again by itself when its socket died.
    if (entry.lastAttempt !== attempt) retire(entry, entry.lastAttempt);
    entry.lastAttempt = attempt;
    entry.usedAt = now;

    const older = entry.running;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const controller = new AbortController();
    const running: Running = { attempt, controller, done, progress: null };
    entry.running = running;
    const release = (outcome: 'finished' | 'unfinished') => {
      if (entry.running === running) entry.running = null;
      if (outcome === 'finished' && this.#entries.get(key) === entry) this.#entries.delete(key);
      resolve();
    };
    if (older) {
      // Its client has given it up, but what it had sent may still be on its way through the kernel: it counts.
      await quiet(older);
      older.controller.abort(takenOver());
      await older.done;
    }
    if (controller.signal.aborted) {
      release('unfinished');
      throw controller.signal.reason;
    }
    return {
      stopped: controller.signal,
      waited: older !== null,
      takePrefix(bytes) {
        const prefix = entry.prefix;
        entry.prefix = null;
        return prefix?.bytes === bytes ? prefix.hash : null;
      },
      leavePrefix(prefix) {
        entry.prefix = prefix;
      },
      showProgress(progress) {
        running.progress = progress;
      },
      release,
    };
  }

  /**
   * Bytes of the part that the request now writing it holds; null when there is none. Whoever asks has mostly lost the
   * connection of that very request, so it is given a moment to bring what was on its way, and to end.
   */
  async progress(upload: string, number: number): Promise<number | null> {
    const running = this.#entries.get(keyOf(upload, number))?.running;
    if (!running) return null;
    await quiet(running);
    const isRunning = this.#entries.get(keyOf(upload, number))?.running === running;
    return isRunning ? (running.progress?.heldBytes() ?? null) : null;
  }

  /** Settles when no request for any of `uploads` (storage keys) brings anything any more, or goes on for too long. */
  async settle(uploads: ReadonlySet<string>): Promise<void> {
    const running: Running[] = [];
    for (const [key, entry] of this.#entries) {
      if (entry.running && uploads.has(uploadOf(key))) running.push(entry.running);
    }
    await Promise.all(running.map(quiet));
  }

  /** Stops every request for `upload`, and returns when they have settled. */
  async stop(upload: string, code: StopCode): Promise<void> {
    const stopped: Promise<void>[] = [];
    for (const [key, { running }] of this.#entries) {
      if (!key.startsWith(`${upload} `)) continue;
      running?.controller.abort(new Refusal(code, `This upload was stopped: ${code}`));
      if (running) stopped.push(running.done);
      this.#entries.delete(key);
    }
    await Promise.all(stopped);
  }

  /** Stops everything, as the server goes down. */
  async stopAll(): Promise<void> {
    const running = [...this.#entries.values()].flatMap((entry) => entry.running ?? []);
    for (const { controller } of running) {
      controller.abort(
        new Refusal('UNAVAILABLE', 'The server is going down', { headers: { 'Retry-After': '1' } }),
      );
    }
    await Promise.all(running.map(({ done }) => done));
  }

  /** Requests that are at work on a part now. */
  get live(): number {
    let live = 0;
    for (const { running } of this.#entries.values()) if (running) live++;
    return live;
  }

  /** Forgets parts that nobody has come back to since `before`. */
  forgetIdle(before: number): void {
    for (const [key, entry] of this.#entries) {
      if (!entry.running && entry.usedAt < before) this.#entries.delete(key);
    }
  }
}

/** Settles when the request has ended, has brought nothing for a moment, or has gone on for too long to wait for. */
async function quiet(running: Running): Promise<void> {
  let over = false;
  const done = running.done.then(() => {
    over = true;
  });
  let heard = -1;
  let quietMs = 0;
  let bringingMs = 0;
  // Counted in looks and not by the clock: a process that got no turn has read nothing, whatever came.
  for (let waited = 0; !over && waited < PATIENCE_WITH_DISK_MS; waited += LOOK_MS) {
    if (running.progress?.isHeldUp()) {
      quietMs = 0;
    } else {
      const now = running.progress?.heardBytes() ?? null;
      quietMs = now !== null && now === heard ? quietMs + LOOK_MS : 0;
      heard = now ?? -1;
      if (quietMs >= QUIET_MS || bringingMs >= PATIENCE_MS) return;
      bringingMs += LOOK_MS;
    }
    await Promise.race([done, sleep(LOOK_MS, undefined, { ref: false })]);
  }
}

function keyOf(upload: string, number: number): string {
  return `${upload} ${number}`;
}

function uploadOf(key: string): string {
  return key.slice(0, key.lastIndexOf(' '));
}

function fresh(attempt: string, now: number): Entry {
  return { running: null, lastAttempt: attempt, retired: new Set(), prefix: null, usedAt: now };
}

function retire(entry: Entry, attempt: string): void {
  entry.retired.add(attempt);
  if (entry.retired.size <= MAX_RETIRED) return;
  const [oldest] = entry.retired;
  if (oldest !== undefined) entry.retired.delete(oldest);
}

function takenOver(): Refusal {
  return new Refusal('TAKEN_OVER', 'A newer attempt is at work on this part');
}
