import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';

/** The words of one kind of mail; `{{name}}` is filled in. */
export interface MailText {
  readonly subject: string;
  readonly body: string;
}

/** What is read of `locales/<language>.json` here. */
const Locale = v.object({
  mail: v.object({ code: v.object({ subject: v.string(), body: v.string() }) }),
});

const FALLBACK = 'en';
const folder = join(import.meta.dirname, '..', 'locales');

/** The mail with a sign-in code, by language: every one that has a file in `locales/`. */
export async function readCodeMails(): Promise<ReadonlyMap<string, MailText>> {
  const texts = new Map<string, MailText>();
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.json')) continue;
    const file: unknown = JSON.parse(await readFile(join(folder, name), 'utf8'));
    texts.set(basename(name, '.json').toLowerCase(), v.parse(Locale, file).mail.code);
  }
  return texts;
}

/**
 * The text in the language that `accepted` (an `Accept-Language`, RFC 9110 §12.5.4) prefers among those there are;
 * "de" serves "de-AT", and English whoever speaks none of them.
 */
export function inLanguage<T>(texts: ReadonlyMap<string, T>, accepted: string): T | undefined {
  const wanted = accepted
    .split(',')
    .map((item) => {
      const [tag = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { tag, quality: quality === undefined ? 1 : Number(quality) || 0 };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality); // stable: of two alike, the first
  for (const { tag } of wanted) {
    const text = texts.get(tag) ?? texts.get(tag.split('-')[0] ?? '');
    if (text !== undefined) return text;
  }
  return texts.get(FALLBACK);
}

/** `text` with each `{{name}}` replaced. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (hole, name: string) => values[name] ?? hole);
}
