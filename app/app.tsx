import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router';
import { breakLoop, COMPLETE, isLooping, isRenewing, SIGN_IN, useSessionGuard } from './guard.ts';
import { SiteHeader } from './header.tsx';
import { t } from './i18n.ts';
import { DropVeil, HiddenInputs } from './inputs.tsx';
import { Message } from './message.tsx';
import { ActionNotices, Notices } from './notices.tsx';
import { focusPage } from './page-focus.ts';
import { ping } from './presence.ts';
import { isSheetOpen, useShortcuts } from './shortcuts/shortcuts.ts';
import { SignOutDialog } from './sign-out.tsx';
import { Skeleton } from './skeleton.tsx';
import { groups, listKnown, session } from './state.ts';
import { Announcer } from './uploads/announcer.tsx';
import { UploadsPage } from './uploads/uploads-page.tsx';
import { useWindowTitle } from './window-title.ts';
import { workerState } from './worker.ts';

/** A server that answers does so within this; then silence is worth a word. In ms. */
const PATIENCE_MS = 4_000;

/** Until it is known who is here, no router is there to hear of a page that is turned to. */
const openedAt = location.pathname;

const SignInPage = lazy(() =>
  import('./sign-in/sign-in-page.tsx').then((module) => module.SignInPage).catch(() => Broken),
);
const CompletePage = lazy(() =>
  import('./sign-in/complete-page.tsx').then((module) => module.CompletePage).catch(() => Broken),
);
const LibraryPage = lazy(() =>
  import('./library/library-page.tsx').then((module) => module.LibraryPage).catch(() => Broken),
);
const SettingsPage = lazy(() =>
  import('./settings/settings-page.tsx').then((module) => module.SettingsPage).catch(() => Broken),
);
const DiagnosticsPage = lazy(() =>
  import('./diagnostics-page.tsx').then((module) => module.DiagnosticsPage).catch(() => Broken),
);

const ShortcutSheet = lazy(() => import('./shortcuts/sheet.tsx').then((module) => module.ShortcutSheet));

/** The frame around every page. */
export function App(): JSX.Element {
  return (
    // Only pages are ours to show: a link to `/api` is the browser's.
    <LocationProvider scope={/^\/(?!api\/)/}>
      <Frame />
    </LocationProvider>
  );
}

function Frame(): JSX.Element {
  useSessionGuard();
  useWindowTitle();
  const isSignedIn = session.value.state === 'signed-in';
  useShortcuts(isSignedIn);
  return (
    <>
      <a class="skip" href="#main">
        {t('app.skip')}
      </a>
      <SiteHeader />
      <Notices />
      <ActionNotices />
      {isSignedIn && listKnown.value && <Announcer />}
      <main id="main" tabIndex={-1}>
        <ErrorBoundary>
          <Content />
        </ErrorBoundary>
        {isSignedIn && <HiddenInputs />}
        {isSignedIn && <DropVeil />}
      </main>
      {isSignedIn && <SignOutDialog />}
      {isSignedIn && isSheetOpen.value && (
        <ErrorBoundary>
          <ShortcutSheet />
        </ErrorBoundary>
      )}
    </>
  );
}

function Content(): JSX.Element | null {
  const { path, query } = useLocation();
  const { state } = session.value;
  if (workerState.value === 'absent' || workerState.value === 'unsupported') return <NoWorker />;
  if (isLooping.value) return <Loop />;
  if (path === COMPLETE) return <CompletePage />;
  if (path === SIGN_IN) {
    const isDone = state === 'signed-in' && !isRenewing(path, query, session.value);
    return isDone ? <Skeleton /> : <SignInPage />;
  }
  if (state === 'unknown') return <NotKnownYet />;
  return state === 'signed-in' ? <Pages /> : <Skeleton />;
}

function Pages(): JSX.Element {
  const [isBroken, setBroken] = useState(false);
  useLayoutEffect(() => {
    const isGiven = document.activeElement?.id === 'main';
    if (location.pathname !== openedAt && !isGiven) focusPage();
  }, []);
  if (isBroken) return <Broken />;
  return (
    <ErrorBoundary onError={() => setBroken(true)}>
      <Router onRouteChange={focusPage}>
        <Route path="/" component={UploadsPage} />
        <Route path="/app" component={UploadsPage} />
        <Route path="/library" component={LibraryPage} />
        <Route path="/settings" component={SettingsPage} />
        <Route path="/diagnostics" component={DiagnosticsPage} />
        <Route default component={NotFound} />
      </Router>
    </ErrorBoundary>
  );
}

/** No page can do anything without the worker. */
function NoWorker(): JSX.Element {
  const kind = workerState.value === 'absent' ? 'worker' : 'unsupported';
  return (
    <div role="alert" data-notice="worker-absent">
      <Message icon="alert" title={t(`notice.${kind}.title`)} lead={t(`notice.${kind}.body`)}>
        <button type="button" class="button primary" onClick={() => location.reload()}>
          {t('common.reload')}
        </button>
      </Message>
    </div>
  );
}

/** Until the worker has asked the server; without a network the queue is shown meanwhile, as it is known here. */
function NotKnownYet(): JSX.Element {
  const [isSlow, setSlow] = useState(!navigator.onLine);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!isSlow) return <Skeleton />;
  if (Object.values(groups.value).some((ids) => ids.length > 0)) return <UploadsPage />;
  return (
    <Message icon="cloudOff" title={t('page.waitTitle')} lead={t('page.waitLead')}>
      <button type="button" class="button" onClick={() => void ping(true)}>
        {t('common.retry')}
      </button>
    </Message>
  );
}

function Loop(): JSX.Element {
  return (
    <Message icon="retry" title={t('page.loopTitle')} lead={t('page.loopLead')}>
      <button type="button" class="button primary" onClick={breakLoop}>
        {t('page.loopAction')}
      </button>
    </Message>
  );
}

function NotFound(): JSX.Element {
  return (
    <Message icon="file" title={t('page.notFoundTitle')}>
      <a class="button primary" href="/app">
        {t('page.toUploads')}
      </a>
    </Message>
  );
}

/** A page that is loaded on demand belongs to one build; after an update its file may be gone. */
function Broken(): JSX.Element {
  return (
    <Message icon="cloudOff" title={t('page.brokenTitle')} lead={t('page.brokenLead')}>
      <button type="button" class="button primary" onClick={() => location.reload()}>
        {t('common.reload')}
      </button>
    </Message>
  );
}
