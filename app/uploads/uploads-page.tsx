import type { JSX } from 'preact';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { elsewhere } from '../elsewhere.ts';
import { t } from '../i18n.ts';
import { Icon } from '../icons.tsx';
import { discarded, inbox } from '../inbox.ts';
import { InstallOffer } from '../install/install-offer.tsx';
import { isComparing, openPicker } from '../intake.ts';
import { shareTarget } from '../sharing/target.ts';
import { Skeleton } from '../skeleton.tsx';
import { groups, listKnown, taking } from '../state.ts';
import { NotificationOffer } from './notification-offer.tsx';
import { groupNames } from './order.ts';
import { Overview } from './overview.tsx';
import { FEW, UploadList } from './upload-list.tsx';

/** Few have anything under way elsewhere, or in the inbox, so nobody waits for it. */
const Inbox = lazy(() => import('./inbox.tsx').then((module) => module.Inbox).catch(() => () => null));
const DiscardBar = lazy(() =>
  import('./inbox.tsx').then((module) => module.DiscardBar).catch(() => () => null),
);
const ElsewhereList = lazy(() =>
  import('./elsewhere-list.tsx').then((module) => module.ElsewhereList).catch(() => () => null),
);

const ShareDialog = lazy(() =>
  import('../sharing/share-dialog.tsx').then((module) => module.ShareDialog).catch(() => () => null),
);

/** Everything on its way, and the way to add more. */
export function UploadsPage(): JSX.Element {
  if (!listKnown.value) return <Skeleton />;
  const rows = groupNames.reduce((sum, name) => sum + groups.value[name].length, 0);
  const isEmpty = rows === 0;
  const isLong = rows > FEW; // nobody would scroll that far down for it
  return (
    <>
      <h1 class="visually-hidden">{t('uploads.title')}</h1>
      <FromApps />
      {shareTarget.value && (
        <ErrorBoundary>
          <ShareDialog />
        </ErrorBoundary>
      )}
      {isEmpty ? (
        <>
          <DropArea />
          <Elsewhere />
        </>
      ) : (
        <div class="uploads">
          <aside class="uploads-side">
            <Overview />
            <AddMore />
            <NotificationOffer />
            <InstallOffer />
          </aside>
          <div class="uploads-main">
            {isLong && <Elsewhere />}
            <UploadList />
            {!isLong && <Elsewhere />}
          </div>
        </div>
      )}
    </>
  );
}

/** What other apps have shared, and after it, where Tab goes next when that is gone, the way back from discarding it. */
function FromApps(): JSX.Element {
  const isAny = inbox.value.length > 0;
  return (
    <>
      <div role="status">
        {isAny && (
          <ErrorBoundary>
            <Inbox />
          </ErrorBoundary>
        )}
      </div>
      {(isAny || discarded.value) && (
        <ErrorBoundary>
          <DiscardBar />
        </ErrorBoundary>
      )}
    </>
  );
}

/** With nothing to list, the page is one place to put files. */
function DropArea(): JSX.Element {
  return (
    <section class="drop-area">
      <span class="drop-mark">
        <Icon name="up" />
      </span>
      <h2>{t('uploads.emptyTitle')}</h2>
      <p class="lead">{t('uploads.emptyLead')}</p>
      <PickButtons />
      <p class="hint" role="status">
        {takingWords() ?? t('uploads.paste')}
      </p>
    </section>
  );
}

function AddMore(): JSX.Element {
  return (
    <section class="add-more">
      <h2 class="visually-hidden">{t('uploads.more')}</h2>
      <PickButtons />
      <p class="hint" role="status">
        {takingWords() ?? t('uploads.moreLead')}
      </p>
    </section>
  );
}

/** What is being done with the files that were just given, or null when nothing is. */
function takingWords(): string | null {
  if (isComparing.value) return t('uploads.comparing');
  if (taking.value === null) return null;
  return taking.value > 0 ? t('uploads.taking', { count: taking.value }) : t('uploads.reading');
}

function PickButtons(): JSX.Element {
  return (
    <div class="pick-buttons">
      <button type="button" class="button primary" onClick={() => openPicker('files')}>
        <Icon name="file" />
        {t('uploads.chooseFiles')}
      </button>
      <button type="button" class="button" onClick={() => openPicker('folder')}>
        <Icon name="folder" />
        {t('uploads.chooseFolder')}
      </button>
      <button type="button" class="button by-touch" onClick={() => openPicker('camera')}>
        {t('camera.take')}
      </button>
    </div>
  );
}

function Elsewhere(): JSX.Element | null {
  if (elsewhere.value.length === 0) return null;
  return (
    <ErrorBoundary>
      <ElsewhereList />
    </ErrorBoundary>
  );
}
