import { expect, test } from 'vitest';
import { folderSearched, searchForFolder, stepsOf } from './folder.ts';

test('the search for a folder is known as such where something is in it', () => {
  const paths = ['Holiday/Beach', 'Work', ''];
  expect(folderSearched(searchForFolder('Holiday'), paths)).toBe('Holiday');
  expect(folderSearched(searchForFolder('Holiday/Beach'), paths)).toBe('Holiday/Beach');
  expect(folderSearched('Holi', paths)).toBe(null);
  expect(folderSearched('holiday/', paths)).toBe(null);
  expect(folderSearched('Gone/', paths)).toBe(null);
});

test('a path is its steps', () => {
  expect(stepsOf('')).toEqual([]);
  expect(stepsOf('a/b')).toEqual([
    { name: 'a', path: 'a' },
    { name: 'b', path: 'a/b' },
  ]);
});
