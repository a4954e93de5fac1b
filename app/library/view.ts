import { signal } from '@preact/signals';

/** How the library is laid out on this device. */
export type View = 'list' | 'grid';

const CHOICE = 'holdfast.library-view';

export const view = signal<View>(localStorage.getItem(CHOICE) === 'grid' ? 'grid' : 'list');

/** Lays the library out like this from now on, here and at the next start. */
export function chooseView(next: View): void {
  localStorage.setItem(CHOICE, next);
  view.value = next;
}
