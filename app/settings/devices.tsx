import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeviceSessions } from '../../shared/api.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { endDevice, listDevices } from '../api.ts';
import { day, moment } from '../format.ts';
import { t } from '../i18n.ts';
import { Icon } from '../icons.tsx';
import { askToSignOut } from '../sign-out.tsx';
import { NoAnswerYet, Panel, Refused, Sure } from './panel.tsx';
import { useAnswer } from './use-answer.ts';

type Device = DeviceSessions['sessions'][number];

/** Where this account is signed in. Any of it can be ended; its tabs learn of that with their next request. */
export function DevicesPanel(): JSX.Element {
  const { value, refused, reload } = useAnswer(listDevices);
  return (
    <Panel name="devices" title={t('settings.devices.title')} lead={t('settings.devices.lead')}>
      {value ? (
        <ul class="items" aria-label={t('settings.devices.list')}>
          {inOrder(value.sessions).map((device) => (
            <Item key={device.id} device={device} onEnded={reload} />
          ))}
        </ul>
      ) : (
        <NoAnswerYet refused={refused} />
      )}
    </Panel>
  );
}

/** This one first, then those used last. */
function inOrder(devices: readonly Device[]): Device[] {
  return devices.toSorted((a, b) => Number(b.current) - Number(a.current) || b.lastUsedAt - a.lastUsedAt);
}

function Item({ device, onEnded }: { device: Device; onEnded: () => Promise<void> }): JSX.Element {
  const { id, current, createdAt, lastUsedAt } = device;
  const name = device.device || t('common.unknownDevice');
  const [isSure, setSure] = useState(true);
  const [refused, setRefused] = useState<ErrorCode | null>(null);

  async function end(): Promise<void> {
    const answer = await endDevice(id);
    const isGone = answer.ok || answer.code === 'NOT_FOUND';
    setRefused(isGone ? null : answer.code);
    if (isGone) await onEnded();
    setSure(true);
  }

  return (
    <li class="item" data-session={id} data-current={current || undefined}>
      <Icon name="device" />
      <div class="item-text">
        <span class="item-name">
          <bdi>{name}</bdi>
          {current && <span class="tag">{t('settings.devices.this')}</span>}
        </span>
        <span class="hint">
          {t('settings.devices.used', { moment: moment(lastUsedAt) })}
          {', '}
          {t('settings.devices.since', { day: day(createdAt) })}
        </span>
      </div>
      {isSure ? (
        <div class="row-actions">
          <button
            type="button"
            class="button small"
            data-do="end"
            aria-label={t('settings.devices.endOne', { device: name })}
            // The one in use is not just ended: there may be uploads to ask about.
            onClick={() => (current ? askToSignOut() : setSure(false))}
          >
            {t('settings.devices.end')}
          </button>
        </div>
      ) : (
        <Sure
          name="end"
          question={t('settings.devices.endAsk')}
          yes={t('settings.devices.end')}
          no={t('settings.devices.keep')}
          onYes={() => void end()}
          onNo={() => setSure(true)}
        />
      )}
      {refused && <Refused code={refused} />}
    </li>
  );
}
