import type { JSX } from 'preact';
import type { NeedsFileWhy, UploadAction, UploadState, UploadView } from '../../shared/upload-view.ts';
import { FileName, FileTile } from '../file-name.tsx';
import { duration, percentage, size, timeOfDay } from '../format.ts';
import { errorText, t } from '../i18n.ts';
import { IconButton } from '../icon-button.tsx';
import { Icon, type IconName } from '../icons.tsx';
import { act } from '../intake.ts';
import { askToShare } from '../sharing/target.ts';
import { row } from '../state.ts';
import { actionsOf, endsSoon } from './order.ts';
import { percentOfRow } from './progress.ts';
import { SessionEnd } from './session-end.tsx';

/**
 * One upload. It reads its own signal, so it renders when this upload changes and never otherwise. In a long list
 * it says which of how many it is, since its neighbours need not be there.
 */
export function UploadRow({
  id,
  at,
  index,
  of,
}: {
  id: string;
  at?: number;
  index?: number;
  of?: number;
}): JSX.Element | null {
  const view = row(id)?.value;
  if (!view) return null;
  return (
    <li
      class="row"
      data-upload={view.id}
      data-state={view.state.at}
      data-acknowledged={view.acknowledgedBytes}
      data-safe={view.safe}
      tabIndex={-1}
      {...(index !== undefined && {
        style: { '--at': at },
        'aria-posinset': index + 1,
        'aria-setsize': of,
      })}
    >
      <FileTile name={view.name} sign={signs[view.state.at] ?? null} />
      <div class="row-main">
        <p class="row-name">
          <FileName name={view.name} />
          {view.path !== '' && (
            <bdi class="row-path" title={view.path}>
              {view.path}
            </bdi>
          )}
        </p>
        <p class="row-state">
          <span class="row-words" title={stateWords(view)}>
            {stateWords(view)}
          </span>
          {endsSoon(view) && <SessionEnd at={view.sessionEndsAt} />}
          <span class="row-numbers">{numbers(view)}</span>
        </p>
        <Bar view={view} />
      </div>
      <div class="row-actions">
        {view.state.at === 'stored' && (
          <IconButton
            icon="share"
            data-do="share"
            label={t('share.one', { name: view.name })}
            title={t('share.action')}
            onClick={() => askToShare({ at: 'files', ids: [view.id], name: view.name })}
          />
        )}
        {shownActions(view).map((action, index) => (
          <Action key={index} action={action} view={view} />
        ))}
      </div>
    </li>
  );
}

/** Two strengths in one bar: what is held for good, and what has been received on top of it. */
function Bar({ view }: { view: UploadView }): JSX.Element {
  const percent = percentOfRow(view);
  const held = view.shownBytes > 0 ? (100 * view.acknowledgedBytes) / view.shownBytes : 0;
  return (
    <progress
      class="bar"
      max={100}
      value={percent}
      aria-label={view.name}
      aria-valuetext={t('state.progress', {
        percent: percentage(percent),
        size: size(view.size),
        state: stateWords(view),
      })}
      style={{ '--held': `${held}%` }}
    />
  );
}

const signs: Record<UploadState['at'], IconName | null> = {
  queued: null,
  sending: 'up',
  waiting: 'clock',
  held: 'lock',
  expired: 'refresh',
  'needs-file': 'select',
  'needs-permission': 'lock',
  paused: 'pause',
  verifying: 'up',
  stored: 'check',
  failed: 'hand',
  cancelled: 'cancel',
};

const whys: ReadonlySet<NeedsFileWhy> = new Set(['restarted', 'changed', 'gone', 'unreadable', 'bytes-lost']);

function stateWords({ state }: UploadView): string {
  switch (state.at) {
    case 'waiting':
      if (state.why === 'metered') return t('metered.waiting');
      return state.why === 'offline'
        ? t('state.waitingOffline')
        : t('state.waitingUntil', { time: timeOfDay(state.until) });
    case 'needs-file':
      return t(`state.needsFile.${whys.has(state.why) ? state.why : 'restarted'}`);
    case 'needs-permission':
      return t('state.needsPermission');
    case 'failed': {
      const reason = errorText(state.code);
      if (state.limit !== undefined) return t('limit', { reason, limit: size(state.limit) });
      return t('state.failed', { reason });
    }
    case 'queued':
    case 'sending':
    case 'held':
    case 'expired':
    case 'paused':
    case 'verifying':
    case 'stored':
    case 'cancelled':
      return t(`state.${state.at}`);
    default:
      // A worker newer than this page may know more states.
      return t('state.unknown');
  }
}

function numbers(view: UploadView): string {
  if (view.state.at === 'stored' || view.state.at === 'cancelled') return size(view.size);
  const parts =
    view.shownBytes > 0
      ? [t('state.percent', { percent: percentage(percentOfRow(view)), size: size(view.size) })]
      : [size(view.size)];
  if (view.state.at === 'sending' && view.bytesPerSecond !== null) {
    parts.push(t('overview.speed', { size: size(view.bytesPerSecond) }));
    if (view.secondsLeft !== null) parts.push(t('overview.timeLeft', { time: duration(view.secondsLeft) }));
  }
  return parts.join(' · ');
}

/** Those that move an upload on are said in words; the others are plain enough as icons. */
const inWords: ReadonlySet<UploadAction> = new Set(['retry', 'undo', 'refresh', 'select', 'permit']);
const inOrder: readonly UploadAction[] = [
  'permit',
  'select',
  'refresh',
  'retry',
  'undo',
  'resume',
  'pause',
  'cancel',
  'remove',
];

function shownActions(view: UploadView): UploadAction[] {
  const possible = actionsOf(view);
  return inOrder.filter((action) => possible.includes(action));
}

function Action({ action, view }: { action: UploadAction; view: UploadView }): JSX.Element {
  const isWord = inWords.has(action);
  return (
    <button
      type="button"
      class={isWord ? 'button small' : 'icon-button'}
      data-do={action}
      aria-label={t(`doOne.${action}`, { name: view.name })}
      title={t(`do.${action}`)}
      onClick={() => void act(action, [view.id])}
    >
      {isWord && <span class="word">{t(`do.${action}`)}</span>}
      <Icon name={action === 'remove' ? 'close' : action} />
    </button>
  );
}
