import type { JSX } from 'preact';
import { FileName, FileTile } from '../file-name.tsx';
import { size } from '../format.ts';
import { t } from '../i18n.ts';
import { Icon } from '../icons.tsx';
import { decide, inbox } from '../inbox.ts';

/** Files shown by name; whoever shared more knows what they are. */
const SHOWN = 10;

/** What other apps have shared, and the question what is to become of it. Nothing is sent before it is answered. */
export function InboxList(): JSX.Element {
  const files = inbox.value;
  const more = files.length - SHOWN;
  return (
    <div role="status">
      {files.length > 0 && (
        <section class="inbox" data-inbox={files.length} aria-labelledby="inbox-title">
          <h2 id="inbox-title">{t('inbox.title', { count: files.length })}</h2>
          <p class="hint">{t('inbox.lead')}</p>
          <ul aria-label={t('inbox.list')}>
            {files.slice(0, SHOWN).map((file) => (
              <li key={file.id} class="inbox-file">
                <FileTile name={file.name} sign={null} />
                <FileName name={file.name} />
                <span class="row-numbers">{size(file.size)}</span>
              </li>
            ))}
          </ul>
          {more > 0 && <p class="hint">{t('refused.more', { count: more })}</p>}
          <p class="notice-actions">
            <button
              type="button"
              class="button primary small"
              data-do="inbox-accept"
              onClick={() => void decide('accept')}
            >
              <Icon name="up" />
              {t('inbox.accept')}
            </button>
            <button
              type="button"
              class="button small"
              data-do="inbox-discard"
              onClick={() => void decide('discard')}
            >
              {t('inbox.discard')}
            </button>
          </p>
        </section>
      )}
    </div>
  );
}
