import type { ComponentChildren, JSX } from 'preact';
import { useLocation } from 'preact-iso/router';
import { FileName } from './file-name.tsx';
import { number } from './format.ts';
import { dismissExpiry, expiryNotice } from './guard.ts';
import { errorText, t } from './i18n.ts';
import { IconButton } from './icon-button.tsx';
import { Icon, type IconName } from './icons.tsx';
import { inbox, shareRefused } from './inbox.ts';
import { addAgain, knownFiles, type Refusal, refusals, trouble } from './intake.ts';
import { farewell } from './sign-out.tsx';
import { droppedChanges, session } from './state.ts';
import { showRow } from './uploads/spotlight.ts';
import { call, update, version } from './worker.ts';

/** What a person should know whatever page they are on; above the routes, so it outlives a move between them. */
export function Notices(): JSX.Element {
  return (
    <div class="notices">
      <ExpiryNotice />
      <FarewellNotice />
      <ShareNotice />
      <VersionNotice />
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
          icon="lock"
          title={t('notice.expired.title')}
          onDismiss={dismissExpiry}
        >
          <p>{t('notice.expired.body')}</p>
        </Notice>
      )}
    </div>
  );
}

/** How the last one left this device, where there is more to say than that they did. */
function FarewellNotice(): JSX.Element {
  const how = session.value.state === 'signed-out' ? farewell.value : null;
  return (
    <div role="status">
      {how && (
        <Notice
          name={`sign-out-${how}`}
          isCalm
          icon={how === 'pending' ? 'clock' : 'check'}
          title={t(`notice.signOut.${how}.title`)}
          onDismiss={() => (farewell.value = null)}
        >
          <p>{t(`notice.signOut.${how}.body`)}</p>
        </Notice>
      )}
    </div>
  );
}

/** What other apps have shared: that it is here while nobody is signed in, or why it is not. */
function ShareNotice(): JSX.Element {
  const refused = shareRefused.value;
  const count = session.value.state === 'signed-in' ? 0 : inbox.value.length;
  return (
    <div role="status">
      {refused && (
        <Notice name="share-refused" title={t('inbox.refused')} onDismiss={() => (shareRefused.value = null)}>
          <p>{t(`inbox.${refused}`)}</p>
        </Notice>
      )}
      {count > 0 && <Notice name="inbox" isCalm icon="clock" title={t('inbox.signedOut', { count })} />}
    </div>
  );
}

/**
 * What became of the last thing that was asked for: it is in sight wherever the page was scrolled to. Where it names
 * files, it is for whoever is signed in.
 */
export function ActionNotices(): JSX.Element {
  const isSignedIn = session.value.state === 'signed-in';
  return (
    <div class="notices acting">
      <TroubleNotice />
      {isSignedIn && <KnownNotice />}
      {isSignedIn && <RefusalNotice />}
      <DroppedNotice />
    </div>
  );
}

/** A new version waits, or took over because of another tab. Nothing happens before a person wants it. */
function VersionNotice(): JSX.Element {
  const at = version.value;
  return (
    <div role="status">
      {(at === 'waiting' || at === 'updating') && (
        <Notice name="update" isCalm icon="refresh" title={t('version.waiting')}>
          <button
            type="button"
            class="button small"
            data-do="update"
            aria-disabled={at === 'updating'}
            onClick={() => at === 'waiting' && void update()}
          >
            {t(at === 'waiting' ? 'version.update' : 'version.updating')}
          </button>
        </Notice>
      )}
      {at === 'replaced' && (
        <Notice name="replaced" isCalm icon="refresh" title={t('version.replaced')}>
          <button type="button" class="button small" data-do="reload" onClick={() => location.reload()}>
            {t('version.reload')}
          </button>
        </Notice>
      )}
    </div>
  );
}

function TroubleNotice(): JSX.Element {
  const code = trouble.value;
  return (
    <div role="status">
      {code && (
        <Notice name="trouble" title={t('notice.trouble.title')} onDismiss={() => (trouble.value = null)}>
          <p>{errorText(code)}</p>
        </Notice>
      )}
    </div>
  );
}

/** Files that were not added a second time. */
function KnownNotice(): JSX.Element {
  const known = knownFiles.value;
  const { path, route } = useLocation();
  const [first] = known;

  function show(id: string): void {
    if (path !== '/' && path !== '/app') route('/app');
    showRow(id);
  }

  return (
    <div role="status">
      {first && (
        <Notice
          name="known"
          isCalm
          icon="check"
          title={t('known.title', { count: known.length })}
          onDismiss={() => (knownFiles.value = [])}
        >
          {known.length === 1 && <FileName name={first.file.file.name} />}
          <p class="notice-actions">
            <button type="button" class="button small" data-do="show" onClick={() => show(first.of)}>
              {t('known.show')}
            </button>
            <button
              type="button"
              class="button small"
              data-do="add-again"
              onClick={() => void addAgain(known.map(({ file }) => file))}
            >
              {t('known.again')}
            </button>
          </p>
        </Notice>
      )}
    </div>
  );
}

/** Refused files shown one by one; a thousand of them would help nobody. */
const REFUSALS_SHOWN = 50;

function RefusalNotice(): JSX.Element {
  const refused = refusals.value;
  const more = refused.length - REFUSALS_SHOWN;
  return (
    <div role="status">
      {refused.length > 0 && (
        <Notice
          name="refused"
          title={t('refused.title', { count: refused.length })}
          onDismiss={() => (refusals.value = [])}
        >
          <p>{t('refused.lead')}</p>
          <ul class="refused">
            {refused.slice(0, REFUSALS_SHOWN).map((refusal) => (
              <Refused key={refusal.picked} refusal={refusal} />
            ))}
          </ul>
          {more > 0 && <p>{t('refused.more', { count: more })}</p>}
          {refused.length > 1 && (
            <button
              type="button"
              class="button small"
              data-do-all="add-as-new"
              onClick={() => void addAgain(refused.map(({ file }) => file))}
            >
              {t('refused.allAsNew')}
            </button>
          )}
        </Notice>
      )}
    </div>
  );
}

function Refused({ refusal }: { refusal: Refusal }): JSX.Element {
  const { picked, name, code, file } = refusal;
  return (
    <li data-refused={picked} data-code={code}>
      <span class="refused-why">
        <FileName name={name} />
        <span>{refusalWords(refusal)}</span>
      </span>
      <button
        type="button"
        class="button small"
        data-do="add-as-new"
        aria-label={t('refused.oneAsNew', { name })}
        onClick={() => void addAgain([file])}
      >
        {t('refused.asNew')}
      </button>
    </li>
  );
}

function refusalWords({ code, fromPart }: Refusal): string {
  if (code === 'OTHER_CONTENT' && fromPart !== undefined)
    return t('refused.otherFrom', { part: number(fromPart) });
  return errorText(code);
}

/** Changes to the library that were asked for without a network, and could not be made later. */
function DroppedNotice(): JSX.Element {
  const count = droppedChanges.value;
  return (
    <div role="status">
      {count > 0 && (
        <Notice
          name="outbox-dropped"
          title={t('dropped.title', { count })}
          onDismiss={() => void call('outbox.seen', {})}
        >
          <p>{t('dropped.lead')}</p>
        </Notice>
      )}
    </div>
  );
}

function Notice(props: {
  name: string;
  role?: 'status';
  title: string;
  icon?: IconName;
  /** Says something a person may want to know, and nothing that went wrong. */
  isCalm?: boolean;
  children?: ComponentChildren;
  onDismiss?: () => void;
}): JSX.Element {
  return (
    <div class={props.isCalm ? 'notice calm' : 'notice'} data-notice={props.name} role={props.role}>
      <span class="notice-icon">
        <Icon name={props.icon ?? 'alert'} />
      </span>
      <div class="notice-text">
        <strong>{props.title}</strong>
        {props.children}
      </div>
      {props.onDismiss && <IconButton icon="close" label={t('common.dismiss')} onClick={props.onDismiss} />}
    </div>
  );
}
