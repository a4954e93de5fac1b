import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n.ts';
import { askToPersist, readPermissions } from '../permissions.ts';

/** Whether the browser has promised to keep what is stored here, and a way to ask it. */
export function Persistence(): JSX.Element | null {
  const [at, setAt] = useState<'unknown' | 'asking' | 'granted' | 'open' | 'refused' | 'silent'>('unknown');
  useEffect(() => {
    void readPermissions().then(({ persistentStorage }) => {
      if (persistentStorage !== null) setAt(persistentStorage ? 'granted' : 'open');
    });
  }, []);
  if (at === 'unknown') return null;

  async function ask(): Promise<void> {
    setAt('asking');
    const answer = await askToPersist();
    setAt(answer === null ? 'silent' : answer ? 'granted' : 'refused');
  }

  return (
    <div class="amount" data-persistent={at}>
      <p>{t('persist.name')}</p>
      <p class="hint" role="status">
        {t('persist.why')} {(at === 'granted' || at === 'refused' || at === 'silent') && t(`persist.${at}`)}
      </p>
      {at !== 'granted' && (
        <p>
          <button
            type="button"
            class="button small"
            data-do="persist"
            aria-disabled={at === 'asking'}
            onClick={() => at !== 'asking' && void ask()}
          >
            {t('persist.ask')}
          </button>
        </p>
      )}
    </div>
  );
}
