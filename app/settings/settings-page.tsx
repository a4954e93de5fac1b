import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { session } from '../state.ts';
import { AboutPanel, InstallPanel, LimitsPanel } from './about.tsx';
import { DevicesPanel } from './devices.tsx';
import { General } from './general.tsx';
import { LeavePanel } from './leave.tsx';
import { PasskeysPanel } from './passkeys.tsx';
import { SharesPanel } from './shares.tsx';
import { StoragePanel } from './storage.tsx';

/** The account, this device, and how to leave. */
export function SettingsPage(): JSX.Element {
  return (
    <div class="settings">
      <header class="settings-head">
        <h1>{t('settings.title')}</h1>
        <p class="lead">
          <bdi>{session.value.account?.email}</bdi>
        </p>
      </header>
      <General />
      <PasskeysPanel />
      <DevicesPanel />
      <SharesPanel />
      <StoragePanel />
      <InstallPanel />
      <LimitsPanel />
      <AboutPanel />
      <LeavePanel />
    </div>
  );
}
