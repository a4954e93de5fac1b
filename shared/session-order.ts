import type { SessionView } from './protocol.ts';

/**
 * Whether a page that knows `now` and has heard the workers `heardFrom` (by instance) takes in `next`. The words of one
 * worker come in any order, as news and as replies, and the highest epoch is its last. The first word of another one
 * counts whatever its epoch: where the browser has thrown away what was stored, that began anew.
 */
export function isToTakeIn(now: SessionView, next: SessionView, heardFrom: ReadonlySet<string>): boolean {
  const isFirstWord = next.by !== undefined && !heardFrom.has(next.by);
  if (next.epoch < now.epoch && !isFirstWord) return false;
  return next.epoch !== now.epoch || next.state !== now.state || next.account?.id !== now.account?.id;
}
