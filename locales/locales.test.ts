import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { apiErrors, deviceErrors } from '../shared/errors.ts';
import { languages } from '../shared/language.ts';

type Tree = { [key: string]: string | Tree };

/** Texts that may be the same in English and another language: names, signs and words that travel. */
const travels = [
  /^app\.name$/,
  /^title\.(page|percent|needsYou)$/,
  /^state\.(failed|percent|progress)$/,
  /^overview\.speed$/,
  /^limit$/,
  /^signIn\.code$/,
  /^(settings\.about|account|diagnostics)\.\w+$/,
  /^uploads\.title$/,
  /^app\.(tabs|uploads)$/,
  /^keys\.(then|ctrl|shift|esc)$/,
  /^settings\.(passkeys\.title|general\.notifications)$/,
  /^settings\.shares\.downloads_(one|other)$/,
];

/** Every file of this folder, by its language: who adds one is tested without saying so here. */
const locales = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.json'))
  .map((name): [string, Tree] => [basename(name, '.json'), read(name)]);
const en = read('en.json');

test('every language that can be chosen has its texts', () => {
  expect(locales.map(([language]) => language).sort()).toEqual(Object.keys(languages).sort());
});

test('there is more than one language, and each file is named by its BCP 47 tag', () => {
  const tags = locales.map(([language]) => language);
  expect(tags.length).toBeGreaterThan(1);
  // One that is not supported would be tested by the plural forms of the machine's own language.
  expect(Intl.PluralRules.supportedLocalesOf(tags)).toEqual(tags);
});

test.each(locales)('%s has exactly the texts of English, in its own plural forms', (language, texts) => {
  expect(subjects(texts)).toEqual(subjects(en));
  expect([...plurals(texts).keys()].sort()).toEqual([...plurals(en).keys()].sort());
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  for (const [key, used] of plurals(texts)) expect([key, used.sort()]).toEqual([key, [...forms].sort()]);
});

test.each(locales)('%s fills in what English fills in', (language, texts) => {
  const wanted = holes(en);
  for (const [key, text] of entries(texts)) {
    const form = key.match(plural)?.[1];
    const all = wanted.get(key.replace(plural, '')) ?? [];
    const found = holesOf(text);
    // Where a form means one number only, its words may say the number: "a file", "two files".
    if (form && saysItsNumber(language, form) && !found.includes('count')) found.push('count');
    expect([key, found.sort()]).toEqual([key, all]);
  }
});

test.each(locales)('%s has a text for every error code', (_language, texts) => {
  const codes = [...Object.keys(apiErrors), ...deviceErrors].sort();
  expect(Object.keys(texts.error ?? {}).sort()).toEqual(codes);
});

test.each(locales)('%s leaves no text empty', (_language, texts) => {
  expect(entries(texts).filter(([, text]) => text.trim() === '')).toEqual([]);
});

test.each(locales)('%s sets quotes, apostrophes and dots as in print', (_language, texts) => {
  expect(entries(texts).filter(([, text]) => /["']|\.\.\./.test(text))).toEqual([]);
});

test.each(locales.filter(([language]) => language !== 'en'))(
  '%s was not left in English by accident',
  (_language, texts) => {
    const english = new Map(entries(en));
    const same = entries(texts).filter(([key, text]) => english.get(key) === text);
    const suspicious = same.filter(([key, text]) => isProse(text) && !travels.some((one) => one.test(key)));
    expect(suspicious).toEqual([]);
  },
);

function read(name: string): Tree {
  return JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'));
}

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

/** Placeholders by text; those of a plural are those of all its forms together. */
function holes(tree: Tree): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [key, text] of entries(tree)) {
    const subject = key.replace(plural, '');
    found.set(subject, [...new Set([...(found.get(subject) ?? []), ...holesOf(text)])].sort());
  }
  return found;
}

function holesOf(text: string): string[] {
  return [...new Set([...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? ''))];
}

/** Whether `form` is that of one number only: "one" of German, and not that of French, which has 0 too. */
function saysItsNumber(language: string, form: string): boolean {
  const rules = new Intl.PluralRules(language);
  return (
    Array.from({ length: 201 }, (_, count) => rules.select(count)).filter((of) => of === form).length === 1
  );
}
