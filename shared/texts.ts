import { directionOf, FALLBACK, languageFor } from './language.ts';

/** The texts of one language, as `locales/<tag>.json` has them. */
export interface Texts {
  readonly [key: string]: string | Texts;
}

/** What is filled in for `{{name}}`; `count` picks the plural form as well. */
export type Values = Readonly<Record<string, string | number>>;

interface Rules {
  readonly plural: Intl.PluralRules;
  readonly number: Intl.NumberFormat;
  /** Names and sizes are set apart (Unicode's "first strong isolate"), or they would turn the words around them about. */
  readonly isolates: boolean;
}

// Making these costs far more than using them, and a list of thousands of rows asks for each text again and again.
const rules = new Map<string, Rules>();

/**
 * The text at `key` (`group.name`) with `values` filled in, numbers as they are written in `language`: `10,000`.
 *
 * With a `count` it is the one whose name ends in the plural category of that number (`name_one`, `name_few`, …), of
 * which each language has its own set. A text that is missing shows as its key.
 */
export function textAt(texts: Texts, key: string, values: Values, language: string): string {
  const { plural, number, isolates } = rulesOf(language);
  const { count } = values;
  const form = typeof count === 'number' ? at(texts, `${key}_${plural.select(count)}`) : undefined;
  const text = form ?? at(texts, key) ?? key;
  return text.replace(/\{\{(\w+)\}\}/g, (hole, name: string) => {
    const value = values[name];
    if (value === undefined) return hole;
    if (typeof value === 'number') return number.format(value);
    return isolates ? `\u2068${value}\u2069` : value;
  });
}

function at(texts: Texts, key: string): string | undefined {
  let found: string | Texts | undefined = texts;
  for (const step of key.split('.')) {
    if (typeof found !== 'object' || !Object.hasOwn(found, step)) return undefined;
    found = found[step];
  }
  return typeof found === 'string' ? found : undefined;
}

function rulesOf(language: string): Rules {
  const known = rules.get(language);
  if (known) return known;
  const made = {
    plural: new Intl.PluralRules(language),
    number: new Intl.NumberFormat(language),
    isolates: directionOf(languageFor(language) ?? FALLBACK) === 'rtl',
  };
  rules.set(language, made);
  return made;
}
