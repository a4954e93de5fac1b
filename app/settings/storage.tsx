import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { readUsage } from '../api.ts';
import { size } from '../format.ts';
import { t } from '../i18n.ts';
import { NoAnswerYet, Panel } from './panel.tsx';
import { Persistence } from './persistence.tsx';
import { useAnswer } from './use-answer.ts';

/** How much room is used, at the server and here. */
export function StoragePanel(): JSX.Element {
  const { value, refused } = useAnswer(readUsage);
  const here = useEstimate();
  return (
    <Panel name="storage" title={t('settings.storage.title')}>
      <div class="amount" data-storage="account">
        <p id="storage-account">{t('settings.storage.account')}</p>
        {value ? (
          <Amount
            name="account"
            text={t('library.used', { used: size(value.usedBytes), quota: size(value.quotaBytes) })}
            used={value.usedBytes}
            quota={value.quotaBytes}
          />
        ) : (
          <NoAnswerYet refused={refused} />
        )}
      </div>
      {here && (
        <div class="amount" data-storage="browser">
          <p id="storage-browser">{t('settings.storage.browser')}</p>
          <Amount
            name="browser"
            text={t('settings.storage.ofBrowser', { used: size(here.used), quota: size(here.quota) })}
            used={here.used}
            quota={here.quota}
          />
        </div>
      )}
      <Persistence />
    </Panel>
  );
}

function Amount(props: { name: string; text: string; used: number; quota: number }): JSX.Element {
  return (
    <>
      <p class="hint">{props.text}</p>
      <progress
        class="bar"
        max={props.quota}
        value={Math.min(props.used, props.quota)}
        aria-labelledby={`storage-${props.name}`}
        aria-valuetext={props.text}
      />
    </>
  );
}

/** What the browser says it keeps for us, in bytes; null where it does not say. */
function useEstimate(): { used: number; quota: number } | null {
  const [found, setFound] = useState<{ used: number; quota: number } | null>(null);
  useEffect(() => {
    void navigator.storage
      ?.estimate?.()
      .then(({ usage, quota }) => usage !== undefined && quota && setFound({ used: usage, quota }))
      .catch(() => undefined); // a private window may refuse
  }, []);
  return found;
}
