import { expect, test } from 'vitest';
import { nameSortKey } from './file-order.ts';

function sorted(names: readonly string[]): string[] {
  return names.toSorted((a, b) => (nameSortKey(a) < nameSortKey(b) ? -1 : 1));
}

test('numbers count by their value', () => {
  const names = ['photo 1', 'photo 2', 'photo 10', 'photo 010 b', 'photo 100', 'photo x'];
  expect(sorted(names.toReversed())).toEqual(names);
});

test('case and accents do not count', () => {
  expect(sorted(['zebra', 'Äpfel', 'apfelmus', 'Banane', 'été', 'Etui'])).toEqual([
    'Äpfel',
    'apfelmus',
    'Banane',
    'été',
    'Etui',
    'zebra',
  ]);
});

test('a key is bounded, whatever the name', () => {
  for (const name of ['9'.repeat(255), '\ufdfa'.repeat(255), '😀'.repeat(127)]) {
    expect(nameSortKey(name).length).toBeLessThanOrEqual(200);
    expect(nameSortKey(name).isWellFormed()).toBe(true);
  }
});
