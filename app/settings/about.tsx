import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { limitsOf } from '../../shared/capabilities.ts';
import { readCapabilities } from '../capabilities.ts';
import { errorText, t } from '../i18n.ts';
import { install, isInstalledHere, way } from '../install/install.ts';
import { checkForUpdate, update, version } from '../worker.ts';
import { Panel } from './panel.tsx';

/** Which version this is and whether there is a newer one. */
export function AboutPanel(): JSX.Element {
  return (
    <Panel name="about" title={t('settings.about.title')}>
      <p class="about-line">
        <span>{t('settings.about.version')}</span> <code data-version>{__BUILD__}</code>
      </p>
      <Update />
      <p class="about-line">
        <a href="/diagnostics">{t('settings.about.diagnostics')}</a>
        <span class="hint">{t('settings.about.diagnosticsLead')}</span>
      </p>
    </Panel>
  );
}

function Update(): JSX.Element {
  const [found, setFound] = useState<'nothing' | 'asking' | 'current' | 'UNREACHABLE'>('nothing');
  const at = version.value;

  async function check(): Promise<void> {
    if (found === 'asking') return;
    setFound('asking');
    const isReached = await checkForUpdate();
    setFound(isReached ? 'current' : 'UNREACHABLE');
  }

  if (at === 'waiting' || at === 'updating') {
    return (
      <p class="about-line">
        <span>{t('version.waiting')}</span>
        <button
          type="button"
          class="button small"
          aria-disabled={at === 'updating'}
          onClick={() => at === 'waiting' && void update()}
        >
          {t(at === 'waiting' ? 'version.update' : 'version.updating')}
        </button>
      </p>
    );
  }
  return (
    <p class="about-line">
      <button
        type="button"
        class="button small"
        data-do="check-update"
        aria-disabled={found === 'asking'}
        onClick={() => void check()}
      >
        {t('updates.check')}
      </button>
      <span class="hint" role="status" data-update={found}>
        {found === 'asking' && t('updates.checking')}
        {found === 'current' && t('updates.current')}
        {found === 'UNREACHABLE' && errorText(found)}
      </span>
    </p>
  );
}

/** How to have the app as an app. */
export function InstallPanel(): JSX.Element {
  return (
    <Panel name="install" title={t('install.title')} lead={t('install.lead')}>
      {isInstalledHere.value ? (
        <p>{t('install.done')}</p>
      ) : way.value === 'ask' ? (
        <button type="button" class="button" data-do="install" onClick={() => void install()}>
          {t('install.do')}
        </button>
      ) : (
        <p>{t(way.value === 'home-screen' ? 'install.ios' : 'install.menu')}</p>
      )}
    </Panel>
  );
}

/** What can't be had in this browser, said before anyone counts on it. */
export function LimitsPanel(): JSX.Element {
  return (
    <Panel name="limits" title={t('limits.title')}>
      <ul class="limits">
        {limitsOf(readCapabilities()).map((limit) => (
          <li key={limit} data-limit={limit}>
            {t(`limits.${limit}`)}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
