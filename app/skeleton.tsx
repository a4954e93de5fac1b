import type { JSX } from 'preact';
import { t } from './i18n.ts';

/** The outline of a page that is about to come, as tall as what comes. */
export function Skeleton(): JSX.Element {
  return (
    <div class="skeleton" role="status" aria-label={t('common.loading')}>
      <div class="bone tall" />
      <div class="bone" />
      <div class="bone" />
      <div class="bone" />
    </div>
  );
}
