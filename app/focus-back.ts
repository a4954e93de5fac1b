import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { focusHeading, focusPage } from './page-focus.ts';

/**
 * For what stands in the place of the button that opened it, such as a question: once it is closed, the focus goes back
 * to that button, or where its row is gone with it, to the same one of the next row. `opener` selects the button within
 * a row, which is made anew; the ref is for anything in the question.
 */
export function useFocusBack<T extends Element>(opener: string): RefObject<T | null> {
  const own = useRef<T>(null);
  useLayoutEffect(() => {
    const place = own.current?.closest<HTMLElement>('li, section');
    return () => {
      if (place) giveBack(place, opener);
    };
  }, []);
  return own;
}

function giveBack(place: HTMLElement, opener: string): void {
  const home = place.parentElement?.closest<HTMLElement>('section');
  const rows = place.matches('li') ? [place, ...neighbours(place)] : [place];
  // What comes in its place is there only when all of this render is done.
  queueMicrotask(() => {
    if (document.activeElement !== document.body) return; // a person has gone on meanwhile
    for (const row of rows) {
      const button = row.isConnected && row.querySelector<HTMLElement>(opener);
      if (button) return button.focus({ preventScroll: true });
    }
    if (home?.isConnected) focusHeading(home);
    else focusPage();
  });
}

/** The rows after `row`, then those before it, the nearest first. */
function neighbours(row: HTMLElement): HTMLElement[] {
  const all = [...(row.parentElement?.children ?? [])] as HTMLElement[];
  const at = all.indexOf(row);
  return [...all.slice(at + 1), ...all.slice(0, at).reverse()];
}
