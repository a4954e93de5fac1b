import { directionOf, FALLBACK, languageFor } from './language.ts';

/** The texts of one language, as `locales/<tag>.json` has them. */
export interface Texts {
  readonly [key: string]: string | Texts;
}

/** What is filled in for `{{name}}`; `count` picks the plural form as well. */
export type Values = Readonly<Record<string, string | number>>;

// Making one costs far more than using it, and a list of thousands of rows asks for each text again and again.
const formats = new Map<string, Intl.NumberFormat>();

/**
 * `values` as they stand in a sentence: numbers as they are written in `locale` (`10,000`), and where it runs from right
 * to left everything else set apart (Unicode's "first strong isolate"), or a name would turn the words around it about.
 */
export function writtenValues(values: Values, locale: string): Record<string, string> {
  const isolates = directionOf(languageFor(locale) ?? FALLBACK) === 'rtl';
  const written = (value: string | number) => {
    if (typeof value === 'number') return formatOf(locale).format(value);
    return isolates ? `\u2068${value}\u2069` : value;
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, written(value)]));
}

function formatOf(locale: string): Intl.NumberFormat {
  const format = formats.get(locale) ?? new Intl.NumberFormat(locale);
  formats.set(locale, format);
  return format;
}
