import { t } from '../i18n.ts';

/** How a key is written that is pressed with Control, which is Command on what Apple makes. */
export function withControl(key: string): string {
  return /Mac|iPhone|iPad/.test(navigator.userAgent) ? `⌘${key}` : `${t('keys.ctrl')}+${key}`;
}
