import type { JSX } from 'preact';
import { isLanguage, languages } from '../shared/language.ts';
import { chooseLanguage, language, t } from './i18n.ts';

/** The choice of the language, each by its own name. */
export function LanguageField(): JSX.Element {
  return (
    <label class="field">
      <span>{t('account.language')}</span>
      <select
        data-language
        value={language.value}
        onChange={({ currentTarget: { value } }) => isLanguage(value) && void chooseLanguage(value)}
      >
        {Object.entries(languages).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
