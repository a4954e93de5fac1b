import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { fileOrders } from '../../shared/api.ts';
import type { FileAsk } from '../api.ts';
import { t } from '../i18n.ts';
import { IconButton } from '../icon-button.tsx';
import { Icon } from '../icons.tsx';
import { chooseView, view } from './view.ts';

/** A search begins when nothing was typed for this long, in ms. */
const TYPING_MS = 250;

/** Searching, sorting, and how it is laid out. */
export function Toolbar({ ask, onAsk }: { ask: FileAsk; onAsk: (next: FileAsk) => void }): JSX.Element {
  return (
    <div class="library-tools">
      <Search q={ask.q} onSearch={(q) => onAsk({ ...ask, q })} />
      <label class="order">
        <span class="visually-hidden">{t('library.order')}</span>
        <Icon name="order" />
        <select
          data-order
          value={ask.order}
          onChange={({ currentTarget }) => {
            const order = fileOrders.find((each) => each === currentTarget.value);
            if (order) onAsk({ ...ask, order });
          }}
        >
          {fileOrders.map((order) => (
            <option key={order} value={order}>
              {t(`library.orders.${order}`)}
            </option>
          ))}
        </select>
      </label>
      <fieldset class="views" aria-label={t('library.view')}>
        <ViewButton name="list" label={t('library.asList')} />
        <ViewButton name="grid" label={t('library.asGrid')} />
      </fieldset>
    </div>
  );
}

function ViewButton({ name, label }: { name: 'list' | 'grid'; label: string }): JSX.Element {
  return (
    <IconButton
      icon={name}
      data-view={name}
      aria-pressed={view.value === name}
      label={label}
      onClick={() => chooseView(name)}
    />
  );
}

/** What is typed is searched for a moment later; what the address says comes back into the field. */
function Search({ q, onSearch }: { q: string; onSearch: (q: string) => void }): JSX.Element {
  const [text, setText] = useState(q);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  /** What was asked for last: an address that says something else was changed elsewhere. */
  const asked = useRef(q);

  useEffect(() => {
    if (q === asked.current) return;
    asked.current = q;
    setText(q);
  }, [q]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function search(next: string, waitMs: number): void {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      asked.current = next.trim();
      onSearch(next.trim());
    }, waitMs);
  }

  return (
    <search class="search">
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        data-search
        value={text}
        aria-label={t('library.search')}
        placeholder={t('library.searchHint')}
        autocomplete="off"
        spellcheck={false}
        maxLength={255}
        onInput={({ currentTarget }) => search(currentTarget.value, TYPING_MS)}
        onKeyDown={({ key }) => {
          if (key === 'Enter') search(text, 0);
          if (key === 'Escape' && text !== '') search('', 0);
        }}
      />
      {text !== '' && (
        <IconButton
          icon="close"
          label={t('library.searchClear')}
          onClick={() => {
            search('', 0);
            field.current?.focus();
          }}
        />
      )}
    </search>
  );
}
