import { effect, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { StoredFile, StoredFiles } from '../shared/api.ts';
import type { ErrorCode } from '../shared/errors.ts';
import { isFileName } from '../shared/file-name.ts';
import { contentUrl, deleteFile, listFiles, renameFile } from './api.ts';
import { FileName, FileTile } from './file-name.tsx';
import { day, moment, size, timeOfDay } from './format.ts';
import { errorText, t } from './i18n.ts';
import { Icon } from './icons.tsx';
import { trouble } from './intake.ts';
import { Message } from './message.tsx';
import { Skeleton } from './skeleton.tsx';
import { droppedChanges, libraryVersion } from './state.ts';

/** What has arrived. The list is the server's, asked for again whenever the worker says that it changed. */
export function LibraryPage(): JSX.Element {
  const { found, refused, more, reload } = useFiles();
  if (!found) {
    return refused ? (
      <Message icon="cloudOff" {...refusalText(refused)}>
        <button type="button" class="button" onClick={reload}>
          {t('common.retry')}
        </button>
      </Message>
    ) : (
      <Skeleton />
    );
  }
  const { list, at } = found;
  if (list.files.length === 0) {
    return (
      <Message icon="folder" title={t('library.emptyTitle')} lead={t('library.emptyLead')}>
        <a class="button primary" href="/app">
          {t('library.emptyAction')}
        </a>
      </Message>
    );
  }
  return (
    <section class="library" aria-labelledby="library-title">
      <header class="library-head">
        <h1 id="library-title">{t('library.title')}</h1>
        <Used list={list} />
      </header>
      <p class="hint" role="status">
        {refused ? t('library.stale', { time: timeOfDay(at) }) : ''}
      </p>
      <ul class="sheet" aria-label={t('library.list')}>
        {list.files.map((file) => (
          <FileRow key={file.id} file={file} onChanged={reload} />
        ))}
      </ul>
      {list.next !== null && (
        <button type="button" class="button" onClick={more}>
          {t('library.more')}
        </button>
      )}
    </section>
  );
}

function refusalText(code: ErrorCode): { title: string; lead: string } {
  if (code === 'UNREACHABLE') return { title: t('library.offlineTitle'), lead: t('library.offlineLead') };
  return { title: t('notice.trouble.title'), lead: errorText(code) };
}

function Used({ list: { usedBytes, quotaBytes } }: { list: StoredFiles }): JSX.Element {
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

type Doing = 'nothing' | 'renaming' | 'deleting';
/** A change that the worker makes when the network is back. */
type Queued = { do: 'rename'; name: string } | { do: 'delete' };

/** By file, for as long as they stand in line; kept while another page is shown. */
const queued = signal<ReadonlyMap<string, Queued>>(new Map());
// What was dropped is no longer in line, and the notice says so.
effect(() => {
  if (droppedChanges.value > 0) queued.value = new Map();
});

function mark(id: string, change: Queued | null): void {
  const next = new Map(queued.peek());
  if (change) next.set(id, change);
  else next.delete(id);
  queued.value = next;
}

/** A change that the server's list shows was made. */
function unmarkMade(files: readonly StoredFile[]): void {
  for (const [id, change] of queued.peek()) {
    const file = files.find((each) => each.id === id);
    if (!file || (change.do === 'rename' && file.name === change.name)) mark(id, null);
  }
}

function FileRow({ file, onChanged }: { file: StoredFile; onChanged: () => void }): JSX.Element {
  const [doing, setDoing] = useState<Doing>('nothing');
  const change = queued.value.get(file.id);
  const name = change?.do === 'rename' ? change.name : file.name;

  async function run(answer: ReturnType<typeof deleteFile>, change: Queued): Promise<void> {
    const given = await answer;
    trouble.value = given.ok ? null : given.code;
    if (given.ok) mark(file.id, given.value.queued ? change : null);
    setDoing('nothing');
    onChanged();
  }

  return (
    <li class="row" data-file={file.id} data-queued={change?.do}>
      <FileTile name={name} sign={change ? 'clock' : null} />
      {doing === 'renaming' ? (
        <Rename
          name={name}
          onCancel={() => setDoing('nothing')}
          onRename={(name) => void run(renameFile(file.id, name), { do: 'rename', name })}
        />
      ) : (
        <>
          <div class="row-main">
            <p class="row-name">
              <FileName name={name} />
              {file.path !== '' && <bdi class="row-path">{file.path}</bdi>}
            </p>
            <p class="row-state">
              {doing === 'deleting' ? (
                <span role="alert">{t('library.deleteAsk')}</span>
              ) : change ? (
                <span role="status">{t(`library.queued.${change.do}`)}</span>
              ) : (
                <>
                  <span class="row-words">{size(file.size)}</span>
                  <time
                    class="row-numbers"
                    dateTime={new Date(file.storedAt).toISOString()}
                    title={moment(file.storedAt)}
                  >
                    {day(file.storedAt)}
                  </time>
                </>
              )}
            </p>
          </div>
          <div class="row-actions">
            {doing === 'deleting' ? (
              <AskDelete
                onKeep={() => setDoing('nothing')}
                onDelete={() => void run(deleteFile(file.id), { do: 'delete' })}
              />
            ) : (
              change?.do !== 'delete' && <FileActions file={{ ...file, name }} onDo={setDoing} />
            )}
          </div>
        </>
      )}
    </li>
  );
}

function FileActions({ file, onDo }: { file: StoredFile; onDo: (doing: Doing) => void }): JSX.Element {
  const { name } = file;
  return (
    <>
      <a
        class="icon-button"
        href={contentUrl(file.id)}
        download={name}
        aria-label={t('library.downloadOne', { name })}
        title={t('library.download')}
      >
        <Icon name="download" />
      </a>
      <button
        type="button"
        class="icon-button"
        data-do="rename"
        aria-label={t('library.renameOne', { name })}
        title={t('library.rename')}
        onClick={() => onDo('renaming')}
      >
        <Icon name="rename" />
      </button>
      <button
        type="button"
        class="icon-button"
        data-do="delete"
        aria-label={t('library.deleteOne', { name })}
        title={t('library.delete')}
        onClick={() => onDo('deleting')}
      >
        <Icon name="delete" />
      </button>
    </>
  );
}

function AskDelete({ onKeep, onDelete }: { onKeep: () => void; onDelete: () => void }): JSX.Element {
  const keep = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => keep.current?.focus(), []); // the choice that loses nothing
  return (
    <>
      <button type="button" class="button small danger" data-do="delete-now" onClick={onDelete}>
        {t('library.delete')}
      </button>
      <button type="button" class="button small" ref={keep} onClick={onKeep}>
        {t('library.keep')}
      </button>
    </>
  );
}

function Rename(props: {
  name: string;
  onRename: (name: string) => void;
  onCancel: () => void;
}): JSX.Element {
  const [name, setName] = useState(props.name);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    field.current?.focus();
    // Whoever renames means the name, not what comes after its dot.
    field.current?.setSelectionRange(0, props.name.lastIndexOf('.') > 0 ? props.name.lastIndexOf('.') : -1);
  }, []);
  return (
    <form
      class="rename"
      onSubmit={(event) => {
        event.preventDefault();
        if (name === props.name) props.onCancel();
        else if (isFileName(name)) props.onRename(name);
      }}
      onKeyDown={(event) => event.key === 'Escape' && props.onCancel()}
    >
      <input
        ref={field}
        value={name}
        aria-label={t('library.newName')}
        aria-invalid={!isFileName(name)}
        aria-describedby="rename-hint"
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <button type="submit" class="button small primary">
        {t('common.save')}
      </button>
      <button type="button" class="button small" onClick={props.onCancel}>
        {t('common.cancel')}
      </button>
      <p id="rename-hint" class="refusal" role="alert">
        {isFileName(name) ? '' : t('library.badName')}
      </p>
    </form>
  );
}

/** The files asked for so far, and why the last question had no answer. */
function useFiles() {
  const [found, setFound] = useState<{ list: StoredFiles; at: number } | null>(null);
  const [refused, setRefused] = useState<ErrorCode | null>(null);
  const version = libraryVersion.value;

  async function reload(): Promise<void> {
    // As many as are shown, so that nothing below the fold goes away.
    const answer = await listFiles(null, found?.list.files.length);
    if (answer.ok) {
      unmarkMade(answer.value.files);
      setFound({ list: answer.value, at: Date.now() });
    }
    setRefused(answer.ok ? null : answer.code);
  }

  async function more(): Promise<void> {
    if (!found) return;
    const answer = await listFiles(found.list.next);
    setRefused(answer.ok ? null : answer.code);
    if (!answer.ok) return;
    setFound({
      list: { ...answer.value, files: [...found.list.files, ...answer.value.files] },
      at: Date.now(),
    });
  }

  useEffect(() => {
    void reload();
  }, [version]);

  useEffect(() => {
    const retry = () => void reload();
    addEventListener('online', retry);
    // A server that was away comes back without any event of the browser's.
    const timer = refused ? setInterval(retry, 10_000) : undefined;
    return () => {
      removeEventListener('online', retry);
      clearInterval(timer);
    };
  }, [refused, found]);

  return { found, refused, more: () => void more(), reload: () => void reload() };
}
