import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../i18n.ts';
import { keysOf, shortcuts } from './keys.ts';
import { libraryKeys } from './names.ts';
import { isSheetOpen } from './shortcuts.ts';

/** All shortcuts at a glance. */
export function ShortcutSheet(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      data-dialog="shortcuts"
      aria-labelledby="shortcuts-title"
      onClose={() => (isSheetOpen.value = false)}
    >
      <h2 id="shortcuts-title">{t('keys.title')}</h2>
      <dl class="shortcuts">
        {shortcuts.map((one) => (
          <Keys key={one} name={t(`keys.${one}`)} keys={keysOf[one]} />
        ))}
      </dl>
      <h3>{t('library.title')}</h3>
      <dl class="shortcuts">
        {libraryKeys().map((one) => (
          <Keys key={one.name} {...one} />
        ))}
      </dl>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {t('keys.close')}
        </button>
      </div>
    </dialog>
  );
}

function Keys({ name, keys }: { name: string; keys: readonly string[] }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {keys.map((key) => (
          <kbd key={key} dir="ltr">
            {key}
          </kbd>
        ))}
      </dd>
    </div>
  );
}
