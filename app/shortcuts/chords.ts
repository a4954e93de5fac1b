import { useLayoutEffect, useRef } from 'preact/hooks';
import { letterOf } from './keys.ts';

type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>;

/** What a key with all that is held beside it is called: `Escape`, `Control+z`. Command is a Mac's Control. */
export function chordOf(pressed: Pressed): string {
  const { ctrlKey, metaKey, shiftKey, altKey } = pressed;
  const held = [ctrlKey || metaKey ? 'Control' : '', altKey ? 'Alt' : '', shiftKey ? 'Shift' : ''];
  const key = letterOf(pressed);
  return [...held.filter(Boolean), key.length === 1 ? key.toLowerCase() : key].join('+');
}

/**
 * Does what `does` has for the chord that is pressed; in a field or a dialog all keys are its own. It holds from the
 * moment the page shows it: an effect after the paint would miss whoever is quick.
 */
export function useKeys(does: Readonly<Record<string, () => void>>): void {
  const shown = useRef(does);
  shown.current = does;
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest('input, textarea, select, dialog, [popover]')) return;
      const chord = chordOf(event);
      const act = shown.current[chord];
      if (!act) return;
      if (chord !== 'Escape') event.preventDefault(); // or a menu that is open would stay
      act();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
