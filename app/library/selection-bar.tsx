import type { ButtonHTMLAttributes, JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { MAX_FILES_PER_SHARE, type StoredFile } from '../../shared/api.ts';
import { useFocusBack } from '../focus-back.ts';
import { t } from '../i18n.ts';
import { IconButton } from '../icon-button.tsx';
import { Icon } from '../icons.tsx';
import { askToShare } from '../sharing/target.ts';
import { remove } from './changes.ts';
import { download, tooManyToDownload } from './download.ts';
import { select, selected } from './selection.ts';

/** What can be done with all that is selected. It lies over the foot of the page, so the list does not move for it. */
export function SelectionBar(props: {
  files: readonly StoredFile[];
  onSelectAll: () => Promise<void>;
}): JSX.Element {
  const count = selected.value.size;
  const [doing, setDoing] = useState<'nothing' | 'deleting' | 'selecting'>('nothing');
  const { files, onSelectAll } = props;
  return (
    <section class="over-foot" aria-label={t('library.selected', { count })} hidden={count === 0}>
      {count > 0 && (
        <div class="foot-bar" data-selection={count}>
          <p role="status">
            {doing === 'selecting' ? t('library.selecting') : t('library.selected', { count })}
          </p>
          {doing === 'deleting' ? (
            <Ask
              question={t('library.deleteManyAsk', { count })}
              onNo={() => setDoing('nothing')}
              onYes={() => {
                setDoing('nothing');
                const ids = [...selected.peek()];
                select([]);
                void remove(ids);
              }}
            />
          ) : (
            <div class="foot-actions">
              <Act
                name="download"
                label={t('library.download')}
                title={tooManyToDownload(count)}
                disabled={tooManyToDownload(count) !== undefined}
                onClick={() => void download({ files: [...selected.peek()] })}
              />
              <Act
                name="share"
                label={t('share.action')}
                title={
                  count > MAX_FILES_PER_SHARE ? t('share.tooMany', { most: MAX_FILES_PER_SHARE }) : undefined
                }
                disabled={count > MAX_FILES_PER_SHARE}
                onClick={() => askToShare({ at: 'files', ids: [...selected.peek()], name: nameOf(files) })}
              />
              <Act name="delete" label={t('library.delete')} onClick={() => setDoing('deleting')} />
              <button
                type="button"
                class="button small"
                data-do-all="select"
                onClick={() => {
                  setDoing('selecting');
                  void onSelectAll().finally(() => setDoing('nothing'));
                }}
              >
                {t('library.selectAll')}
              </button>
              <IconButton
                icon="close"
                data-do-all="select-none"
                label={t('library.selectNone')}
                onClick={() => select([])}
              />
            </div>
          )}
        </div>
      )}
    </section>
  );
}

function Act(
  props: Pick<ButtonHTMLAttributes, 'title' | 'disabled' | 'onClick'> & {
    name: 'download' | 'share' | 'delete';
    label: string;
  },
): JSX.Element {
  const { name, label, ...others } = props;
  return (
    <button type="button" class="button small" data-do-all={name} {...others}>
      <Icon name={name} />
      {label}
    </button>
  );
}

function Ask(props: { question: string; onYes: () => void; onNo: () => void }): JSX.Element {
  const no = useFocusBack<HTMLButtonElement>('[data-do-all=delete]');
  useLayoutEffect(() => no.current?.focus(), []);
  return (
    <div class="foot-actions">
      <span role="alert">{props.question}</span>
      <button type="button" class="button small danger" data-do-all="delete-now" onClick={props.onYes}>
        {t('library.delete')}
      </button>
      <button type="button" class="button small" data-do-all="keep" ref={no} onClick={props.onNo}>
        {t('common.cancel')}
      </button>
    </div>
  );
}

/** What a share of the selection is called by: its one file, or nothing. */
function nameOf(files: readonly StoredFile[]): string | null {
  const [id, ...others] = selected.peek();
  return others.length === 0 ? (files.find((file) => file.id === id)?.name ?? null) : null;
}
