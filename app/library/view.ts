import { signal } from '@preact/signals';
import { keepFor, recall } from '../kept.ts';

/** How the library is laid out on this device. */
export type View = 'list' | 'grid';

const CHOICE = 'holdfast.library-view';

export const view = signal<View>(recall(CHOICE) === 'grid' ? 'grid' : 'list');

/** Lays the library out like this from now on, here and at the next start. */
export function chooseView(next: View): void {
  keepFor(CHOICE, next);
  view.value = next;
}
