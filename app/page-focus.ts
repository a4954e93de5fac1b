/** What has not come within this, in ms, is not waited for. */
const PATIENCE_MS = 5_000;

/** Waits for the heading of the page that was turned to last. */
let waiting: MutationObserver | null = null;

/**
 * Gives the focus to the page that was turned to, so that the keyboard goes on from there and a screen reader says where
 * it is: to its heading once that is there, to the frame of the page until then. A field that took the focus keeps it.
 */
export function focusPage(): void {
  waiting?.disconnect();
  const main = document.getElementById('main');
  if (!main || isElsewhere(main)) return;
  let given = focusHeading(main);
  const watch = new MutationObserver(() => {
    const { activeElement: focused } = document;
    // A page that goes only when the next one has come takes its heading along, and the focus with it.
    const isLost = focused === document.body && !given.isConnected;
    if (focused === main || isLost) given = focusHeading(main);
    else if (focused !== given) watch.disconnect();
  });
  watch.observe(main, { childList: true, subtree: true });
  waiting = watch;
}

/** Focuses the first heading in `place`, else `place` itself, and gives what it was. Nothing scrolls. */
export function focusHeading(place: HTMLElement): HTMLElement {
  const target = place.querySelector<HTMLElement>('h1, h2') ?? place;
  if (!target.hasAttribute('tabindex')) target.tabIndex = -1;
  target.focus({ preventScroll: true });
  return target;
}

/** Focuses what `selector` names as soon as it is there, if that is within a few seconds and it is still wanted. */
export function focusOnceThere(selector: string, isWanted = () => true): void {
  const watch = new MutationObserver(look);
  watch.observe(document.body, { childList: true, subtree: true });
  const timer = setTimeout(() => watch.disconnect(), PATIENCE_MS);
  look();

  function look(): void {
    const found = document.querySelector<HTMLElement>(selector);
    if (!found) return;
    watch.disconnect();
    clearTimeout(timer);
    if (isWanted()) found.focus();
  }
}

/** Something on the new page has the focus already, or something that lies over every page. */
function isElsewhere(main: HTMLElement): boolean {
  const { activeElement: focused } = document;
  return focused !== main && focused?.closest('main, dialog[open], :popover-open') != null;
}
