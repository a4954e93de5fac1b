import { computed, signal } from '@preact/signals';
import i18next from 'i18next';
import type en from '../locales/en.json';
import { type ErrorCode, isErrorCode } from '../shared/errors.ts';
import {
  directionOf,
  FALLBACK,
  isLanguage,
  type Language,
  languageFor,
  languages,
  languagesFor,
} from '../shared/language.ts';
import { type Values, writtenValues } from '../shared/texts.ts';
import { keepFor, recall } from './kept.ts';
import { loadTexts } from './texts.ts';

/** The language of everything shown. Components that show text follow it by calling `t`. */
export const language = signal<Language>(FALLBACK);

/** The language shown, as it is written where this person lives, if the browser says so: `en-GB` rather than `en`. */
export const locale = computed(
  () => navigator.languages.find((tag) => languageFor(tag) === language.value) ?? language.value,
);

type Subject<Key extends string> = Key extends `${infer Stem}_${Intl.LDMLPluralRule}` ? Stem : Key;
type Keys<Tree, Prefix extends string = ''> = {
  [Key in keyof Tree & string]: Tree[Key] extends string
    ? `${Prefix}${Subject<Key>}`
    : Keys<Tree[Key], `${Prefix}${Key}.`>;
}[keyof Tree & string];

/** Every text there is, plural forms left out: a key without a text does not compile. */
export type TextKey = Keys<typeof en>;

const CHOICE = 'holdfast.language';
/** Those that were loaded. */
const texts = i18next.createInstance();
/** Its settings are taken at once: nothing is loaded by it. */
const isReady = texts.init({
  lng: FALLBACK,
  // Every language is whole, so there is no other to fall back to.
  fallbackLng: false,
  load: 'currentOnly',
  resources: {},
  // Preact escapes what it renders.
  interpolation: { escapeValue: false },
});

/**
 * Shows the language that was chosen here before, or the first of the browser's languages that we have; where its texts
 * can't be had now, the next one, and any rather than none. Whether there is any to show.
 */
export async function startLanguage(): Promise<boolean> {
  // Chosen in another tab it is so here, or each tab would have the worker speak its own.
  addEventListener('storage', ({ key, newValue }) => {
    if (key === CHOICE && newValue !== null && isLanguage(newValue)) void show(newValue);
  });
  const chosen = recall(CHOICE);
  const wanted = languagesFor([...(chosen === null ? [] : [chosen]), ...navigator.languages]);
  const others = Object.keys(languages).filter(isLanguage);
  for (const one of new Set([...wanted, ...others])) if (await show(one)) return true;
  return false;
}

/** Shows `chosen` from now on, here and at the next start; it stays as it is where the texts can't be had now. */
export async function chooseLanguage(chosen: Language): Promise<void> {
  keepFor(CHOICE, chosen);
  await show(chosen);
}

/** The text for `key` in the language shown, with `values` filled in; `count` picks the plural form. */
export function t(key: TextKey, values: Values = {}): string {
  // Reading the signal makes the component that asks render again when the language changes.
  const lng = language.value;
  return texts.t(key, { ...values, lng, replace: writtenValues(values, locale.value) });
}

/** The words for an error code; of one that only a newer release knows, that this page is older. */
export function errorText(code: ErrorCode): string {
  return t(`error.${isErrorCode(code) ? code : 'OUTDATED'}`);
}

/** Whether its texts could be had: without a network and a cached copy they can't. */
async function show(next: Language): Promise<boolean> {
  await isReady;
  if (!texts.hasResourceBundle(next, 'translation')) {
    const found = await loadTexts(next);
    if (!found) return false;
    texts.addResourceBundle(next, 'translation', found);
  }
  language.value = next;
  document.documentElement.lang = next;
  document.documentElement.dir = directionOf(next);
  return true;
}
