import { computed, effect, signal } from '@preact/signals';
import { expiryNotice } from './guard.ts';

const ICON = '/favicon.svg';
const ICON_WITH_BADGE = '/favicon-badge.svg';

/** The expiry that somebody was looking as it was told, or since. */
const seen = signal<number | null>(null);

/** An expiry was told in this tab, and nobody has looked at it since: title and icon say so meanwhile. */
export const isUnseen = computed(() => expiryNotice.value !== null && expiryNotice.value !== seen.value);

/** Watches whether someone looks, and has the tab's icon carry a badge until then. */
export function watchAttention(): void {
  const look = () => {
    if (document.visibilityState === 'visible' && document.hasFocus()) seen.value = expiryNotice.peek();
  };
  effect(() => {
    if (expiryNotice.value !== null) look();
  });
  addEventListener('focus', look);
  document.addEventListener('visibilitychange', look);
  effect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    const icon = isUnseen.value ? ICON_WITH_BADGE : ICON;
    if (link && link.getAttribute('href') !== icon) link.href = icon;
  });
}
