import { signal } from '@preact/signals';
import i18next from 'i18next';
import en from '../locales/en.json' with { type: 'json' };
import { type ErrorCode, isErrorCode } from '../shared/errors.ts';

/** The languages there are, by their own names. */
export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

/** The language of everything shown. Components that show text follow it by calling `t`. */
export const language = signal<Language>('en');

type Subject<Key extends string> = Key extends `${infer Stem}_${'one' | 'other'}` ? Stem : Key;
type Keys<Tree, Prefix extends string = ''> = {
  [Key in keyof Tree & string]: Tree[Key] extends string
    ? `${Prefix}${Subject<Key>}`
    : Keys<Tree[Key], `${Prefix}${Key}.`>;
}[keyof Tree & string];

/** Every text there is, plural forms left out: a key without a text does not compile. */
export type TextKey = Keys<typeof en>;

const CHOICE = 'holdfast.language';
const texts = i18next.createInstance();

/** Shows the language that was chosen here before, or the first of the browser's languages that we have. */
export async function startLanguage(): Promise<void> {
  await texts.init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    // Preact escapes what it renders.
    interpolation: { escapeValue: false },
  });
  const wanted = [localStorage.getItem(CHOICE), ...navigator.languages];
  await show(wanted.map(known).find((found) => found !== null) ?? 'en');
}

/** Shows `chosen` from now on, here and at the next start. */
export async function chooseLanguage(chosen: Language): Promise<void> {
  localStorage.setItem(CHOICE, chosen);
  await show(chosen);
}

/** The text for `key` in the language shown, with `values` filled in; `count` picks the plural form. */
export function t(key: TextKey, values?: Record<string, string | number>): string {
  // Reading the signal makes the component that asks render again when the language changes.
  const lng = language.value;
  return texts.t(key, { ...values, lng, replace: written(values, lng) });
}

/** Numbers as they are written in the language shown: `10,000`. */
function written(values: Record<string, string | number> | undefined, lng: string): Record<string, string> {
  const entries = Object.entries(values ?? {}).map(([name, value]) => [name, value.toLocaleString(lng)]);
  return Object.fromEntries(entries);
}

/** The words for an error code; of one that only a newer release knows, that this page is older. */
export function errorText(code: ErrorCode): string {
  return t(`error.${isErrorCode(code) ? code : 'OUTDATED'}`);
}

async function show(next: Language): Promise<void> {
  if (next === 'de' && !texts.hasResourceBundle('de', 'translation')) {
    const found = await import('../locales/de.json').catch(() => null); // offline before it was ever cached
    if (!found) return;
    texts.addResourceBundle('de', 'translation', found.default);
  }
  language.value = next;
  document.documentElement.lang = next;
  // Both languages run from left to right; a third that does not would say so here.
  document.documentElement.dir = 'ltr';
}

function known(tag: string | null): Language | null {
  const primary = tag?.toLowerCase().split('-')[0] ?? '';
  return Object.hasOwn(languages, primary) ? (primary as Language) : null;
}
