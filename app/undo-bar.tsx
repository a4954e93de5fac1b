import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from './i18n.ts';
import { IconButton } from './icon-button.tsx';
import { focusHeading } from './page-focus.ts';
import { useKeys } from './shortcuts/chords.ts';
import { withControl } from './shortcuts/names.ts';

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
  /** So long it can be taken back with one click, in ms; longer while the pointer or the focus is on it. */
  forMs: number;
  onUndo: (done: T) => void;
  /** The time is over, or somebody has seen it. */
  onOver: (done: T) => void;
}): JSX.Element {
  const { done, name, text, forMs, onUndo, onOver } = props;
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!done) return;
    const timer = setInterval(() => {
      if (!bar.current?.matches(':hover, :focus-within')) onOver(done);
    }, forMs);
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
          <IconButton
            icon="close"
            data-do={`keep-${name}`}
            label={t('common.dismiss')}
            onClick={() => {
              onOver(done);
              const main = document.getElementById('main');
              if (main) focusHeading(main); // the button is gone
            }}
          />
        </div>
      )}
    </div>
  );
}
