import { signal, useComputed, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { number } from '../format.ts';
import { t } from '../i18n.ts';

const MINUTE_MS = 60_000;

/** The time, as often as the words below could change; nobody is told of it but who looks. */
const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, MINUTE_MS / 4);

/** How long an upload session has left, in whole minutes; it renders anew only when the minute does. */
export function SessionEnd({ at }: { at: number }): JSX.Element {
  const end = useSignal(at);
  end.value = at;
  const minutes = useComputed(() => Math.floor((end.value - now.value) / MINUTE_MS)).value;
  return (
    <span class="row-ends">
      {minutes < 1 ? t('state.endsNow') : t('state.endsIn', { minutes: number(minutes) })}
    </span>
  );
}
