import { poll } from '../poll.ts';
import type { Driver } from '../sign-in.ts';

const DEADLINE_MS = 30_000;

/** A browser of another engine than Chromium's, started as a person's would be. */
export interface Engine {
  /** As its makers call it, with its version. */
  readonly name: string;
  open(url: string): Promise<EngineTab>;
  /** Ends it at once, as a crash does, and starts it again on the same profile. */
  crash(): Promise<void>;
  /** Ends it, and deletes its profile. */
  close(): Promise<void>;
}

/** One tab of it, by whatever means its engine is driven. */
export abstract class EngineTab implements Driver {
  abstract go(url: string): Promise<void>;
  abstract reload(): Promise<void>;
  /** Chooses `file` in the file input at `selector`. */
  abstract choose(selector: string, file: string): Promise<void>;
  /** Types `text` and Enter into the field at `selector`, which is there, instead of what was in it. */
  protected abstract type(selector: string, text: string): Promise<void>;
  /** The value of a JavaScript expression, or of its promise. Rejects when the document goes away over that. */
  protected abstract run(expression: string): Promise<unknown>;

  async evaluate<A extends unknown[], T>(work: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    return (await this.run(`(${work})(...${JSON.stringify(args)})`)) as T; // what `work` returned, as JSON
  }

  /** Waits until `holds` is true in the page, over navigations too. */
  async until<A extends unknown[]>(
    withinMs: number,
    holds: (...args: A) => unknown,
    ...args: A
  ): Promise<void> {
    const expression = `Boolean((${holds})(...${JSON.stringify(args)}))`;
    const ask = async () => ((await this.run(expression).catch(() => false)) === true ? true : undefined);
    await poll(`${holds} ${JSON.stringify(args)} in the page`, withinMs, ask).catch(async (error: Error) => {
      // biome-ignore lint/performance/useDomNodeTextContent: what is hidden is not what a person reads
      const seen = await this.evaluate(() => `At ${location.href}:\n${document.body.innerText}`).catch(
        String,
      );
      throw new Error(`${error.message}\n${seen}`, { cause: error });
    });
  }

  async enter(selector: string, text: string): Promise<void> {
    await this.until(DEADLINE_MS, (at) => document.querySelector(at), selector);
    await this.type(selector, text);
  }

  async pick(file: string): Promise<void> {
    const selector = 'input[type=file][data-pick]';
    await this.until(DEADLINE_MS, (at) => document.querySelector(at), selector);
    await this.choose(selector, file);
  }

  waitForPath(path: string): Promise<void> {
    return this.until(DEADLINE_MS, (wanted) => location.pathname === wanted, path);
  }

  waitForWorker(): Promise<void> {
    return this.until(DEADLINE_MS, () => navigator.serviceWorker.controller);
  }

  /** Waits until the one row of the list is in `state`. */
  rowIs(state: string, withinMs = 60_000): Promise<void> {
    return this.until(withinMs, (at) => document.querySelector(`[data-upload][data-state=${at}]`), state);
  }
}
