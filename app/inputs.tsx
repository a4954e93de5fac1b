import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { t } from './i18n.ts';
import { Icon } from './icons.tsx';
import { arrived, isDragging, setInput, takeFrom } from './intake.ts';

/**
 * The inputs behind "Choose files", "Choose a folder" and "Choose again". They stay where they are for as long
 * as someone is signed in, whatever the page shows; the buttons click them.
 */
export function HiddenInputs(): JSX.Element {
  const { path, route } = useLocation();

  const seen = useRef(arrived.value);
  useEffect(() => {
    if (seen.current !== arrived.value) toUploads();
    seen.current = arrived.value;
  }, [arrived.value]);

  function take(name: 'files' | 'folder' | 'again' | 'camera', input: HTMLInputElement): void {
    void takeFrom(name, input);
    toUploads();
  }

  /** Where a person sees what becomes of their files. */
  function toUploads(): void {
    if (path !== '/' && path !== '/app') route('/app');
  }

  return (
    <div class="hidden-inputs">
      <input
        type="file"
        data-pick
        multiple
        tabIndex={-1}
        aria-label={t('uploads.chooseFiles')}
        ref={(input) => setInput('files', input)}
        onChange={(event) => take('files', event.currentTarget)}
      />
      <input
        type="file"
        data-pick-folder
        {...{ webkitdirectory: true }}
        tabIndex={-1}
        aria-label={t('uploads.chooseFolder')}
        ref={(input) => setInput('folder', input)}
        onChange={(event) => take('folder', event.currentTarget)}
      />
      <input
        type="file"
        data-pick-again
        multiple
        tabIndex={-1}
        aria-label={t('uploads.pickAgain')}
        ref={(input) => setInput('again', input)}
        onChange={(event) => take('again', event.currentTarget)}
      />
      <input
        type="file"
        data-pick-camera
        accept="image/*"
        capture="environment"
        tabIndex={-1}
        aria-label={t('camera.take')}
        ref={(input) => setInput('camera', input)}
        onChange={(event) => take('camera', event.currentTarget)}
      />
    </div>
  );
}

/** Covers the window while files are dragged over it: all of it takes them. */
export function DropVeil(): JSX.Element | null {
  if (!isDragging.value) return null;
  return (
    <div class="drop-veil" data-drop-veil>
      <p>
        <Icon name="up" />
        {t('uploads.dropNow')}
      </p>
    </div>
  );
}
