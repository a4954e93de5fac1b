import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { LanguageField } from '../language-field.tsx';
import { askForNotifications, notifications } from '../permissions.ts';
import { Panel } from './panel.tsx';

/** What is about this browser alone, and needs no server. */
export function General(): JSX.Element {
  return (
    <Panel name="general" title={t('settings.general.title')}>
      <LanguageField />
      <Notifications />
    </Panel>
  );
}

/** Only the browser's own settings take a permission back, or give it once it was refused. */
function Notifications(): JSX.Element {
  const at = notifications.value;
  const isOpen = at === 'default';
  return (
    <div class="switch-row">
      <div>
        <p id="notifications-name" class="switch-name">
          {t('settings.general.notifications')}
        </p>
        <p id="notifications-why" class="hint">
          {t('settings.general.why')} <span>{t(`settings.general.${at ?? 'unsupported'}`)}</span>
        </p>
      </div>
      <button
        type="button"
        role="switch"
        class="switch"
        data-do="notifications"
        data-permission={at ?? 'unsupported'}
        aria-checked={at === 'granted'}
        aria-disabled={!isOpen}
        aria-labelledby="notifications-name"
        aria-describedby="notifications-why"
        onClick={() => isOpen && void askForNotifications()}
      />
    </div>
  );
}
