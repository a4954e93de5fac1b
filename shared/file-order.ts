import { foldForSearch } from './file-search.ts';

/** Keys are cut to this, in UTF-16 units: names that are alike for so long may come in any order. */
const MAX_KEY_UNITS = 200;

/**
 * What files are sorted by when they are sorted by name, compared character by character: the case and accents do not
 * count, and numbers do by their value, so `photo 2` comes before `Photo 10`.
 */
export function nameSortKey(name: string): string {
  const plain = foldForSearch(name)
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '');
  return plain.replace(/\d+/g, numberKey).slice(0, MAX_KEY_UNITS).toWellFormed();
}

/** A number behind the count of its digits: of two numbers, the one with more digits is larger. */
function numberKey(digits: string): string {
  const significant = digits.replace(/^0+(?=\d)/, '');
  return String(Math.min(99, significant.length)).padStart(2, '0') + significant;
}
