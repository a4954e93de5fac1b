import { effect, signal } from '@preact/signals';
import { keepFor, recall } from './kept.ts';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

/** The same that `public/theme.js` reads before the first paint. */
const CHOICE = 'holdfast.theme';

/** What a person chose on this device, in all its tabs. */
export const theme = signal<Theme>(read());

/** Looks like `chosen` from now on, here and at the next start. */
export function chooseTheme(chosen: Theme): void {
  keepFor(CHOICE, chosen === 'system' ? null : chosen);
  theme.value = chosen;
}

/** Keeps the document, and what the browser paints around it, in the theme that was chosen. */
export function watchTheme(): void {
  addEventListener('storage', (event) => {
    if (event.key === CHOICE) theme.value = read();
  });
  const metas = [...document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')];
  // One for each scheme of the system; a choice of ours has both say the same.
  const colors = metas.map(({ content, media }) => ({ content, isDark: media.includes('dark') }));
  effect(() => {
    const shown = theme.value;
    if (shown === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = shown;
    for (const [n, meta] of metas.entries()) {
      const own = colors[n]?.content ?? '';
      const chosen = colors.find(({ isDark }) => isDark === (shown === 'dark'))?.content ?? own;
      meta.content = shown === 'system' ? own : chosen;
    }
  });
}

function read(): Theme {
  const kept = recall(CHOICE);
  return themes.find((one) => one === kept) ?? 'system';
}
