import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What `ask` answers, asked again every `everyMs` until it is not undefined. What it throws ends the waiting.
 *
 * @throws {Error} naming `what` was waited for, when it did not come within `withinMs`.
 */
export async function poll<T>(
  what: string,
  withinMs: number,
  ask: () => Promise<T | undefined> | T | undefined,
  everyMs = 50,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms for ${what}`);
    await sleep(everyMs);
  }
}
