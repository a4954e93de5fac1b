import { useLayoutEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { isUnseen } from './attention.ts';
import { percentage } from './format.ts';
import { SIGN_IN } from './guard.ts';
import { t } from './i18n.ts';
import { pageName, windowTitle } from './page-title.ts';
import { overall, session } from './state.ts';
import { titleFacts } from './uploads/progress.ts';

/** Keeps the window's title true: a tab in the background is often all that is seen of the app. */
export function useWindowTitle(): void {
  const title = titleText(useLocation().path);
  useLayoutEffect(() => {
    document.title = title;
  }, [title]);
}

function titleText(path: string): string {
  if (isUnseen.value) return t('title.expired');
  // Whoever is signed out is on the way to sign-in, and is told nothing of the uploads.
  if (session.value.state === 'expired' || session.value.state === 'signed-out')
    return windowTitle({ page: pageName(SIGN_IN), percent: null, needsYou: 0 }, t);
  const { percent, needsYou } = titleFacts(overall.value);
  const written = percent === null ? null : percentage(percent);
  return windowTitle({ page: pageName(path), percent: written, needsYou }, t);
}
