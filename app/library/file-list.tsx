import { signal } from '@preact/signals';
import type { JSX, RefObject, TargetedKeyboardEvent } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { StoredFile } from '../../shared/api.ts';
import { t } from '../i18n.ts';
import { windowOf } from '../uploads/window.ts';
import { FileBones, FileItem } from './file-item.tsx';
import type { View } from './view.ts';

const narrow = matchMedia('(max-width: 599px)');
const isNarrow = signal(narrow.matches);
narrow.addEventListener('change', () => {
  isNarrow.value = narrow.matches;
});

/** Widths of a tile that look well, in CSS pixels: as many columns as fit, never fewer than two. */
const TILE_WIDTH = 184;

/** Files made in one go: after a long jump the others follow with the next frames, so that none takes long. */
const STEP = 6;
/** Whoever has not scrolled for this long, in ms, looks at what is there. */
const REST_MS = 60;

/** What is near what is seen: rows `[from, to)`, of so many columns. */
interface Near {
  from: number;
  to: number;
  columns: number;
}

/**
 * The files, of which only those near what is seen are there, as tall as all of them. `files` may be fewer than
 * `count`: the others are asked for with `onWant` as a person gets near them.
 */
export function FileList(props: {
  view: View;
  files: readonly StoredFile[];
  count: number;
  onWant: (to: number) => void;
  onOpen: (id: string) => void;
  onSearch: (q: string) => void;
}): JSX.Element {
  const { view, files, count, onWant, onOpen, onSearch } = props;
  const list = useRef<HTMLUListElement>(null);
  const near = useNear(list, view, count);
  const focused = useFocusedFile(list);
  const { columns } = near;
  const to = Math.min(count, near.to * columns);

  useEffect(() => {
    if (to > files.length) onWant(to);
  }, [to, files.length]);

  const indices = range(near.from * columns, to);
  // The file with the keyboard's focus stays, or the next Tab would begin at the top of the page.
  const kept = focused === null ? -1 : files.findIndex(({ id }) => id === focused);
  if (kept >= 0 && kept < near.from * columns) indices.unshift(kept);
  if (kept >= to) indices.push(kept);
  const made = useMade(indices.flatMap((index) => files[index]?.id ?? []));
  return (
    <ul
      class={`files ${view}`}
      ref={list}
      aria-label={t('library.list')}
      style={{
        '--row': `${rowHeight(view)}px`,
        '--columns': columns,
        'block-size': `${Math.ceil(count / columns) * rowHeight(view)}px`,
      }}
      onKeyDown={(event) => moveFocus(event, columns)}
    >
      {indices.map((index) => {
        const file = files[index];
        const place = { row: Math.floor(index / columns), column: index % columns };
        if (!file || !made.has(file.id)) return <FileBones key={index} {...place} />;
        const props = { file, index, of: count, order: files, onOpen, onSearch, ...place };
        return <FileItem key={file.id} {...props} />;
      })}
    </ul>
  );
}

/** Heights of a row, in CSS pixels, so that where a file is can be told without making it. */
function rowHeight(view: View): number {
  if (view === 'grid') return isNarrow.value ? 244 : 264;
  return isNarrow.value ? 96 : 72;
}

function useNear(list: RefObject<HTMLElement | null>, view: View, count: number): Near {
  const [near, setNear] = useState<Near>({ from: 0, to: 0, columns: 1 });

  function measure(): void {
    const element = list.current;
    if (!element) return;
    const { top, width } = element.getBoundingClientRect();
    const columns = view === 'grid' ? Math.max(2, Math.floor(width / TILE_WIDTH)) : 1;
    const rows = Math.ceil(count / columns);
    const next = { ...windowOf({ top, height: innerHeight, rowHeight: rowHeight(view), rows }), columns };
    setNear((last) => (isSame(last, next) ? last : next));
  }

  useLayoutEffect(measure, [view, count, isNarrow.value]);

  useEffect(() => {
    let frame = 0;
    /** With the next frame, when the layout is known anyway: asked for at once, it would be made twice. */
    const soon = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        measure();
      });
    };
    addEventListener('scroll', soon, { passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', soon);
      removeEventListener('resize', soon);
    };
  }, [view, count]);

  return near;
}

/**
 * Those of `ids` whose files are made now: those that are there, and the next few of the others. Where more have come
 * near than a person scrolls past at a time, they are on their way to somewhere else: none is made until they rest.
 */
function useMade(ids: readonly string[]): ReadonlySet<string> {
  const [go, setGo] = useState(0);
  const last = useRef<{ go: number; made: ReadonlySet<string> }>({ go: -1, made: new Set() });
  const isResting = go !== last.current.go;
  const fresh = ids.filter((id) => !last.current.made.has(id));
  const room = isResting || fresh.length <= 2 * STEP ? STEP : 0;
  const waiting = new Set(fresh.slice(room));
  const made = new Set(ids.filter((id) => !waiting.has(id)));
  useLayoutEffect(() => {
    last.current = { go, made };
    if (waiting.size === 0) return;
    // A tab in the background has no frames.
    const timer = setTimeout(() => setGo(go + 1), room === 0 ? REST_MS : 16);
    return () => clearTimeout(timer);
  });
  return made;
}

function useFocusedFile(list: RefObject<HTMLElement | null>): string | null {
  const [focused, setFocused] = useState<string | null>(null);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const remember = ({ target }: FocusEvent) => {
      setFocused((target as Element).closest<HTMLElement>('[data-file]')?.dataset.file ?? null);
    };
    element.addEventListener('focusin', remember);
    return () => element.removeEventListener('focusin', remember);
  }, []);
  return focused;
}

/** Arrows go from name to name, up and down by a row; Tab goes through all that can be done with one. */
function moveFocus(event: TargetedKeyboardEvent<HTMLElement>, columns: number): void {
  const file = (event.target as Element).closest('[data-file]');
  const isRtl = document.documentElement.dir === 'rtl';
  const aside = columns > 1 ? (isRtl ? -1 : 1) : 0;
  const steps: Record<string, number> = {
    ArrowDown: columns,
    ArrowUp: -columns,
    ArrowRight: aside,
    ArrowLeft: -aside,
  };
  const step = steps[event.key] ?? 0;
  if (!file || step === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  const place = Number(file.getAttribute('aria-posinset')) + step;
  const next = event.currentTarget.querySelector<HTMLElement>(`[aria-posinset="${place}"] [data-do="open"]`);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
}

function isSame(a: Near, b: Near): boolean {
  return a.from === b.from && a.to === b.to && a.columns === b.columns;
}
