import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { SharedFile, SharedFiles } from '../../shared/api.ts';
import { hasThumbnail } from '../../shared/preview.ts';
import { FileName, FileTile } from '../file-name.tsx';
import { moment, size } from '../format.ts';
import { t } from '../i18n.ts';
import { Icon, Mark } from '../icons.tsx';
import { LanguageField } from '../language-field.tsx';
import { Message } from '../message.tsx';
import { Skeleton } from '../skeleton.tsx';
import { type Found, readShared, sharedContentUrl, sharedThumbnailUrl, unlock } from './api.ts';

/** What whoever has a link sees: what was shared, and nothing else. */
export function SharePage({ token }: { token: string }): JSX.Element {
  const [found, setFound] = useState<Found | null>(null);
  const load = () => void readShared(token).then(setFound);
  useEffect(load, [token]);
  useEffect(() => {
    // What is left of a link, and whether it still works, may be another by the time somebody comes back to it.
    const look = () => document.visibilityState === 'visible' && load();
    addEventListener('online', load);
    document.addEventListener('visibilitychange', look);
    return () => {
      removeEventListener('online', load);
      document.removeEventListener('visibilitychange', look);
    };
  }, [token]);
  const title = found?.at === 'open' ? found.shared.name : t('shared.by');
  useLayoutEffect(() => {
    document.title = `${title} · ${t('app.name')}`;
  }, [title]);
  return (
    <>
      <header class="site-header">
        <span class="brand">
          <Mark />
          <span>{t('app.name')}</span>
        </span>
      </header>
      <main id="main" class="shared" data-shared={found?.at ?? 'loading'}>
        <Content token={token} found={found} onRetry={load} />
      </main>
      <footer class="shared-foot">
        <LanguageField />
      </footer>
    </>
  );
}

function Content(props: { token: string; found: Found | null; onRetry: () => void }): JSX.Element {
  const { token, found, onRetry } = props;
  switch (found?.at) {
    case undefined:
      return <Skeleton />;
    case 'open':
      return <Files token={token} shared={found.shared} onDownload={onRetry} />;
    case 'locked':
      return <Locked token={token} onOpen={onRetry} />;
    case 'gone':
      return <Message icon="alert" title={t('shared.goneTitle')} lead={t('shared.goneLead')} />;
    case 'away':
      return (
        <Message icon="cloudOff" title={t('shared.offlineTitle')} lead={t('shared.offlineLead')}>
          <button type="button" class="button primary" onClick={onRetry}>
            {t('common.retry')}
          </button>
        </Message>
      );
  }
}

function Files(props: { token: string; shared: SharedFiles; onDownload: () => void }): JSX.Element {
  const { token, shared, onDownload } = props;
  const { name, files, expiresAt, downloadsLeft } = shared;
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return (
    <section aria-labelledby="shared-name">
      <header class="shared-head">
        <p class="hint">{t('shared.by')}</p>
        <h1 id="shared-name">
          <bdi>{name}</bdi>
        </h1>
        <p class="lead">{t('shared.files', { count: files.length, size: size(bytes) })}</p>
        <p class="hint" role="status">
          {expiresAt !== null && <span>{t('shared.ends', { moment: moment(expiresAt) })} </span>}
          {downloadsLeft !== null && <span>{t('shared.left', { count: downloadsLeft })}</span>}
        </p>
      </header>
      <ul class="sheet" aria-label={t('shared.list')}>
        {files.map((file) => (
          <Row key={file.id} token={token} file={file} onDownload={onDownload} />
        ))}
      </ul>
    </section>
  );
}

function Row(props: { token: string; file: SharedFile; onDownload: () => void }): JSX.Element {
  const { token, file, onDownload } = props;
  return (
    <li class="row" data-shared-file={file.id}>
      <Picture token={token} file={file} />
      <div class="row-main">
        <p class="row-name">
          <FileName name={file.name} />
          {file.path !== '' && <bdi class="row-path">{file.path}</bdi>}
        </p>
        <p class="row-state">
          <span class="row-words">{size(file.size)}</span>
        </p>
      </div>
      <div class="row-actions">
        <a
          class="button small"
          data-do="download"
          href={sharedContentUrl(token, file.id)}
          download={file.name}
          aria-label={t('shared.downloadOne', { name: file.name })}
          // Counted by the time the browser has begun; what is left of the link is asked for anew then.
          onClick={() => setTimeout(onDownload, 2000)}
        >
          <Icon name="download" />
          <span class="word">{t('shared.download')}</span>
        </a>
      </div>
    </li>
  );
}

/** The picture of a picture, and the type of everything else. */
function Picture({ token, file }: { token: string; file: SharedFile }): JSX.Element {
  const [isBroken, setBroken] = useState(false);
  if (!hasThumbnail(file) || isBroken) return <FileTile name={file.name} sign={null} />;
  return (
    <img
      class="tile shared-picture"
      src={sharedThumbnailUrl(token, file.id)}
      alt=""
      loading="lazy"
      onError={() => setBroken(true)}
    />
  );
}

function Locked({ token, onOpen }: { token: string; onOpen: () => void }): JSX.Element {
  const [password, setPassword] = useState('');
  const [refusal, setRefusal] = useState<'locked' | 'gone' | 'away' | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);

  async function submit(): Promise<void> {
    setRefusal(null); // said again, it is a new alert
    const at = await unlock(token, password);
    if (at === 'open') return onOpen();
    setRefusal(at);
    field.current?.select();
  }

  return (
    <form
      class="shared-lock"
      data-shared-lock
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h1>{t('shared.lockedTitle')}</h1>
      <p class="lead">{t('shared.lockedLead')}</p>
      <label class="field">
        <span>{t('shared.password')}</span>
        <input
          ref={field}
          name="share-password"
          type="password"
          autocomplete="off"
          required
          value={password}
          aria-describedby="shared-refusal"
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </label>
      <p id="shared-refusal" class="refusal" role="alert">
        {refusal &&
          t(refusal === 'locked' ? 'shared.wrong' : `shared.${refusal === 'gone' ? 'gone' : 'offline'}Title`)}
      </p>
      <button type="submit" class="button primary wide">
        {t('shared.open')}
      </button>
    </form>
  );
}
