import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { FileName, FileTile } from '../file-name.tsx';
import { size } from '../format.ts';
import { t } from '../i18n.ts';
import { Icon } from '../icons.tsx';
import { accept, discard, discarded, discardIsOver, inbox, takeBackDiscarded } from '../inbox.ts';
import { focusOnceThere } from '../page-focus.ts';
import { UndoBar } from '../undo-bar.tsx';

/** Files shown by name; whoever shared more knows what they are. */
const SHOWN = 10;

/** So long a discard can be taken back, in ms: until then it has not been made. */
const UNDO_MS = 10_000;

/** What other apps have shared, and the question what is to become of it. Nothing is sent before it is answered. */
export function Inbox(): JSX.Element {
  const files = inbox.value;
  const more = files.length - SHOWN;
  return (
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
          onClick={() => void accept()}
        >
          <Icon name="up" />
          {t('inbox.accept')}
        </button>
        <button type="button" class="button small" data-do="inbox-discard" onClick={discard}>
          {t('inbox.discard')}
        </button>
      </p>
    </section>
  );
}

/** The way back from a discard, for as long as the page is shown: whoever turns to another one is done with it. */
export function DiscardBar(): JSX.Element {
  useEffect(() => () => void discardIsOver(), []);
  return (
    <UndoBar
      done={discarded.value}
      name="discard"
      text={(count) => t('inbox.discarded', { count })}
      onUndo={takeBack}
      forMs={UNDO_MS}
      onOver={discardIsOver}
    />
  );
}

/** A focus that was on the bar, and is nowhere now, goes to what is there again. */
function takeBack(): void {
  takeBackDiscarded();
  focusOnceThere('[data-do=inbox-discard]', () => document.activeElement === document.body);
}
