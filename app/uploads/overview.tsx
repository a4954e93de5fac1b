import type { JSX } from 'preact';
import { limitOfClosing } from '../../shared/capabilities.ts';
import { isHeldBack } from '../../shared/metered.ts';
import { readCapabilities } from '../capabilities.ts';
import { onlyUnmetered } from '../choices.ts';
import { metered } from '../device.ts';
import { duration, number, percentage, size } from '../format.ts';
import { t } from '../i18n.ts';
import { Icon, type IconName } from '../icons.tsx';
import { groups, overall, tabFacts, totals } from '../state.ts';
import { type SafeLine, safeLine } from './safety.ts';

/** The whole list in one look: how far, how fast, how long, and whether this tab may be closed. */
export function Overview(): JSX.Element {
  const { percent, files, stored } = overall.value;
  return (
    <section class="overview" aria-labelledby="overview-title">
      <h2 id="overview-title" class="visually-hidden">
        {t('overview.title')}
      </h2>
      <p class="overview-percent">{percentage(percent)}</p>
      <progress
        class="bar"
        max={100}
        value={percent}
        aria-labelledby="overview-title"
        aria-valuetext={percentage(percent)}
      />
      <p class="overview-files">
        {stored === files
          ? t('overview.allStored', { count: stored })
          : t('overview.stored', { count: files, stored: number(stored) })}
      </p>
      <p class="overview-facts">
        <span>{sizes()}</span>
        <span>{pace()}</span>
        {standsByChoice() && <a href="/settings">{t('account.settings')}</a>}
      </p>
      <Safe />
    </section>
  );
}

function sizes(): string {
  const { percent, bytes, shownBytes } = overall.value;
  return percent === 100
    ? size(bytes)
    : t('overview.ofBytes', { done: size(shownBytes), total: size(bytes) });
}

function pace(): string {
  const { bytesPerSecond, secondsLeft, unfinished } = totals.value;
  if (unfinished === 0) return '';
  if (standsByChoice()) return t('metered.waiting');
  if (groups.value.moving.length === 0) return t('overview.nothingMoves');
  // The first second has no speed yet, and is no standstill either.
  if (bytesPerSecond === null) return '';
  const speed = t('overview.speed', { size: size(bytesPerSecond) });
  const left = secondsLeft === null ? [] : [t('overview.timeLeft', { time: duration(secondsLeft) })];
  return [speed, ...left].join(' · ');
}

/** By what a person chose in the settings, which is where they can choose otherwise. */
function standsByChoice(): boolean {
  const stands = totals.value.unfinished > 0 && groups.value.moving.length === 0;
  return stands && isHeldBack(onlyUnmetered.value, metered.value);
}

const icons: Record<SafeLine, IconName> = {
  none: 'check',
  done: 'check',
  yes: 'check',
  oneClick: 'permit',
  taking: 'lock',
  no: 'lock',
  noElsewhere: 'lock',
  needsYou: 'hand',
};

function Safe(): JSX.Element | null {
  const line = safeLine(tabFacts.value, overall.value);
  if (line === 'none') return null;
  return (
    <div class="safe" data-safe-line={line}>
      <span class="safe-icon">
        <Icon name={icons[line]} />
      </span>
      <p>
        <strong>{t(`safe.${line}`)}</strong>
        <span>{lead(line)}</span>
      </p>
    </div>
  );
}

function lead(line: Exclude<SafeLine, 'none'>): string {
  const { unsafeFiles: files, unsafeBytes: bytes } = tabFacts.value;
  if (line === 'noElsewhere') return t('safe.noElsewhereLead', { count: files });
  const limit = line === 'yes' ? limitOfClosing(readCapabilities()) : null;
  if (limit) return t(`limits.${limit}`);
  if (line !== 'no') return t(`safe.${line}Lead`);
  return bytes > 0 ? t('safe.noLead', { size: size(bytes) }) : t('safe.noLeadEmpty', { count: files });
}
