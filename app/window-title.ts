import { useLayoutEffect } from 'preact/hooks';
import { isUnseen } from './attention.ts';
import { percentage } from './format.ts';
import { t } from './i18n.ts';
import { overall, session } from './state.ts';
import { titleFacts } from './uploads/progress.ts';

/** Keeps the window's title true: a tab in the background is often all that is seen of the app. */
export function useWindowTitle(): void {
  const title = titleText();
  useLayoutEffect(() => {
    document.title = title;
  }, [title]);
}

function titleText(): string {
  if (isUnseen.value) return t('title.expired');
  if (session.value.state === 'expired' || session.value.state === 'signed-out') return t('title.signIn');
  const { percent, needsYou } = titleFacts(overall.value);
  const title = percent === null ? t('app.name') : t('title.percent', { percent: percentage(percent) });
  return needsYou > 0 ? t('title.needsYou', { count: needsYou, title }) : title;
}
