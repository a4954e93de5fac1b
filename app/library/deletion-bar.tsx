import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { focusOnceThere } from '../page-focus.ts';
import { UndoBar } from '../undo-bar.tsx';
import { type Deletion, deletionIsOver, lastDeletion, restore } from './changes.ts';

/** The server keeps what was deleted for an hour as a rule, and nothing else leads back to it. In ms. */
const UNDO_MS = 15 * 60_000;

/** The way back from the last deletion. It comes before the list: behind it, nobody would reach it by Tab in time. */
export function DeletionBar(): JSX.Element {
  return (
    <UndoBar
      done={lastDeletion.value}
      name="delete"
      forMs={UNDO_MS}
      text={(count) => t('library.deleted', { count })}
      onUndo={takeBack}
      onOver={deletionIsOver}
    />
  );
}

/** The bar is gone at once; a focus that was on it, and is nowhere now, goes to the first file once that is back. */
async function takeBack({ ids }: Deletion): Promise<void> {
  await restore(ids);
  focusOnceThere(`[data-file="${ids[0]}"] [data-do=open]`, () => document.activeElement === document.body);
}
