import type { ComponentChildren, JSX } from 'preact';
import { dismissExpiry, expiryNotice } from './guard.ts';
import { t } from './i18n.ts';
import { Icon } from './icons.tsx';
import { refusals, trouble } from './intake.ts';
import { workerState } from './worker.ts';

/** What a person should know whatever page they are on; above the routes, so it outlives a move between them. */
export function Notices(): JSX.Element {
  return (
    <div class="notices">
      <ExpiryNotice />
      <WorkerNotice />
      <TroubleNotice />
      <RefusalNotice />
    </div>
  );
}

/** What surrounds the notice is live before it is there, or a screen reader would have nothing to hear change. */
function ExpiryNotice(): JSX.Element {
  return (
    <div aria-live="polite">
      {expiryNotice.value !== null && (
        <Notice
          name="session-expired"
          role="status"
          title={t('notice.expired.title')}
          onDismiss={dismissExpiry}
        >
          <p>{t('notice.expired.body')}</p>
        </Notice>
      )}
    </div>
  );
}

function WorkerNotice(): JSX.Element | null {
  if (workerState.value !== 'absent' && workerState.value !== 'unsupported') return null;
  const kind = workerState.value === 'absent' ? 'worker' : 'unsupported';
  return (
    <div role="alert">
      <Notice name="worker-absent" title={t(`notice.${kind}.title`)}>
        <p>{t(`notice.${kind}.body`)}</p>
        <button type="button" class="button primary" onClick={() => location.reload()}>
          {t('common.reload')}
        </button>
      </Notice>
    </div>
  );
}

function TroubleNotice(): JSX.Element {
  const code = trouble.value;
  return (
    <div role="status">
      {code && (
        <Notice name="trouble" title={t('notice.trouble.title')} onDismiss={() => (trouble.value = null)}>
          <p>{t(`error.${code}`)}</p>
        </Notice>
      )}
    </div>
  );
}

function RefusalNotice(): JSX.Element {
  const refused = refusals.value;
  return (
    <div role="status">
      {refused.length > 0 && (
        <Notice name="refused" title={t('refused.title')} onDismiss={() => (refusals.value = [])}>
          <ul>
            {refused.map(({ name, code }) => (
              <li key={name}>{t('refused.one', { name, reason: t(`error.${code}`) })}</li>
            ))}
          </ul>
        </Notice>
      )}
    </div>
  );
}

function Notice(props: {
  name: string;
  role?: 'status';
  title: string;
  children: ComponentChildren;
  onDismiss?: () => void;
}): JSX.Element {
  return (
    <div class="notice" data-notice={props.name} role={props.role}>
      <span class="notice-icon">
        <Icon name={props.name === 'session-expired' ? 'lock' : 'alert'} />
      </span>
      <div class="notice-text">
        <strong>{props.title}</strong>
        {props.children}
      </div>
      {props.onDismiss && (
        <button type="button" class="icon-button" aria-label={t('common.dismiss')} onClick={props.onDismiss}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
