import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { SharedFile, SharedFiles } from '../../shared/api.ts';
import { hasThumbnail } from '../../shared/preview.ts';
import { FileName, FileTile } from '../file-name.tsx';
import { moment, size } from '../format.ts';
import { errorText, t } from '../i18n.ts';
import { Icon, Mark } from '../icons.tsx';
import { LanguageField } from '../language-field.tsx';
import { Message } from '../message.tsx';
import { Skeleton } from '../skeleton.tsx';
import {
  type Refusal,
  readShared,
  sharedArchiveUrl,
  sharedContentUrl,
  sharedThumbnailUrl,
  unlock,
} from './api.ts';
import { nextShown, type Shown } from './shown.ts';

/** What whoever has a link sees: what was shared, and nothing else. */
export function SharePage({ token }: { token: string }): JSX.Element {
  const [shown, setShown] = useState<Shown | null>(null);
  /** How often a download was begun or will have been counted, and how much of that the server's last word is about. */
  const downloads = useRef({ noted: 0, told: 0 });
  const load = () => {
    const { noted } = downloads.current;
    void readShared(token).then((found) => {
      const hasDownloaded = downloads.current.noted > downloads.current.told;
      if (found.at === 'open') downloads.current.told = noted;
      setShown((before) => nextShown(before, found, hasDownloaded, Date.now()));
    });
  };
  const onDownload = () => {
    downloads.current.noted += 1;
    // Counted by the time the browser has begun; what is left of the link is asked for anew then.
    setTimeout(() => {
      downloads.current.noted += 1;
      load();
    }, 2000);
  };
  /** The lock has done its work, so it is no word on the link any more. */
  const onUnlocked = () => {
    setShown(null);
    load();
  };
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
  const title = shown && 'shared' in shown ? shown.shared.name : t('shared.by');
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
      <main id="main" class="shared" data-shared={shown?.at ?? 'loading'}>
        <Content token={token} shown={shown} onDownload={onDownload} onUnlocked={onUnlocked} onRetry={load} />
      </main>
      <footer class="shared-foot">
        <LanguageField />
      </footer>
    </>
  );
}

function Content(props: {
  token: string;
  shown: Shown | null;
  onDownload: () => void;
  onUnlocked: () => void;
  onRetry: () => void;
}): JSX.Element {
  const { token, shown, onDownload, onUnlocked, onRetry } = props;
  switch (shown?.at) {
    case undefined:
      return <Skeleton />;
    case 'open':
    case 'used-up':
      return (
        <Files
          token={token}
          shared={shown.shared}
          isUsedUp={shown.at === 'used-up'}
          onDownload={onDownload}
        />
      );
    case 'locked':
      return <Locked token={token} onOpen={onUnlocked} />;
    case 'gone':
      return <Message icon="alert" title={t('shared.goneTitle')} lead={t('shared.goneLead')} />;
    case 'limited':
      return (
        <Message icon="alert" title={errorText('RATE_LIMITED')}>
          <Retry onRetry={onRetry} />
        </Message>
      );
    case 'away':
      return (
        <Message icon="cloudOff" title={t('shared.offlineTitle')} lead={t('shared.offlineLead')}>
          <Retry onRetry={onRetry} />
        </Message>
      );
  }
}

function Retry({ onRetry }: { onRetry: () => void }): JSX.Element {
  return (
    <button type="button" class="button primary" onClick={onRetry}>
      {t('common.retry')}
    </button>
  );
}

function Files(props: {
  token: string;
  shared: SharedFiles;
  isUsedUp: boolean;
  onDownload: () => void;
}): JSX.Element {
  const { token, shared, isUsedUp, onDownload } = props;
  const { name, files, expiresAt, downloadsLeft } = shared;
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  // Each file of it counts.
  const hasAllLeft = !isUsedUp && (downloadsLeft === null || downloadsLeft >= files.length);
  // Where it never was to be had it is not offered; where it was, it stays, with the focus of whoever has used it.
  const [hadAllLeft] = useState(hasAllLeft);
  return (
    <section aria-labelledby="shared-name">
      <header class="shared-head">
        <p class="hint">{t('shared.by')}</p>
        <h1 id="shared-name">
          <bdi>{name}</bdi>
        </h1>
        <p class="lead">{t('shared.files', { count: files.length, size: size(bytes) })}</p>
        <p class="hint" role="status">
          {isUsedUp && <span>{t('shared.usedUp')}</span>}
          {!isUsedUp && expiresAt !== null && <span>{t('shared.ends', { moment: moment(expiresAt) })} </span>}
          {!isUsedUp && downloadsLeft !== null && <span>{t('shared.left', { count: downloadsLeft })}</span>}
        </p>
        {hadAllLeft && files.length > 1 && (
          <p>
            <Download
              action="download-all"
              href={hasAllLeft ? sharedArchiveUrl(token) : null}
              words={t('shared.downloadAll')}
              onDownload={onDownload}
            />
          </p>
        )}
      </header>
      <ul class="sheet" aria-label={t('shared.list')}>
        {files.map((file) => (
          <Row key={file.id} token={token} file={file} isUsedUp={isUsedUp} onDownload={onDownload} />
        ))}
      </ul>
    </section>
  );
}

function Row(props: {
  token: string;
  file: SharedFile;
  isUsedUp: boolean;
  onDownload: () => void;
}): JSX.Element {
  const { token, file, isUsedUp, onDownload } = props;
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
        <Download
          action="download"
          href={isUsedUp ? null : sharedContentUrl(token, file.id)}
          words={<span class="word">{t('shared.download')}</span>}
          label={t('shared.downloadOne', { name: file.name })}
          onDownload={onDownload}
        />
      </div>
    </li>
  );
}

/** Without `href` it leads nowhere any more, and keeps the focus of whoever has just used it. */
function Download(props: {
  action: 'download' | 'download-all';
  href: string | null;
  words: ComponentChildren;
  label?: string;
  onDownload: () => void;
}): JSX.Element {
  const { action, href, words, label, onDownload } = props;
  const look = action === 'download-all' ? 'button primary' : 'button small';
  const content = (
    <>
      <Icon name="download" />
      {words}
    </>
  );
  if (href === null) {
    return (
      // biome-ignore lint/a11y/useValidAnchor: a link that is disabled, which HTML has no other way to say
      <a class={look} role="link" tabIndex={0} aria-disabled="true" aria-label={label}>
        {content}
      </a>
    );
  }
  return (
    <a class={look} data-do={action} href={href} download="" aria-label={label} onClick={onDownload}>
      {content}
    </a>
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
  const [refusal, setRefusal] = useState<Refusal | null>(null);
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
        {refusal && refusalText(refusal)}
      </p>
      <button type="submit" class="button primary wide">
        {t('shared.open')}
      </button>
    </form>
  );
}

function refusalText(refusal: Refusal): string {
  switch (refusal) {
    case 'locked':
      return t('shared.wrong');
    case 'limited':
      return errorText('RATE_LIMITED');
    case 'gone':
      return t('shared.goneTitle');
    case 'away':
      return t('shared.offlineTitle');
  }
}
