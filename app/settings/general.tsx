import type { JSX } from 'preact';
import { chooseLanguage, type Language, language, languages, t } from '../i18n.ts';
import { askForNotifications, notifications } from '../permissions.ts';
import { Panel } from './panel.tsx';

/** What is about this browser alone, and needs no server. */
export function General(): JSX.Element {
  return (
    <Panel name="general" title={t('settings.general.title')}>
      <label class="field">
        <span>{t('account.language')}</span>
        <select
          data-language
          value={language.value}
          onChange={(event) => void chooseLanguage(event.currentTarget.value as Language)}
        >
          {Object.entries(languages).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </label>
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
