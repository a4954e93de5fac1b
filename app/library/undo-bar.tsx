import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n.ts';
import { focusOnceThere } from '../page-focus.ts';
import { withControl } from '../shortcuts/names.ts';
import { lastDeletion, restore } from './changes.ts';
import { useKeys } from './keys.ts';

/** So long a deletion can be taken back with one click, in ms; longer while the pointer or the focus is on it. */
const UNDO_MS = 10_000;

/**
 * Says what was deleted, with the way back. Its frame is live before there is anything to say. It lies over the foot of
 * the page, but comes before the list: behind it, nobody would reach it by Tab in time.
 */
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
  useKeys(deletion ? { 'Control+z': () => void takeBack(deletion.ids) } : {});
  return (
    <div class="over-foot" role="status">
      {deletion && (
        <div class="foot-bar" ref={bar} data-undo={deletion.ids.length}>
          <p>{t('library.deleted', { count: deletion.ids.length })}</p>
          <kbd class="by-keyboard" dir="ltr">
            {withControl('Z')}
          </kbd>
          <button
            type="button"
            class="button small primary"
            data-do="undo-delete"
            aria-keyshortcuts="Control+Z Meta+Z"
            onClick={() => void takeBack(deletion.ids)}
          >
            {t('library.undo')}
          </button>
        </div>
      )}
    </div>
  );
}

/** The bar is gone at once; a focus that was on it, and is nowhere now, goes to the first file once that is back. */
async function takeBack(ids: readonly string[]): Promise<void> {
  await restore(ids);
  focusOnceThere(`[data-file="${ids[0]}"] [data-do=open]`, () => document.activeElement === document.body);
}
