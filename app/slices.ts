/** Work in one go at most, in ms: with what the browser does besides, on a busy machine, a task stays below 50. */
export const SLICE_MS = 6;

/** Resolves once the browser has had its turn. Unlike a timer it is not slowed down in a tab nobody looks at. */
export function breathe(): Promise<void> {
  if (globalThis.scheduler?.yield) return globalThis.scheduler.yield();
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port2.onmessage = () => {
      port2.close();
      resolve();
    };
    port1.postMessage(null);
  });
}

/**
 * Jobs done one after the other, each in steps. What takes less than a slice is done at once, within `add`;
 * the rest follows whenever the browser has had its turn. `around` runs each slice.
 */
export class Slices {
  readonly #around: (work: () => void) => void;
  #jobs: Iterator<unknown>[] = [];
  #isRunning = false;

  constructor(around: (work: () => void) => void) {
    this.#around = around;
  }

  add(job: Iterator<unknown>): void {
    this.#jobs.push(job);
    if (!this.#isRunning) void this.#run();
  }

  /** Forgets what was not done yet. */
  clear(): void {
    this.#jobs = [];
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (;;) {
      this.#around(() => this.#slice());
      if (this.#jobs.length === 0) break;
      await breathe();
    }
    this.#isRunning = false;
  }

  #slice(): void {
    const until = performance.now() + SLICE_MS;
    for (let job = this.#jobs[0]; job; job = this.#jobs[0]) {
      const { done } = job.next();
      if (done && this.#jobs[0] === job) this.#jobs.shift();
      if (performance.now() >= until) return;
    }
  }
}
