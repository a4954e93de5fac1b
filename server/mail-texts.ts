import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { isLanguage, type Language, languages, languagesFor } from '../shared/language.ts';

/** The words of one kind of mail; `{{name}}` is filled in. */
export interface MailText {
  readonly subject: string;
  readonly body: string;
}

/** What is read of `locales/<language>.json` here. */
const Locale = v.object({
  mail: v.object({ code: v.object({ subject: v.string(), body: v.string() }) }),
});

const folder = join(import.meta.dirname, '..', 'locales');

/** The mail with a sign-in code, in every language there is. */
export async function readCodeMails(): Promise<ReadonlyMap<Language, MailText>> {
  const texts = new Map<Language, MailText>();
  for (const language of Object.keys(languages).filter(isLanguage)) {
    const file: unknown = JSON.parse(await readFile(join(folder, `${language}.json`), 'utf8'));
    texts.set(language, v.parse(Locale, file).mail.code);
  }
  return texts;
}

/**
 * The text in the language that `accepted` (an `Accept-Language`, RFC 9110 §12.5.4) prefers among those there are, by
 * the same rules as in the app, and English whoever speaks none of them.
 */
export function inLanguage<T>(texts: ReadonlyMap<Language, T>, accepted: string): T | undefined {
  const wanted = accepted
    .split(',')
    .map((item) => {
      const [tag = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { tag, quality: quality === undefined ? 1 : Number(quality) || 0 };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality); // stable: of two alike, the first
  const language = languagesFor(wanted.map(({ tag }) => tag)).find((one) => texts.has(one));
  return language && texts.get(language);
}

/** `text` with each `{{name}}` replaced. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (hole, name: string) => values[name] ?? hole);
}
