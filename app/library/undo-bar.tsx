import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n.ts';
import { lastDeletion, restore } from './changes.ts';

/** So long a deletion can be taken back with one click, in ms; longer while the pointer or the focus is on it. */
const UNDO_MS = 10_000;

/** Says what was deleted, with the way back. Its frame is live before there is anything to say. */
export function UndoBar(): JSX.Element {
  const deletion = lastDeletion.value;
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!deletion) return;
    const timer = setInterval(() => {
      if (!bar.current?.matches(':hover, :focus-within') && lastDeletion.peek() === deletion)
        lastDeletion.value = null;
    }, UNDO_MS);
    return () => clearInterval(timer);
  }, [deletion]);
  return (
    <div class="over-foot" role="status">
      {deletion && (
        <div class="foot-bar" ref={bar} data-undo={deletion.ids.length}>
          <p>{t('library.deleted', { count: deletion.ids.length })}</p>
          <button
            type="button"
            class="button small primary"
            data-do="undo-delete"
            onClick={() => void restore(deletion.ids)}
          >
            {t('library.undo')}
          </button>
        </div>
      )}
    </div>
  );
}
