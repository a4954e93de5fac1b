import type { LogEntry } from '../shared/protocol.ts';
import type { Store } from './store.ts';

/** Written together this long after the first, in ms: a line must not cost a transaction each. */
const FLUSH_MS = 1000;
/** Lines that wait in memory, at most; what a storm adds beyond is counted, not kept. */
const MAX_WAITING = 500;

/** The diagnostics log: bounded, in the database, and free of names, contents and secrets. */
export class Log {
  #store: Store;
  #worker: string;
  #waiting: LogEntry[] = [];
  /** The text of the newest line, and how often it was written on end. */
  #last = '';
  #times = 0;
  #dropped = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `instance` is the worker's; its first characters go into each line. */
  constructor(store: Store, instance: string) {
    this.#store = store;
    this.#worker = instance.slice(0, 4);
  }

  /** A function that writes lines of one source. */
  of(source: LogEntry['source']): (text: string) => void {
    return (text) => this.#add(source, text);
  }

  /** Everything that is kept, the newest last. */
  async read(): Promise<LogEntry[]> {
    await this.#flush();
    return this.#store.readLog();
  }

  #add(source: LogEntry['source'], text: string): void {
    // What befalls each of 1,000 files is said once a second, not 1,000 times.
    const last = this.#waiting.at(-1);
    if (last?.source === source && this.#last === text) {
      last.text = `${text} (${++this.#times} times)`;
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped++;
      return;
    }
    this.#last = text;
    this.#times = 1;
    this.#waiting.push({ at: Date.now(), worker: this.#worker, source, text });
    this.#timer ??= setTimeout(() => void this.#flush(), FLUSH_MS);
  }

  async #flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const entries = this.#waiting.splice(0);
    if (this.#dropped > 0) {
      entries.push({
        at: Date.now(),
        worker: this.#worker,
        source: 'worker',
        text: `${this.#dropped} lines dropped`,
      });
      this.#dropped = 0;
    }
    // A log that can't be written must not stand in the way of what it is about.
    if (entries.length > 0) await this.#store.appendLog(entries).catch(() => undefined);
  }
}
