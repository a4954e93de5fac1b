import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from './i18n.ts';
import { useKeys } from './shortcuts/chords.ts';
import { withControl } from './shortcuts/names.ts';

/** So long it can be taken back with one click, in ms; longer while the pointer or the focus is on it. */
const UNDO_MS = 10_000;

/** What was done last with files, and can be taken back. */
export interface Undoable {
  readonly ids: readonly string[];
}

/**
 * Says what was done, with the way back. Its frame is live before there is anything to say. It lies over the foot of the
 * page, wherever it comes in the order of Tab.
 */
export function UndoBar<T extends Undoable>(props: {
  /** What `name` did, as `text` says; null when there is nothing to take back. */
  done: T | null;
  name: 'delete' | 'discard';
  text: (count: number) => string;
  onUndo: (done: T) => void;
  /** The time is over. */
  onOver: (done: T) => void;
}): JSX.Element {
  const { done, name, text, onUndo, onOver } = props;
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!done) return;
    const timer = setInterval(() => {
      if (!bar.current?.matches(':hover, :focus-within')) onOver(done);
    }, UNDO_MS);
    return () => clearInterval(timer);
  }, [done]);
  useKeys(done ? { 'Control+z': () => onUndo(done) } : {});
  return (
    <div class="over-foot" role="status">
      {done && (
        <div class="foot-bar" ref={bar} data-undo={done.ids.length}>
          <p>{text(done.ids.length)}</p>
          <kbd class="by-keyboard" dir="ltr">
            {withControl('Z')}
          </kbd>
          <button
            type="button"
            class="button small primary"
            data-do={`undo-${name}`}
            aria-keyshortcuts="Control+Z Meta+Z"
            onClick={() => onUndo(done)}
          >
            {t('common.undo')}
          </button>
        </div>
      )}
    </div>
  );
}
