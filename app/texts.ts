import ar from '../locales/ar.json?url';
import de from '../locales/de.json?url';
import en from '../locales/en.json?url';
import es from '../locales/es.json?url';
import fr from '../locales/fr.json?url';
import hi from '../locales/hi.json?url';
import ja from '../locales/ja.json?url';
import ptBR from '../locales/pt-BR.json?url';
import zhHans from '../locales/zh-Hans.json?url';
import type { Language } from '../shared/language.ts';
import type { Texts } from '../shared/texts.ts';

/** Where the texts are: as data, which a browser reads faster than as a script, and only those that are shown. */
const addresses: Readonly<Record<Language, string>> = {
  en,
  de,
  es,
  fr,
  'pt-BR': ptBR,
  ja,
  'zh-Hans': zhHans,
  ar,
  hi,
};

/** The texts of one language; null where they can't be had now, as without a network before they were ever cached. */
export async function loadTexts(language: Language): Promise<Texts | null> {
  try {
    const answer = await fetch(addresses[language]);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
