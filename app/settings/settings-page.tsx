import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { session } from '../state.ts';
import { DevicesPanel } from './devices.tsx';
import { General } from './general.tsx';
import { LeavePanel } from './leave.tsx';
import { Panel } from './panel.tsx';
import { PasskeysPanel } from './passkeys.tsx';
import { StoragePanel } from './storage.tsx';

/** The account, this device, and how to leave. */
export function SettingsPage(): JSX.Element {
  return (
    <div class="settings">
      <header class="settings-head">
        <h1>{t('settings.title')}</h1>
        <bdi class="lead">{session.value.account?.email}</bdi>
      </header>
      <General />
      <PasskeysPanel />
      <DevicesPanel />
      <StoragePanel />
      <About />
      <LeavePanel />
    </div>
  );
}

function About(): JSX.Element {
  return (
    <Panel name="about" title={t('settings.about.title')}>
      <p class="about-line">
        <span>{t('settings.about.version')}</span> <code data-version>{__BUILD__}</code>
      </p>
      <p class="about-line">
        <a href="/diagnostics">{t('settings.about.diagnostics')}</a>
        <span class="hint">{t('settings.about.diagnosticsLead')}</span>
      </p>
    </Panel>
  );
}
