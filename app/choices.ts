import { type Signal, signal } from '@preact/signals';
import { keepFor, recall } from './kept.ts';

/** What a person chose for this device, kept here and the same in all its tabs. */

/** Send only where that does not cost by the byte. */
export const onlyUnmetered = kept('holdfast.only-unmetered');
/** Keep the screen on while something is on its way. */
export const keepAwake = kept('holdfast.keep-awake');
/** Take single keys for shortcuts. Whoever speaks to the keyboard, or presses keys by accident, turns them off. */
export const singleKeys = kept('holdfast.single-keys', true);

/** Writes a choice down and goes by it from now on. */
export function choose(choice: Signal<boolean> & { readonly key: string }, value: boolean): void {
  keepFor(choice.key, value ? '1' : '0');
  choice.value = value;
}

function kept(key: string, usual = false): Signal<boolean> & { readonly key: string } {
  const read = () => (recall(key) ?? (usual ? '1' : '0')) === '1';
  const choice = Object.assign(signal(read()), { key });
  addEventListener('storage', (event) => {
    if (event.key === key) choice.value = read();
  });
  return choice;
}
