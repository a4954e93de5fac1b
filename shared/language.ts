/** The languages there are, by their own names. Each has the file `locales/<tag>.json`. */
export const languages = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  fr: 'Français',
  'pt-BR': 'Português (Brasil)',
  ja: '日本語',
  'zh-Hans': '简体中文',
  ar: 'العربية',
  hi: 'हिन्दी',
} as const;
/** The tag (BCP 47) of a language that we have. */
export type Language = keyof typeof languages;

/** What everyone gets who speaks none of ours. */
export const FALLBACK: Language = 'en';

const fromRightToLeft: ReadonlySet<Language> = new Set(['ar']);
/** Each of ours by language and script, the likely ones where its tag leaves them open: `zh Hans`, `pt Latn`. */
const bySpeech = new Map(tagsOf(languages).map((tag) => [speechOf(tag), tag]));

/** Which way `language` is written. */
export function directionOf(language: Language): 'ltr' | 'rtl' {
  return fromRightToLeft.has(language) ? 'rtl' : 'ltr';
}

/** Whether `tag` is, letter for letter, one of ours. */
export function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(languages, tag);
}

/**
 * The language of ours that serves whoever asks for `tag` (BCP 47), or null.
 *
 * It is the one with the same language and script, whatever the region: `pt-PT` gets `pt-BR` and `zh-SG` gets
 * `zh-Hans`, but `zh-TW`, which is written in another script, gets neither. What a tag leaves open is filled in by
 * "likely subtags" (UTS #35). `*`, and what is no tag at all, asks for nothing.
 */
export function languageFor(tag: string): Language | null {
  const speech = speechOf(tag);
  return speech === null ? null : (bySpeech.get(speech) ?? null);
}

/** Those of ours that serve `wanted`, in its order, each once; then the one for everyone else. */
export function languagesFor(wanted: readonly string[]): Language[] {
  const found = wanted.map(languageFor).filter((language) => language !== null);
  return [...new Set([...found, FALLBACK])];
}

function speechOf(tag: string): string | null {
  try {
    // Some systems write locales with underscores.
    const { language, script } = new Intl.Locale(tag.replaceAll('_', '-')).maximize();
    return `${language} ${script}`;
  } catch {
    return null;
  }
}

function tagsOf(all: typeof languages): Language[] {
  return Object.keys(all).filter(isLanguage);
}
