import type { TextKey, t } from './i18n.ts';

const names: Readonly<Record<string, TextKey | null>> = {
  '/': null,
  '/app': null,
  '/library': 'library.title',
  '/settings': 'settings.title',
  '/diagnostics': 'diagnostics.title',
  '/signin': 'signIn.title',
  '/signin/complete': 'signIn.title',
};

/** What the page at `path` is called; null for the uploads, which are what the app is there for. */
export function pageName(path: string): TextKey | null {
  const name = names[path];
  return name === undefined ? 'page.notFoundTitle' : name;
}

/**
 * The window's title: what there is to tell comes first, since a narrow tab shows no more, then the page and the app.
 * `percent` is written as it is to be read, null when nothing is under way.
 */
export function windowTitle(
  facts: { page: TextKey | null; percent: string | null; needsYou: number },
  say: typeof t,
): string {
  const { page, percent, needsYou } = facts;
  let title = page === null ? say('app.name') : say('title.page', { page: say(page) });
  if (percent !== null) title = say('title.percent', { percent, title });
  return needsYou > 0 ? say('title.needsYou', { count: needsYou, title }) : title;
}
