import { computed, signal } from '@preact/signals';
import { installWay, mayOfferInstall } from '../../shared/install-offer.ts';
import { isInstalled, readCapabilities } from '../capabilities.ts';
import { keepFor, recall } from '../kept.ts';
import { totals } from '../state.ts';

/** Chromium only, and not in TypeScript's library. */
interface InstallPromptEvent extends Event {
  prompt: () => Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

const REFUSED = 'holdfast.install-refused';

/** The browser's offer to ask; good for one question. */
const asking = signal<InstallPromptEvent | null>(null);
const installed = signal(isInstalled());
const refusedAt = signal(readRefusal());

/** How the app can be installed here, or null. */
export const way = computed(() =>
  installWay({ ...readCapabilities(), isInstalled: installed.value, canAsk: asking.value !== null }),
);
/** Whether it is installed here, as far as this window can tell. */
export const isInstalledHere = computed(() => installed.value);
/** Whether now is a moment to offer it. */
export const isOffered = computed(
  () => way.value !== null && mayOfferInstall(totals.value.stored > 0, refusedAt.value, Date.now()),
);

/** Keeps the browser's offer for a moment of our own: it comes once, early, and nobody wants it then. */
export function watchInstall(): void {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    asking.value = event as InstallPromptEvent;
  });
  addEventListener('appinstalled', () => {
    installed.value = true;
    asking.value = null;
  });
}

/** Has the browser ask. A no there is a no to our offer as well. */
export async function install(): Promise<void> {
  const event = asking.peek();
  asking.value = null;
  const outcome = await event?.prompt().catch(() => null);
  if (outcome?.outcome === 'dismissed') refuse();
}

/** Puts the offer away, for long. */
export function refuse(): void {
  const now = Date.now();
  keepFor(REFUSED, String(now));
  refusedAt.value = now;
}

function readRefusal(): number | null {
  const kept = recall(REFUSED);
  return kept === null ? null : Number(kept);
}
