import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { singleKeys } from '../choices.ts';
import { openPicker } from '../intake.ts';
import { focusOnceThere } from '../page-focus.ts';
import { type Begun, nextPress, type Shortcut } from './keys.ts';

/** The list of shortcuts is open. */
export const isSheetOpen = signal(false);

/** Listens for shortcuts for as long as someone is signed in. They can be turned off (WCAG 2.2, 2.1.4). */
export function useShortcuts(isOn: boolean): void {
  const { route } = useLocation();
  useLayoutEffect(() => {
    if (!isOn) return;
    const listening = new AbortController();
    let begun: Begun | null = null;
    const press = (event: KeyboardEvent) => {
      const { key, code, timeStamp: at } = event;
      const next = nextPress(begun, { key, code, at, isForeign: isForeign(event) });
      begun = next.begun;
      if (!next.does) return;
      event.preventDefault(); // else the key would also be typed into what gets the focus
      run(next.does);
    };
    addEventListener('keydown', press, { signal: listening.signal });
    return () => listening.abort();
  }, [isOn]);

  function run(does: Shortcut): void {
    switch (does) {
      case 'upload':
        openPicker('files');
        break;
      case 'search':
        route('/library');
        focusOnceThere('main input[type=search]'); // the library may still be on its way
        break;
      case 'library':
        route('/library');
        break;
      case 'uploads':
        route('/app');
        break;
      case 'help':
        isSheetOpen.value = true;
    }
  }
}

function isForeign(event: KeyboardEvent): boolean {
  const { target } = event;
  const isTyping =
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('textarea, select, input:not([type=file], [type=checkbox])'));
  const isModified = event.ctrlKey || event.altKey || event.metaKey;
  return (
    !singleKeys.value ||
    isTyping ||
    isModified ||
    event.repeat ||
    event.isComposing ||
    document.querySelector('dialog[open], [popover]:popover-open') !== null
  );
}
