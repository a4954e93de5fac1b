import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldForSearch, matchesSearch } from './file-search.ts';

const find = (path: string, name: string, q: string) => matchesSearch({ path, name }, q);

test('a file is found by any piece of its name or folder, whatever the case and the script', () => {
  const cases: [string, string, string, boolean][] = [
    ['', 'Report.pdf', 'REPORT', true],
    ['', 'Report.pdf', 'pdf', true],
    ['', 'ÜBUNG.txt', 'übung', true],
    ['', 'u\u0308bung.txt', 'ÜBUNG', true],
    ['', 'Straße.txt', 'STRASSE', true],
    ['', 'ΟΔΟΣ.txt', 'οδοσ', true],
    ['', 'οδός.txt', 'ΟΔΌΣ', true],
    ['', 'ПРИВЕТ.txt', 'привет', true],
    ['', 'ﬁle.txt', 'FILE', true],
    ['', 'ＦＵＬＬ.txt', 'full', true],
    ['Fotos/Urlaub', 'a.jpg', 'urlaub', true],
    ['Fotos/Urlaub', 'a.jpg', 'urlaub/a', true],
    ['', 'a.jpg', '/', false],
    ['', '100%.txt', '100%', true],
    ['', '100.txt', '100%', false],
    ['', 'a_b', 'a.b', false],
    ['', 'photo', '', true],
    ['', 'photo', '  photo ', true],
    ['', 'photo', 'photos', false],
  ];
  for (const [path, name, q, found] of cases) {
    expect([path, name, q, find(path, name, q)]).toEqual([path, name, q, found]);
  }
});

test('a file is found by each piece of its own name, as it is and in the other case', () => {
  const word = fc.stringMatching(/^[a-zäöüßéσςйжЖÀ-Ö0-9 _%-]{1,12}$/u);
  fc.assert(
    fc.property(word, word, word, (before, piece, after) => {
      const name = before + piece + after;
      for (const q of [piece, piece.toUpperCase(), piece.toLowerCase()]) expect(find('', name, q)).toBe(true);
    }),
  );
});

test('what is folded is not changed by folding it again', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\p{L}\p{N}\p{P}]{0,12}$/u), (text) => {
      expect(foldForSearch(foldForSearch(text))).toBe(foldForSearch(text));
    }),
  );
});
