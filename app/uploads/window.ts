/** Rows beyond the edges, so that the keyboard always finds a next one and a quick scroll no gap. */
const BEYOND_ROWS = 6;
/** The window moves in steps of this many rows, so that not every notch of a wheel renders anew. */
const STEP_ROWS = 4;
/** Rows of one group that are made at a time, at most. */
export const MOST_ROWS = 56;

/**
 * The rows of a group to make, as `[from, to)`, when its first one is at `top` of what is seen, in CSS pixels.
 * Empty when none is near.
 */
export function windowOf(seen: { top: number; height: number; rowHeight: number; rows: number }): {
  from: number;
  to: number;
} {
  const { top, height, rowHeight, rows } = seen;
  const first = Math.floor(-top / rowHeight / STEP_ROWS) * STEP_ROWS;
  const last = Math.ceil((height - top) / rowHeight / STEP_ROWS) * STEP_ROWS;
  const from = clamp(first - BEYOND_ROWS, rows);
  return { from, to: Math.max(from, Math.min(clamp(last + BEYOND_ROWS, rows), from + MOST_ROWS)) };
}

function clamp(row: number, rows: number): number {
  return Math.max(0, Math.min(rows, row));
}
