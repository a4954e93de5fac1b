import { expect, test } from 'vitest';
import { type Begun, nextPress, type Press } from './keys.ts';

const press = (key: string, change: Partial<Press> = {}): Press => {
  return { key, code: `Key${key.toUpperCase()}`, isForeign: false, at: 1000, ...change };
};

function type(...presses: Press[]): (string | null)[] {
  let begun: Begun | null = null;
  return presses.map((one) => {
    const next = nextPress(begun, one);
    begun = next.begun;
    return next.does;
  });
}

test.each([
  ['u', 'upload'],
  ['/', 'search'],
  ['?', 'help'],
  ['l', null],
  ['x', null],
  ['Escape', null],
] as const)('%s asks for %s', (key, does) => {
  expect(type(press(key))).toEqual([does]);
});

test('two keys one after the other ask for what neither does alone', () => {
  expect(type(press('g'), press('l'))).toEqual([null, 'library']);
  expect(type(press('g'), press('u'))).toEqual([null, 'uploads']);
  expect(type(press('g'), press('g'), press('l'))).toEqual([null, null, 'library']);
});

test('a second key that comes late, or fits nothing, is a first one again', () => {
  expect(type(press('g'), press('u', { at: 2501 }))).toEqual([null, 'upload']);
  expect(type(press('g'), press('/'))).toEqual([null, 'search']);
  expect(type(press('g'), press('x'), press('l'))).toEqual([null, null, null]);
});

test('what is typed, held or pressed with Control is not ours, and ends what was begun', () => {
  expect(type(press('u', { isForeign: true }))).toEqual([null]);
  expect(type(press('g'), press('c', { isForeign: true }), press('l'))).toEqual([null, null, null]);
});

test('a keyboard of another script has the same keys in the same places', () => {
  expect(type(press('ع', { code: 'KeyU' }))).toEqual(['upload']);
  expect(type(press('п', { code: 'KeyG' }), press('д', { code: 'KeyL' }))).toEqual([null, 'library']);
  expect(type(press('u', { code: 'KeyF' }))).toEqual(['upload']); // Dvorak: by the letter, not the place
});
