import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { isFileName } from '../../shared/file-name.ts';
import { useFocusBack } from '../focus-back.ts';
import { t } from '../i18n.ts';

/** A file's name, to be written anew in its place. */
export function RenameForm(props: {
  name: string;
  onRename: (name: string) => void;
  onCancel: () => void;
}): JSX.Element {
  const [name, setName] = useState(props.name);
  const field = useFocusBack<HTMLInputElement>('[data-do=rename]');
  useLayoutEffect(() => {
    field.current?.focus({ preventScroll: true });
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
      onKeyDown={(event) => {
        if (event.key === 'Escape') props.onCancel();
        event.stopPropagation(); // the list's keys are letters here
      }}
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
