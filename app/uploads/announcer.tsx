import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { percentage } from '../format.ts';
import { t } from '../i18n.ts';
import { overall } from '../state.ts';
import { type Announcement, announcement } from './progress.ts';

/** Speaks to whoever does not see the bars, on every page: each quarter of the way, and when a person is needed. */
export function Announcer(): JSX.Element {
  const before = useRef(overall.peek());
  const text = useSignal('');
  useSignalEffect(() => {
    const found = announcement(before.current, overall.value);
    before.current = overall.value;
    if (found) text.value = words(found);
  });
  return (
    <p class="visually-hidden" role="status">
      {text}
    </p>
  );
}

function words(found: Announcement): string {
  switch (found.say) {
    case 'percent':
      return t('announce.percent', { percent: percentage(found.percent) });
    case 'done':
      return t('announce.done', { count: found.files });
    case 'needsYou':
      return t('announce.needsYou', { count: found.files });
  }
}
