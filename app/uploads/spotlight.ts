import { signal } from '@preact/signals';

/** The row that was asked for by name; the list brings it into sight. Each asking is an object of its own. */
export const spotlight = signal<{ id: string } | null>(null);

/** Brings the row with this id into sight, now or as soon as the list is shown. */
export function showRow(id: string): void {
  spotlight.value = { id };
}
