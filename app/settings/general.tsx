import type { JSX } from 'preact';
import { choose, keepAwake, onlyUnmetered, singleKeys } from '../choices.ts';
import { metered } from '../device.ts';
import { t } from '../i18n.ts';
import { LanguageField } from '../language-field.tsx';
import { askForNotifications, notifications } from '../permissions.ts';
import { chooseTheme, theme, themes } from '../theme.ts';
import { canKeepAwake } from '../wake-lock.ts';
import { Panel } from './panel.tsx';
import { Switch } from './switch.tsx';

/** What is about this browser alone, and needs no server. */
export function General(): JSX.Element {
  return (
    <Panel name="general" title={t('settings.general.title')}>
      <div class="fields">
        <LanguageField />
        <ThemeField />
      </div>
      <Notifications />
      <Switch
        name="only-unmetered"
        title={t('metered.name')}
        isOn={onlyUnmetered.value}
        onChange={(isOn) => choose(onlyUnmetered, isOn)}
      >
        {t('metered.why')} {metered.value === null && t('metered.untold')}
      </Switch>
      <Switch
        name="keep-awake"
        title={t('awake.name')}
        isOn={keepAwake.value && canKeepAwake}
        disabled={!canKeepAwake}
        onChange={(isOn) => choose(keepAwake, isOn)}
      >
        {t('awake.why')} {!canKeepAwake && t('awake.unsupported')}
      </Switch>
      <Switch
        name="single-keys"
        title={t('keys.title')}
        isOn={singleKeys.value}
        onChange={(isOn) => choose(singleKeys, isOn)}
      >
        {t('keys.why')}
      </Switch>
    </Panel>
  );
}

function ThemeField(): JSX.Element {
  return (
    <label class="field">
      <span>{t('theme.name')}</span>
      <select
        data-theme-choice
        value={theme.value}
        onChange={({ currentTarget: { value } }) =>
          chooseTheme(themes.find((one) => one === value) ?? 'system')
        }
      >
        {themes.map((one) => (
          <option key={one} value={one}>
            {t(`theme.${one}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Only the browser's own settings take a permission back, or give it once it was refused. */
function Notifications(): JSX.Element {
  const at = notifications.value;
  return (
    <Switch
      name="notifications"
      title={t('settings.general.notifications')}
      isOn={at === 'granted'}
      disabled={at !== 'default'}
      permission={at ?? 'unsupported'}
      onChange={() => void askForNotifications()}
    >
      {t('settings.general.why')} <span>{t(`settings.general.${at ?? 'unsupported'}`)}</span>
    </Switch>
  );
}
