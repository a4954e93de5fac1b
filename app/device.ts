import { computed, effect, signal } from '@preact/signals';
import { type ConnectionFacts, isMetered } from '../shared/metered.ts';
import type { DeviceFacts } from '../shared/protocol.ts';
import { onlyUnmetered } from './choices.ts';
import { language, t } from './i18n.ts';
import { worker } from './presence.ts';
import { call } from './worker.ts';

/** Chromium only. */
const connection = (navigator as { connection?: ConnectionFacts & EventTarget }).connection;

/** Whether sending may cost by the byte now; null where the browser does not tell. */
export const metered = signal(isMetered(connection));

/** Tells each worker what it can't see by itself, as soon as there are texts, and again when something has changed. */
export function tellDevice(): void {
  connection?.addEventListener('change', () => {
    metered.value = isMetered(connection);
  });
  const instance = computed(() => worker.value?.instance);
  effect(() => {
    if (instance.value) void call('device.tell', facts());
  });
}

function facts(): DeviceFacts {
  return {
    language: language.value,
    notices: {
      expired: { title: t('notice.expired.title'), body: t('notice.expired.body') },
      paused: { title: t('notice.paused.title'), body: t('notice.paused.body') },
      arrived: { title: t('notice.arrived.title'), body: t('notice.arrived.body') },
    },
    onlyUnmetered: onlyUnmetered.value,
    metered: metered.value,
  };
}
