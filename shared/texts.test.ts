import { expect, test } from 'vitest';
import { textAt } from './texts.ts';

const texts = {
  plain: 'Hello',
  group: { name: '{{name}} has {{percent}}', files_one: '{{count}} file', files_other: '{{count}} files' },
};

test.each([
  ['plain', {}, 'Hello'],
  ['group.name', { name: 'Ada', percent: '40%' }, 'Ada has 40%'],
  ['group.name', { name: '{{percent}}', percent: '$&' }, '{{percent}} has $&'],
  ['group.name', { name: 'Ada' }, 'Ada has {{percent}}'],
  ['group.files', { count: 1 }, '1 file'],
  ['group.files', { count: 0 }, '0 files'],
  ['group.files', { count: 12_345 }, '12,345 files'],
  ['group.missing', { count: 1 }, 'group.missing'],
  ['group', {}, 'group'],
  ['plain.toString', {}, 'plain.toString'],
  ['constructor', {}, 'constructor'],
] as const)('%s with %j is %j', (key, values, text) => {
  expect(textAt(texts, key, values, 'en')).toBe(text);
});

test('each language has its own plural forms and its own digits', () => {
  const arabic = { n_zero: 'z {{count}}', n_two: 't', n_few: 'f', n_many: 'm', n_one: 'o', n_other: 'x' };
  const forms = [0, 1, 2, 3, 11, 100].map((count) => textAt(arabic, 'n', { count }, 'ar').slice(0, 1));
  expect(forms).toEqual(['z', 'o', 't', 'f', 'm', 'x']);
  expect(textAt({ n_one: 'a', n_other: '{{count}}' }, 'n', { count: 1234 }, 'de')).toBe('1.234');
});

test('where words run from right to left, what is filled in is set apart from them', () => {
  const values = { name: 'film.bin', percent: '40%' };
  expect(textAt(texts, 'group.name', values, 'ar-EG')).toBe('\u2068film.bin\u2069 has \u206840%\u2069');
});
