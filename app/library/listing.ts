import { signal } from '@preact/signals';
import type { StoredFile } from '../../shared/api.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { type FileAsk, type HeardFiles, listFiles } from '../api.ts';

/** Files asked for in one request: the first page, and more while a person scrolls far. */
const FIRST_FILES = 100;
const MOST_FILES = 500;

/** What is known of one question to the library. */
export interface Known extends HeardFiles {
  readonly ask: FileAsk;
}

/**
 * The files of one question after the other, fetched page by page as far as they are wanted. What was known stays
 * until there is better, so nothing on the page jumps or goes blank.
 */
export class Listing {
  readonly known = signal<Known | null>(null);
  /** Why the last request had no answer. */
  readonly refused = signal<ErrorCode | null>(null);
  #ask: FileAsk;
  #wanted = FIRST_FILES;
  #isOld = true;
  #working: Promise<void> | null = null;
  #isClosed = false;

  constructor(ask: FileAsk) {
    this.#ask = ask;
  }

  /** Asks another question from now on. */
  turnTo(ask: FileAsk): void {
    if (ask.q === this.#ask.q && ask.order === this.#ask.order) return;
    this.#ask = ask;
    this.#wanted = FIRST_FILES;
    void this.reload();
  }

  /** Sees to it that the first `to` files are known. */
  want(to: number): Promise<void> {
    this.#wanted = Math.max(FIRST_FILES, to);
    return this.#work();
  }

  /** Asks again for as much as is wanted. */
  reload(): Promise<void> {
    this.#isOld = true;
    return this.#work();
  }

  /** All files, or null where they could not be had. */
  async all(): Promise<readonly StoredFile[] | null> {
    await this.want(Number.POSITIVE_INFINITY);
    const known = this.known.peek();
    return known && known.next === null ? known.files : null;
  }

  close(): void {
    this.#isClosed = true;
  }

  #work(): Promise<void> {
    this.#working ??= this.#fill().finally(() => {
      this.#working = null;
    });
    return this.#working;
  }

  async #fill(): Promise<void> {
    while (!this.#isClosed) {
      const known = this.known.peek();
      if (this.#isOld || known === null) {
        this.#isOld = false;
        if (!(await this.#begin(this.#ask))) return;
      } else if (known.next === null || known.files.length >= this.#wanted) {
        return;
      } else if (!(await this.#goOn(known, known.next))) {
        return;
      }
    }
  }

  /** The list from its beginning, as far as it is shown now, so that nothing below the fold goes away. */
  async #begin(ask: FileAsk): Promise<boolean> {
    const shown = this.known.peek();
    const goal = shown?.ask === ask ? Math.min(this.#wanted, shown.files.length) : FIRST_FILES;
    let next: Known | null = null;
    do {
      const room = Math.min(MOST_FILES, Math.max(FIRST_FILES, goal - (next?.files.length ?? 0)));
      const answer = await listFiles(ask, next?.next ?? null, room);
      if (this.#ask !== ask) return true; // another question was asked meanwhile
      this.refused.value = answer.ok ? null : answer.code;
      if (!answer.ok) return this.#isOld;
      next = joined(next, { ...answer.value, ask });
    } while (next.next !== null && next.files.length < goal);
    this.known.value = next;
    return true;
  }

  async #goOn(known: Known, cursor: string): Promise<boolean> {
    const missing = this.#wanted - known.files.length;
    const answer = await listFiles(known.ask, cursor, Math.min(MOST_FILES, Math.max(FIRST_FILES, missing)));
    if (this.#isOld || this.known.peek() !== known) return true;
    // A cursor of the worker's memory means nothing to a server that is back.
    if (!answer.ok && answer.code === 'INVALID_INPUT') this.#isOld = true;
    else this.refused.value = answer.ok ? null : answer.code;
    if (answer.ok) this.known.value = joined(known, { ...answer.value, ask: known.ask });
    return answer.ok || this.#isOld;
  }
}

function joined(first: Known | null, more: Known): Known {
  return first === null ? more : { ...more, files: [...first.files, ...more.files] };
}
