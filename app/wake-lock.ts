import { computed, effect, signal } from '@preact/signals';
import { keepAwake } from './choices.ts';
import { groups } from './state.ts';

/** Whether this browser can keep the screen on. */
export const canKeepAwake = 'wakeLock' in navigator;

/**
 * Keeps the screen on while something moves and somebody could look at it, where a person has chosen that. The browser
 * lets go of its lock whenever the page is hidden, so it is asked for again when the page is seen again.
 */
export function watchWakeLock(): void {
  if (!canKeepAwake) return;
  const isVisible = signal(document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', () => {
    isVisible.value = document.visibilityState === 'visible';
  });
  const isWanted = computed(() => keepAwake.value && isVisible.value && groups.value.moving.length > 0);
  effect(() => {
    if (!isWanted.value) return;
    // Refused on a low battery, for one: then the screen goes dark as it would have.
    const lock = navigator.wakeLock.request('screen').catch(() => null);
    return () => void lock.then((held) => held?.release());
  });
}
