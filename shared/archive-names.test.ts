import { expect, test } from 'vitest';
import { archiveNames } from './archive-names.ts';

const named = (...paths: string[]) =>
  archiveNames(
    paths.map((path) => {
      const at = path.lastIndexOf('/');
      return { path: path.slice(0, Math.max(0, at)), name: path.slice(at + 1) };
    }),
  );

test('names that are one name on some file systems are told apart', () => {
  expect(named('a.txt', 'A.txt', 'b/a.txt', 'a.txt')).toEqual(['a.txt', 'A (2).txt', 'b/a.txt', 'a (3).txt']);
  expect(named('\u00e9', 'e\u0301')).toEqual(['\u00e9', 'e\u0301 (2)']);
  expect(named('a', 'a (2)', 'a')).toEqual(['a', 'a (2)', 'a (3)']);
});

test('a file is not where a folder is', () => {
  expect(named('trip', 'trip/one', 'Trip/day/two', 'trip/Day')).toEqual([
    'trip (2)',
    'trip/one',
    'Trip/day/two',
    'trip/Day (2)',
  ]);
});

test('names that Windows refuses, or takes for a drive or a device, are changed', () => {
  expect(named('12:30?.png', 'C:/Users/x', 'a. /b.', 'CON', 'nul.txt', 'COM1/x', 'console')).toEqual([
    '12_30_.png',
    'C_/Users/x',
    'a__/b_',
    '_CON',
    '_nul.txt',
    '_COM1/x',
    'console',
  ]);
  expect(named('<>"|*')).toEqual(['_____']);
});

test('ten thousand of one name take no longer than others', () => {
  const names = named(...Array.from({ length: 10_000 }, () => 'IMG.jpg'));
  expect(new Set(names).size).toBe(10_000);
  expect(names.at(-1)).toBe('IMG (10000).jpg');
});
