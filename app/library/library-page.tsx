import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { StoredFile } from '../../shared/api.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { folderSearched, searchForFolder, stepsOf } from '../../shared/folder.ts';
import type { FileAsk } from '../api.ts';
import { moment, size } from '../format.ts';
import { errorText, t } from '../i18n.ts';
import { Icon } from '../icons.tsx';
import { Message } from '../message.tsx';
import { PreviewDialog } from '../preview/preview-dialog.tsx';
import { ShareDialog } from '../sharing/share-dialog.tsx';
import { askToShare } from '../sharing/target.ts';
import { useKeys } from '../shortcuts/chords.ts';
import { Skeleton } from '../skeleton.tsx';
import { libraryVersion } from '../state.ts';
import { addressOf, askOf } from './address.ts';
import { removed, unmarkMade } from './changes.ts';
import { DeletionBar } from './deletion-bar.tsx';
import { download } from './download.ts';
import { FileList } from './file-list.tsx';
import { type Known, Listing } from './listing.ts';
import { select, selected } from './selection.ts';
import { SelectionBar } from './selection-bar.tsx';
import { Toolbar } from './toolbar.tsx';
import { view } from './view.ts';

/** A server that was away comes back without any event of the browser's: it is asked again after this, in ms. */
const ASK_AGAIN_MS = 10_000;

/** What has arrived: searched, sorted, looked at, shared. The list is the server's, or what the worker remembers of it. */
export function LibraryPage(): JSX.Element {
  const { query, route } = useLocation();
  const ask = askOf(query);
  const listing = useListing(ask);
  const known = listing.known.value;
  const refused = listing.refused.value;
  const turnTo = (next: FileAsk) => {
    route(addressOf(next), true);
    scrollTo({ top: 0, behavior: 'instant' }); // another list begins at its beginning
  };
  if (!known) {
    if (refused === null) return <Skeleton />;
    return (
      <Message icon="cloudOff" {...refusalText(refused)}>
        <button type="button" class="button" onClick={() => void listing.reload()}>
          {t('common.retry')}
        </button>
      </Message>
    );
  }
  return (
    <>
      <DeletionBar />
      {known.count === 0 && known.ask.q === '' && ask.q === '' ? (
        <Message icon="folder" title={t('library.emptyTitle')} lead={t('library.emptyLead')}>
          <a class="button primary" href="/app">
            {t('library.emptyAction')}
          </a>
        </Message>
      ) : (
        <Library ask={ask} known={known} refused={refused} listing={listing} onAsk={turnTo} />
      )}
      <ShareDialog />
    </>
  );
}

function refusalText(code: ErrorCode): { title: string; lead: string } {
  if (code === 'UNREACHABLE') return { title: t('library.offlineTitle'), lead: t('library.offlineLead') };
  return { title: t('notice.trouble.title'), lead: errorText(code) };
}

function Library(props: {
  ask: FileAsk;
  known: Known;
  refused: ErrorCode | null;
  listing: Listing;
  onAsk: (next: FileAsk) => void;
}): JSX.Element {
  const { ask, known, refused, listing, onAsk } = props;
  const [opened, setOpened] = useState<string | null>(null);
  const gone = removed.value;
  const files = useMemo(
    () => (gone.size === 0 ? known.files : known.files.filter(({ id }) => !gone.has(id))),
    [known.files, gone],
  );
  const count = known.count - (known.files.length - files.length);
  const search = (q: string) => onAsk({ ...ask, q });

  async function selectAll(): Promise<void> {
    const all = await listing.all();
    if (all) select(all.filter(({ id }) => !removed.peek().has(id)).map(({ id }) => id));
  }
  useKeys({
    'Control+a': () => void selectAll(),
    Escape: () => {
      if (selected.peek().size > 0) select([]);
    },
  });

  return (
    <section class="library" aria-labelledby="library-title">
      <header class="library-head">
        <h1 id="library-title">{t('library.title')}</h1>
        <Used known={known} />
      </header>
      <Toolbar ask={ask} onAsk={onAsk} />
      <Where ask={known.ask} files={files} count={count} onSearch={search} />
      <Staleness known={known} refused={refused} onRetry={() => void listing.reload()} />
      {count === 0 ? (
        <div class="nothing-found">
          <p class="nothing-title">{t('library.noneTitle')}</p>
          {known.ask.q !== '' && <p>{t('library.noneLead', { q: known.ask.q })}</p>}
          <button type="button" class="button" data-do="show-all" onClick={() => search('')}>
            {t('library.all')}
          </button>
        </div>
      ) : (
        <FileList
          view={view.value}
          files={files}
          count={count}
          onWant={(to) => void listing.want(to + known.files.length - files.length)}
          onOpen={setOpened}
          onSearch={search}
        />
      )}
      <SelectionBar files={files} onSelectAll={selectAll} />
      {opened !== null && (
        <PreviewDialog
          files={files}
          count={count}
          id={opened}
          onMove={setOpened}
          onClose={() => setOpened(null)}
        />
      )}
    </section>
  );
}

function Used({ known: { usedBytes, quotaBytes } }: { known: Known }): JSX.Element {
  const text = t('library.used', { used: size(usedBytes), quota: size(quotaBytes) });
  return (
    <div class="used">
      <p id="library-used">{text}</p>
      <progress
        class="bar"
        max={quotaBytes}
        value={usedBytes}
        aria-labelledby="library-used"
        aria-valuetext={text}
      />
    </div>
  );
}

/** How much is listed, and the folder it is in, where each folder above is one click away. */
function Where(props: {
  ask: FileAsk;
  files: readonly StoredFile[];
  count: number;
  onSearch: (q: string) => void;
}): JSX.Element {
  const { ask, files, count, onSearch } = props;
  const folder = folderSearched(
    ask.q,
    files.map(({ path }) => path),
  );
  return (
    <div class="where">
      {folder !== null && (
        <nav class="crumbs">
          <button type="button" class="link" data-do="show-all" onClick={() => onSearch('')}>
            {t('library.title')}
          </button>
          {stepsOf(folder).map(({ name, path }) => (
            <span key={path}>
              <Icon name="next" />
              <button
                type="button"
                class="link"
                aria-current={path === folder ? 'location' : undefined}
                onClick={() => onSearch(searchForFolder(path))}
              >
                <bdi>{name}</bdi>
              </button>
            </span>
          ))}
        </nav>
      )}
      <p class="hint" role="status" data-count={count}>
        {t('library.count', { count })}
      </p>
      {folder !== null && (
        <div class="where-actions">
          <button
            type="button"
            class="button small"
            data-do="download-folder"
            onClick={() => void download({ folder })}
          >
            <Icon name="download" />
            {t('library.downloadFolder')}
          </button>
          <button
            type="button"
            class="button small"
            data-do="share-folder"
            onClick={() => askToShare({ at: 'folder', path: folder })}
          >
            <Icon name="share" />
            {t('library.shareFolder')}
          </button>
        </div>
      )}
    </div>
  );
}

/** Says of what is remembered since when, and of what could not be had why. */
function Staleness(props: { known: Known; refused: ErrorCode | null; onRetry: () => void }): JSX.Element {
  const { known, refused, onRetry } = props;
  const text =
    known.heardAt !== null
      ? t('library.stale', { time: moment(known.heardAt) })
      : refused !== null
        ? errorText(refused)
        : null;
  return (
    <div class="stale" role="status" data-stale={known.heardAt ?? undefined}>
      {text !== null && (
        <>
          <Icon name="cloudOff" />
          <p>{text}</p>
          <button type="button" class="button small" data-do="ask-again" onClick={onRetry}>
            {t('common.retry')}
          </button>
        </>
      )}
    </div>
  );
}

/** The listing of this page, asked anew when the address or the library changes, and until somebody answers. */
function useListing(ask: FileAsk): Listing {
  const listing = useMemo(() => new Listing(ask), []);
  const version = libraryVersion.value;
  const known = listing.known.value;
  const isCut = listing.refused.value !== null || (known !== null && known.heardAt !== null);

  useEffect(() => () => listing.close(), []);
  useEffect(() => {
    listing.turnTo(ask);
    select([]);
  }, [ask.q, ask.order]);
  useEffect(() => void listing.reload(), [version]);
  useEffect(() => {
    if (known?.heardAt === null) unmarkMade(known.files, known.ask.q === '' && known.next === null);
  }, [known]);
  useEffect(() => {
    const again = () => void listing.reload();
    addEventListener('online', again);
    const timer = isCut ? setInterval(again, ASK_AGAIN_MS) : undefined;
    return () => {
      removeEventListener('online', again);
      clearInterval(timer);
    };
  }, [isCut]);
  return listing;
}
