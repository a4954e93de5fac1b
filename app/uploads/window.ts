/** Rows beyond the edges, so that the keyboard always finds a next one and a quick scroll no gap. */
const BEYOND_ROWS = 6;
/** The window moves in steps of this many rows, so that not every notch of a wheel renders anew. */
const STEP_ROWS = 4;
/** Rows of one group that are made at a time, at most. */
export const MOST_ROWS = 56;

/** Rows that are made in one go, unless more are seen: after a long jump the others follow frame by frame. */
const MOST_AT_ONCE = 8;

/** Rows `[from, to)` of a group. */
export interface Rows {
  from: number;
  to: number;
}

/** What is seen of a group: its first row is at `top` of the window, which is `height` high; all in CSS pixels. */
export interface Seen {
  top: number;
  height: number;
  rowHeight: number;
  rows: number;
}

/** The rows of a group to have in the end. Empty when none is near. */
export function windowOf({ top, height, rowHeight, rows }: Seen): Rows {
  const first = Math.floor(-top / rowHeight / STEP_ROWS) * STEP_ROWS;
  const last = Math.ceil((height - top) / rowHeight / STEP_ROWS) * STEP_ROWS;
  const from = clamp(first - BEYOND_ROWS, rows);
  return { from, to: Math.max(from, Math.min(clamp(last + BEYOND_ROWS, rows), from + MOST_ROWS)) };
}

/**
 * The rows to make now where `there` are made: all that are seen, and of those to have in the end as many as take no
 * long time. Asked again with the next frame, until nothing changes any more.
 */
export function nextWindow(there: Rows, seen: Seen): Rows {
  const end = windowOf(seen);
  const { top, height, rowHeight } = seen;
  const inSight = within(end, {
    from: Math.floor(-top / rowHeight),
    to: Math.ceil((height - top) / rowHeight),
  });
  const kept = within(end, there);
  const isNear = kept.from < kept.to && kept.from <= inSight.to && inSight.from <= kept.to;
  const from = isNear ? Math.min(kept.from, inSight.from) : inSight.from;
  const to = isNear ? Math.max(kept.to, inSight.to) : inSight.to;
  const fresh = to - from - (isNear ? kept.to - kept.from : 0);
  const below = Math.min(Math.max(0, MOST_AT_ONCE - fresh), end.to - to);
  const above = Math.min(Math.max(0, MOST_AT_ONCE - fresh - below), from - end.from);
  return { from: from - above, to: to + below };
}

function within(end: Rows, { from, to }: Rows): Rows {
  const begin = Math.max(end.from, Math.min(end.to, from));
  return { from: begin, to: Math.max(begin, Math.min(end.to, to)) };
}

function clamp(row: number, rows: number): number {
  return Math.max(0, Math.min(rows, row));
}
