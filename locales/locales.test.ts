import { expect, test } from 'vitest';
import { apiErrors, deviceErrors } from '../shared/errors.ts';
import de from './de.json' with { type: 'json' };
import en from './en.json' with { type: 'json' };

const locales = { en, de };

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

type Tree = { [key: string]: string | Tree };

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
