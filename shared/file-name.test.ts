import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cleanFileName,
  cleanFolderPath,
  freeName,
  isFileName,
  isFolderPath,
  MAX_NAME_UNITS,
  MAX_PATH_UNITS,
} from './file-name.ts';

test.each([
  'film.mp4',
  '.profile',
  '...',
  ' ',
  'a b',
  'naïve \u{1f600}.txt',
  'COM1',
  'x'.repeat(MAX_NAME_UNITS),
])('%j is a file name', (name) => {
  expect(isFileName(name)).toBe(true);
  expect(cleanFileName(name)).toBe(name);
});

test.each([
  ['', '_'],
  ['.', '_'],
  ['..', '_'],
  ['a/b', 'a_b'],
  ['a\\b', 'a_b'],
  ['a\u0000b', 'a_b'],
  ['a\nb', 'a_b'],
  ['a\u007fb\u0085', 'a_b_'],
  ['half \ud83d a character', 'half \ufffd a character'],
  [`${'x'.repeat(300)}.jpeg`, `${'x'.repeat(250)}.jpeg`],
  [`${'x'.repeat(254)}\u{1f600}`, `${'x'.repeat(254)}\ufffd`],
  ['x'.repeat(300), 'x'.repeat(255)],
])('%j is none, and becomes %j', (name, cleaned) => {
  expect(isFileName(name)).toBe(false);
  expect(cleanFileName(name)).toBe(cleaned);
});

test.each([
  ['', ''],
  ['a/b c/d', 'a/b c/d'],
  ['/a//b/', 'a/b'],
  ['../a/./b/..', 'a/b'],
  ['a\\b/c\u0001', 'a_b/c_'],
  ['/', ''],
  ['..', ''],
])('the folder path %j is cleaned to %j', (path, cleaned) => {
  expect(cleanFolderPath(path)).toBe(cleaned);
});

test.each(['/', '/a', 'a/', 'a//b', 'a/../b', './a', 'a\\b', 'x/'.repeat(1200)])(
  '%j is no folder path',
  (path) => {
    expect(isFolderPath(path)).toBe(false);
  },
);

test('a path that is too long loses whole names at its end', () => {
  const name = 'x'.repeat(200);
  const names = Array<string>(20).fill(name);
  expect(cleanFolderPath(names.join('/'))).toBe(names.slice(0, 10).join('/'));
  const short = Array<string>(1500).fill('..x').join('/');
  expect(isFolderPath(cleanFolderPath(short))).toBe(true);
});

const nastyUnit = fc.constantFrom(
  '/',
  '\\',
  '.',
  '..',
  '\u0000',
  '\u009f',
  '\ud800',
  '\udc00',
  '\u{1f600}',
  'a',
  ' ',
);
const nasty = fc.array(fc.oneof(nastyUnit, nastyUnit, fc.string({ unit: 'binary', maxLength: 3 })), {
  maxLength: 40,
});
const anyText = fc.oneof(
  nasty.map((units) => units.join('')),
  fc.tuple(nasty, fc.nat(300)).map(([units, times]) => units.join('').repeat(times).slice(0, 9000)),
  fc.tuple(fc.nat(300), nasty).map(([times, units]) => 'y'.repeat(times) + units.join('')),
);

test('whatever a device calls a file or folder, the cleaned name is valid, and stays as it is', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const name = cleanFileName(text);
      expect(isFileName(name)).toBe(true);
      expect(cleanFileName(name)).toBe(name);
      const path = cleanFolderPath(text);
      expect(isFolderPath(path)).toBe(true);
      expect(path.length).toBeLessThanOrEqual(MAX_PATH_UNITS);
      expect(cleanFolderPath(path)).toBe(path);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  ['photo.jpg', [], 'photo.jpg'],
  ['photo.jpg', ['photo.jpg'], 'photo (2).jpg'],
  ['photo.jpg', ['photo.jpg', 'photo (2).jpg', 'photo (4).jpg'], 'photo (3).jpg'],
  ['archive.tar.gz', ['archive.tar.gz'], 'archive.tar (2).gz'],
  ['.profile', ['.profile'], '.profile (2)'],
  ['README', ['README'], 'README (2)'],
  ['v1.this is no extension', ['v1.this is no extension'], 'v1.this is no extension (2)'],
])('beside %j a file of that name is kept as its own', (name, taken, free) => {
  expect(freeName(name, (one) => (taken as string[]).includes(one))).toBe(free);
});

test('a free name is a file name that nobody has', () => {
  fc.assert(
    fc.property(anyText.map(cleanFileName), fc.nat(30), (name, times) => {
      const taken = new Set<string>();
      for (let n = 0; n <= times; n++) {
        const free = freeName(name, (one) => taken.has(one));
        expect(isFileName(free)).toBe(true);
        expect(taken.has(free)).toBe(false);
        taken.add(free);
      }
    }),
    { numRuns: 500 },
  );
});
