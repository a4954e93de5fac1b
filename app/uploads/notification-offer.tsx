import { signal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { Icon } from '../icons.tsx';
import { isAccepted } from '../intake.ts';
import { askForNotifications, mayOffer } from '../permissions.ts';

const isOffered = signal(false);

/** Once, after the first file was accepted: the reason why notifications help, and a way to allow them. */
export function NotificationOffer(): JSX.Element | null {
  useSignalEffect(() => {
    if (isAccepted.value && mayOffer()) isOffered.value = true;
  });
  if (!isOffered.value) return null;
  return (
    <section class="offer" data-notice="notification-offer" aria-labelledby="offer-title">
      <span class="offer-icon">
        <Icon name="bell" />
      </span>
      <div>
        <h2 id="offer-title">{t('offer.title')}</h2>
        <p class="hint">{t('offer.lead')}</p>
        <div class="notice-actions">
          <button
            type="button"
            class="button small"
            data-do="allow-notifications"
            onClick={() => {
              isOffered.value = false;
              void askForNotifications();
            }}
          >
            {t('offer.allow')}
          </button>
          <button
            type="button"
            class="button small"
            data-do="no-notifications"
            onClick={() => (isOffered.value = false)}
          >
            {t('offer.no')}
          </button>
        </div>
      </div>
    </section>
  );
}
