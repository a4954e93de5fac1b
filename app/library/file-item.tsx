import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import type { StoredFile } from '../../shared/api.ts';
import { searchForFolder } from '../../shared/folder.ts';
import { contentUrl } from '../api.ts';
import { FileName } from '../file-name.tsx';
import { useFocusBack } from '../focus-back.ts';
import { day, moment, size } from '../format.ts';
import { t } from '../i18n.ts';
import { IconButton, IconDownload } from '../icon-button.tsx';
import { Icon } from '../icons.tsx';
import { askToShare } from '../sharing/target.ts';
import { type Queued, queued, remove, rename, restore } from './changes.ts';
import { RenameForm } from './rename-form.tsx';
import { selected, toggle } from './selection.ts';
import { Thumbnail } from './thumbnail.tsx';

type Doing = 'nothing' | 'renaming' | 'deleting';

/**
 * One file, as a row or a tile: the same things in the same order, laid out by the styles. While a person scrolls, its
 * properties are the same from one time to the next, so it does not render again.
 */
export function FileItem(props: {
  file: StoredFile;
  index: number;
  of: number;
  row: number;
  column: number;
  order: readonly StoredFile[];
  onOpen: (id: string) => void;
  onSearch: (q: string) => void;
}): JSX.Element {
  const { file, index, of, row, column, order, onOpen, onSearch } = props;
  const [doing, setDoing] = useState<Doing>('nothing');
  const change = queued.value.get(file.id);
  const isSelected = selected.value.has(file.id);
  const name = change?.do === 'rename' ? change.name : file.name;
  const isGoing = change?.do === 'delete';
  return (
    <li
      class="file"
      data-file={file.id}
      data-queued={change?.do}
      data-doing={doing === 'nothing' ? undefined : doing}
      data-selected={isSelected || undefined}
      aria-posinset={index + 1}
      aria-setsize={of}
      style={{ '--at': row, '--column': column }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a click tells of the shift key, a change of a box does not */}
      <button
        type="button"
        class="pick"
        role="checkbox"
        data-do="pick"
        aria-checked={isSelected}
        aria-label={t('library.selectOne', { name })}
        onClick={(event) => toggle(file.id, event.shiftKey, order)}
      >
        <span>
          <Icon name="check" />
        </span>
      </button>
      <Thumbnail file={file} />
      {doing === 'renaming' ? (
        <RenameForm
          name={name}
          onCancel={() => setDoing('nothing')}
          onRename={(next) => void rename(file.id, next).then(() => setDoing('nothing'))}
        />
      ) : (
        <>
          <div class={file.path === '' ? 'file-text' : 'file-text in-folder'}>
            <button
              type="button"
              class="file-open"
              data-do="open"
              aria-label={t('library.openOne', { name })}
              onClick={() => onOpen(file.id)}
            >
              <FileName name={name} />
            </button>
            {file.path !== '' && (
              <button
                type="button"
                class="file-path"
                data-do="folder"
                aria-label={t('library.folderOne', { path: file.path })}
                title={file.path}
                onClick={() => onSearch(searchForFolder(file.path))}
              >
                <Icon name="folder" />
                <bdi>{file.path}</bdi>
              </button>
            )}
            <Facts file={file} doing={doing} change={change} />
          </div>
          <div class="file-actions">
            {doing === 'deleting' ? (
              <AskDelete
                onKeep={() => setDoing('nothing')}
                onDelete={() => {
                  setDoing('nothing');
                  void remove([file.id]);
                }}
              />
            ) : isGoing ? (
              <button
                type="button"
                class="button small"
                data-do="undo"
                onClick={() => void restore([file.id])}
              >
                {t('common.undo')}
              </button>
            ) : (
              <FileActions file={{ ...file, name }} onDo={setDoing} />
            )}
          </div>
        </>
      )}
    </li>
  );
}

/** Stands where a file will be that is on its way. */
export function FileBones({ row, column }: { row: number; column: number }): JSX.Element {
  return (
    <li class="file bones" aria-hidden="true" style={{ '--at': row, '--column': column }}>
      <span class="thumb" />
      <span class="file-text" />
    </li>
  );
}

function Facts(props: { file: StoredFile; doing: Doing; change: Queued | undefined }): JSX.Element {
  const { file, doing, change } = props;
  if (doing === 'deleting') {
    return (
      <p class="file-facts" role="alert">
        {t('library.deleteAsk')}
      </p>
    );
  }
  if (change) {
    return (
      <p class="file-facts" role="status">
        {t(`library.queued.${change.do}`)}
      </p>
    );
  }
  return (
    <p class="file-facts">
      <span class="file-size">{size(file.size)}</span>
      <time dateTime={new Date(file.storedAt).toISOString()} title={moment(file.storedAt)}>
        {day(file.storedAt)}
      </time>
    </p>
  );
}

function FileActions({ file, onDo }: { file: StoredFile; onDo: (doing: Doing) => void }): JSX.Element {
  const { name } = file;
  return (
    <>
      <IconDownload
        href={contentUrl(file.id)}
        name={name}
        label={t('library.downloadOne', { name })}
        title={t('library.download')}
      />
      <IconButton
        icon="share"
        data-do="share"
        label={t('share.one', { name })}
        title={t('share.action')}
        onClick={() => askToShare({ at: 'files', ids: [file.id], name })}
      />
      <IconButton
        icon="rename"
        data-do="rename"
        label={t('library.renameOne', { name })}
        title={t('library.rename')}
        onClick={() => onDo('renaming')}
      />
      <IconButton
        icon="delete"
        data-do="delete"
        label={t('library.deleteOne', { name })}
        title={t('library.delete')}
        onClick={() => onDo('deleting')}
      />
    </>
  );
}

function AskDelete({ onKeep, onDelete }: { onKeep: () => void; onDelete: () => void }): JSX.Element {
  const keep = useFocusBack<HTMLButtonElement>('[data-do=delete]');
  useLayoutEffect(() => keep.current?.focus({ preventScroll: true }), []); // the choice that loses nothing
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
