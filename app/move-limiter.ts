const MOST_MOVES = 3;
const WITHIN_MS = 10_000;

/**
 * Whether one more automatic move between sign-in and a page may happen at `now`, and the moves to remember.
 * More than 3 in 10 s is a loop: a page that sends to sign-in, which sends back. A person has to break it.
 */
export function nextMove(moves: readonly number[], now: number): { allowed: boolean; moves: number[] } {
  const recent = moves.filter((at) => now - at < WITHIN_MS);
  if (recent.length >= MOST_MOVES) return { allowed: false, moves: recent };
  return { allowed: true, moves: [...recent, now] };
}
