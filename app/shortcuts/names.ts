import { t } from '../i18n.ts';

/** How a key is written that is pressed with Control, which is Command on what Apple makes. */
export function withControl(key: string): string {
  return /Mac|iPhone|iPad/.test(navigator.userAgent) ? `⌘${key}` : `${t('keys.ctrl')}+${key}`;
}

/** What more there is in the library and in a preview, where it is listened for, and the keys as they are written. */
export function libraryKeys(): { name: string; keys: readonly string[] }[] {
  return [
    { name: t('keys.move'), keys: ['↑', '↓', '←', '→'] },
    { name: t('keys.turn'), keys: ['←', '→'] },
    { name: t('library.selectAll'), keys: [withControl('A')] },
    { name: t('keys.range'), keys: [`${t('keys.shift')}+${t('keys.click')}`] },
    { name: t('keys.undo'), keys: [withControl('Z')] },
    { name: t('keys.escape'), keys: [t('keys.esc')] },
  ];
}
