import { expect, test } from 'vitest';
import { chordOf } from './chords.ts';

const plain = { code: '', ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };

test.each([
  [{ key: 'Escape' }, 'Escape'],
  [{ key: 'z', ctrlKey: true }, 'Control+z'],
  [{ key: 'z', metaKey: true }, 'Control+z'],
  [{ key: 'Z', ctrlKey: true }, 'Control+z'], // with Caps Lock
  [{ key: 'Z', ctrlKey: true, shiftKey: true }, 'Control+Shift+z'],
  [{ key: 'z', ctrlKey: true, altKey: true }, 'Control+Alt+z'],
  [{ key: 'я', code: 'KeyZ', ctrlKey: true }, 'Control+z'],
  [{ key: 'y', code: 'KeyZ', ctrlKey: true }, 'Control+y'], // by the letter, not the place
])('%o is %s', (pressed, chord) => {
  expect(chordOf({ ...plain, ...pressed })).toBe(chord);
});
