import { expect, test } from 'vitest';
import { endedShellCaches, shellCacheName } from './shell-cache.ts';

const names = ['holdfast-shell-old', 'holdfast-shell-older', 'holdfast-shell-new', 'something-else'];

test('a build that no page shows has ended; the present one and other caches have not', () => {
  expect(endedShellCaches(names, 'new', ['new'])).toEqual(['holdfast-shell-old', 'holdfast-shell-older']);
  expect(endedShellCaches(names, 'new', [])).toEqual(['holdfast-shell-old', 'holdfast-shell-older']);
});

test('a build that a page still shows is kept for it', () => {
  expect(endedShellCaches(names, 'new', ['new', 'old'])).toEqual(['holdfast-shell-older']);
});

test('nothing has ended while a page has not said what it shows', () => {
  expect(endedShellCaches(names, 'new', ['new', null])).toEqual([]);
});

test('the present cache goes by the name it is looked for by', () => {
  expect(endedShellCaches([shellCacheName('new')], 'new', [])).toEqual([]);
});
