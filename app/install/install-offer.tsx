import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { Icon } from '../icons.tsx';
import { install, isOffered, refuse, way } from './install.ts';

/** After the first file has arrived: what installing is good for, and the way to do it. */
export function InstallOffer(): JSX.Element | null {
  if (!isOffered.value) return null;
  return (
    <section class="offer" data-notice="install-offer" aria-labelledby="install-title">
      <span class="offer-icon">
        <Icon name="download" />
      </span>
      <div>
        <h2 id="install-title">{t('install.title')}</h2>
        <p class="hint">{t('install.lead')}</p>
        {way.value === 'home-screen' && <p>{t('install.ios')}</p>}
        <div class="notice-actions">
          {way.value === 'ask' && (
            <button type="button" class="button small" data-do="install" onClick={() => void install()}>
              {t('install.do')}
            </button>
          )}
          <button type="button" class="button small" data-do="no-install" onClick={refuse}>
            {t('install.no')}
          </button>
        </div>
      </div>
    </section>
  );
}
