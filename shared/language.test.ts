import { expect, test } from 'vitest';
import { directionOf, isLanguage, languageFor, languages, languagesFor } from './language.ts';

test.each([
  ['en', 'en'],
  ['en-GB', 'en'],
  ['EN-us', 'en'],
  ['de-AT', 'de'],
  ['de_CH', 'de'],
  ['es-419', 'es'],
  ['fr-CA', 'fr'],
  ['pt', 'pt-BR'],
  ['pt-PT', 'pt-BR'],
  ['pt-br', 'pt-BR'],
  ['ja-JP', 'ja'],
  ['zh', 'zh-Hans'],
  ['zh-CN', 'zh-Hans'],
  ['zh-SG', 'zh-Hans'],
  ['zh-Hans-HK', 'zh-Hans'],
  ['ar-EG', 'ar'],
  ['hi-IN', 'hi'],
])('%s is served by %s', (tag, language) => {
  expect(languageFor(tag)).toBe(language);
});

test.each(['zh-TW', 'zh-Hant', 'zh-HK', 'hi-Latn', 'en-Shaw', 'it', 'tlh', 'german', '*', '', 'x', 'd e'])(
  '%j is served by none of ours',
  (tag) => {
    expect(languageFor(tag)).toBeNull();
  },
);

test('every language of ours serves whoever asks for it by its tag', () => {
  for (const tag of Object.keys(languages)) expect(languageFor(tag)).toBe(tag);
});

test('those that serve come in the order of the wishes, each once, and English last', () => {
  expect(languagesFor(['it', 'zh-TW', 'de-AT', 'de', 'fr'])).toEqual(['de', 'fr', 'en']);
  expect(languagesFor(['en-GB', 'hi'])).toEqual(['en', 'hi']);
  expect(languagesFor([])).toEqual(['en']);
});

test('only Arabic runs from right to left', () => {
  const runsSo = Object.keys(languages).filter((tag) => isLanguage(tag) && directionOf(tag) === 'rtl');
  expect(runsSo).toEqual(['ar']);
});
