import { signal } from '@preact/signals';

/** The files that a person has selected, by id. */
export const selected = signal<ReadonlySet<string>>(new Set());
/** Where a range begins that shift and a click end. */
let anchor: string | null = null;

/** Selects a file, or no longer; with `isRange` all between it and the one before, as they stand in `order`. */
export function toggle(id: string, isRange: boolean, order: readonly { id: string }[]): void {
  const next = new Set(selected.peek());
  const range = isRange ? between(order, anchor, id) : [];
  if (range.length > 0) for (const each of range) next.add(each);
  else if (!next.delete(id)) next.add(id);
  anchor = id;
  selected.value = next;
}

/** Selects exactly these. */
export function select(ids: Iterable<string>): void {
  anchor = null;
  selected.value = new Set(ids);
}

function between(order: readonly { id: string }[], from: string | null, to: string): string[] {
  const a = order.findIndex(({ id }) => id === from);
  const b = order.findIndex(({ id }) => id === to);
  if (a < 0 || b < 0) return [];
  return order.slice(Math.min(a, b), Math.max(a, b) + 1).map(({ id }) => id);
}
