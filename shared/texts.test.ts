import { expect, test } from 'vitest';
import { writtenValues } from './texts.ts';

test('numbers are written as the language does, and names stay as they are', () => {
  expect(writtenValues({ name: 'film.bin', count: 12_345 }, 'en')).toEqual({
    name: 'film.bin',
    count: '12,345',
  });
  expect(writtenValues({ count: 1234 }, 'de')).toEqual({ count: '1.234' });
});

test('where words run from right to left, what is filled in is set apart from them', () => {
  expect(writtenValues({ name: 'film.bin', percent: '40%' }, 'ar-EG')).toEqual({
    name: '\u2068film.bin\u2069',
    percent: '\u206840%\u2069',
  });
});
