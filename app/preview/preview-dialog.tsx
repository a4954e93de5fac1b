import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { StoredFile } from '../../shared/api.ts';
import { contentUrl } from '../api.ts';
import { FileName } from '../file-name.tsx';
import { size } from '../format.ts';
import { t } from '../i18n.ts';
import { IconButton, IconDownload } from '../icon-button.tsx';
import { PreviewContent } from './preview-content.tsx';

/**
 * One file of the list, as far as a browser can show it. The arrow keys go to its neighbours, Escape back to the list,
 * where the focus is on the file that was looked at last.
 */
export function PreviewDialog(props: {
  files: readonly StoredFile[];
  count: number;
  id: string;
  onMove: (id: string) => void;
  onClose: () => void;
}): JSX.Element | null {
  const { files, count, id, onMove, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const last = useRef(id);
  last.current = id;
  const index = files.findIndex((file) => file.id === id);
  const file = files[index];

  useLayoutEffect(() => {
    dialog.current?.showModal();
    return () => focusFile(last.current);
  }, []);
  // Deleted meanwhile, here or elsewhere: there is nothing to show any more.
  useLayoutEffect(() => {
    if (!file) onClose();
  }, [file]);

  const back = files[index - 1];
  const next = files[index + 1];

  function onKey(event: KeyboardEvent): void {
    // Film and sound have these keys for themselves.
    if (event.target instanceof Element && event.target.closest('video, audio, input, pre')) return;
    const isRtl = document.documentElement.dir === 'rtl';
    const to = event.key === (isRtl ? 'ArrowRight' : 'ArrowLeft') ? back : forward(event.key, isRtl);
    if (!to) return;
    event.preventDefault();
    onMove(to.id);
  }

  function forward(key: string, isRtl: boolean): StoredFile | undefined {
    return key === (isRtl ? 'ArrowLeft' : 'ArrowRight') ? next : undefined;
  }

  return (
    <dialog
      ref={dialog}
      class="preview"
      data-preview={id}
      aria-labelledby="preview-title"
      onClose={onClose}
      onKeyDown={onKey}
    >
      {file && (
        <>
          <header class="preview-head">
            <h2 id="preview-title">
              <FileName name={file.name} />
            </h2>
            <p class="hint">
              {size(file.size)}
              {' · '}
              {t('preview.place', { n: index + 1, of: count })}
            </p>
            <div class="preview-actions">
              <IconDownload
                href={contentUrl(file.id)}
                name={file.name}
                label={t('library.downloadOne', { name: file.name })}
                title={t('library.download')}
              />
              <IconButton
                icon="close"
                data-do="close"
                label={t('preview.close')}
                onClick={() => dialog.current?.close()}
              />
            </div>
          </header>
          <div class="preview-stage">
            <PreviewContent key={file.id} file={file} />
          </div>
          <Turn name="back" to={back} onMove={onMove} />
          <Turn name="next" to={next} onMove={onMove} />
        </>
      )}
    </dialog>
  );
}

/** It stays where it is at either end of the list, so that the focus does too. */
function Turn(props: {
  name: 'back' | 'next';
  to: StoredFile | undefined;
  onMove: (id: string) => void;
}): JSX.Element {
  const { name, to, onMove } = props;
  return (
    <IconButton
      class={`preview-${name}`}
      icon={name}
      data-do={name}
      label={t(`preview.${name}`)}
      aria-disabled={!to}
      onClick={() => to && onMove(to.id)}
    />
  );
}

function focusFile(id: string): void {
  document.querySelector<HTMLElement>(`[data-file="${id}"] [data-do="open"]`)?.focus();
}
