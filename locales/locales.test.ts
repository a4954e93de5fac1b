import { expect, test } from 'vitest';
import { apiErrors, deviceErrors } from '../shared/errors.ts';
import { languages } from '../shared/language.ts';
import ar from './ar.json' with { type: 'json' };
import de from './de.json' with { type: 'json' };
import en from './en.json' with { type: 'json' };
import es from './es.json' with { type: 'json' };
import fr from './fr.json' with { type: 'json' };
import hi from './hi.json' with { type: 'json' };
import ja from './ja.json' with { type: 'json' };
import ptBR from './pt-BR.json' with { type: 'json' };
import zhHans from './zh-Hans.json' with { type: 'json' };

const locales = { en, de, es, fr, 'pt-BR': ptBR, ja, 'zh-Hans': zhHans, ar, hi };
const others = Object.entries(locales).filter(([language]) => language !== 'en');

/** Still word for word English. Whoever translates one takes it off this list. */
const standIns: readonly string[] = ['es', 'fr', 'pt-BR', 'ja', 'zh-Hans', 'ar', 'hi'];

/** Texts that may be the same in English and another language: names, signs and words that travel. */
const travels = [
  /^app\.name$/,
  /^title\.(percent|needsYou)$/,
  /^state\.(failed|percent|progress)$/,
  /^overview\.speed$/,
  /^limit$/,
  /^signIn\.code$/,
  /^(settings\.about|account|diagnostics)\.\w+$/,
  /^uploads\.title$/,
  /^app\.uploads$/,
  /^keys\.then$/,
  /^settings\.passkeys\.title$/,
];

test('every language that can be chosen has its texts', () => {
  expect(Object.keys(locales)).toEqual(Object.keys(languages));
});

test.each(Object.entries(locales))(
  '%s has exactly the texts of English, in its own plural forms',
  (language, texts) => {
    expect(subjects(texts)).toEqual(subjects(en));
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, used] of plurals(texts)) expect([key, used.sort()]).toEqual([key, [...forms].sort()]);
  },
);

test.each(Object.entries(locales))('%s fills in what English fills in', (_language, texts) => {
  expect(holes(texts)).toEqual(holes(en));
});

test.each(Object.entries(locales))('%s has a text for every error code', (_language, texts) => {
  const codes = [...Object.keys(apiErrors), ...deviceErrors].sort();
  expect(Object.keys(texts.error).sort()).toEqual(codes);
});

test.each(Object.entries(locales))('%s leaves no text empty', (_language, texts) => {
  expect(entries(texts).filter(([, text]) => text.trim() === '')).toEqual([]);
});

test.each(others)('%s was not left in English by accident', (language, texts) => {
  const english = new Map(entries(en));
  const same = entries(texts).filter(([key, text]) => english.get(key) === text);
  const suspicious = same.filter(([key, text]) => isProse(text) && !travels.some((one) => one.test(key)));
  if (standIns.includes(language)) expect(suspicious.length).toBeGreaterThan(100);
  else expect(suspicious).toEqual([]);
});

type Tree = { [key: string]: string | Tree };

/** Whether there are words in it that could have been translated, beside what is filled in. */
function isProse(text: string): boolean {
  return /\p{L}{2}/u.test(text.replace(/\{\{\w+\}\}/g, '').replace('Holdfast', ''));
}

function entries(tree: Tree, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [[prefix + key, value] as [string, string]]
      : entries(value, `${prefix}${key}.`),
  );
}

const plural = /_(zero|one|two|few|many|other)$/;

function subjects(tree: Tree): string[] {
  return [...new Set(entries(tree).map(([key]) => key.replace(plural, '')))].sort();
}

function plurals(tree: Tree): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [key] of entries(tree)) {
    const form = key.match(plural)?.[1];
    if (form) found.set(key.replace(plural, ''), [...(found.get(key.replace(plural, '')) ?? []), form]);
  }
  return found;
}

/** Placeholders by text; the forms of a plural count together, since `one` may do without its number. */
function holes(tree: Tree): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [key, text] of entries(tree)) {
    const subject = key.replace(plural, '');
    const names = [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '');
    found[subject] = [...new Set([...(found[subject] ?? []), ...names])].sort();
  }
  return found;
}
