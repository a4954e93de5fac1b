import { signal } from '@preact/signals';
import { Fragment, type JSX, type RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isToday, moment, number, timeOfDay } from '../format.ts';
import { t } from '../i18n.ts';
import { act } from '../intake.ts';
import { focusPage } from '../page-focus.ts';
import { actionCounts, groups, idsFor, placeOf } from '../state.ts';
import { batchesOfOneMinute, type HeadLine, Lines, type RowLine } from './lines.ts';
import {
  type AllAction,
  allActions,
  type Group,
  type Groups,
  groupNames,
  homeOf,
  type Place,
} from './order.ts';
import { spotlight } from './spotlight.ts';
import { UploadRow } from './upload-row.tsx';
import { nextWindow, type Rows as Range } from './window.ts';

/** Up to this many rows all of them are made; of more, those that are seen. */
export const FEW = 200;
/** Rows made in one go at first: the rest of a short list follows with the next frames. */
const STEP = 40;

/** Heights of the rows of a long list, in CSS pixels, so that where a row is can be told without making it. */
const narrow = matchMedia('(max-width: 599px)');
const isNarrow = signal(narrow.matches);
narrow.addEventListener('change', () => {
  isNarrow.value = narrow.matches;
});

function rowHeight(name: Group): number {
  if (isNarrow.value) return name === 'needsYou' ? 168 : 92;
  return name === 'needsYou' ? 116 : 84;
}

type Windows = Record<Group, Range>;

/** The rows by group, and what can be done with all of them. */
export function UploadList(): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const all = groups.value;
  const isLong = count(all) > FEW;
  const limit = useGrowingLimit(isLong ? FEW : count(all));
  const windows = useWindows(list, all, isLong);
  const focused = useFocusKept(list);
  useSpotlight(list, isLong);
  const firsts = isLong ? null : firstRows(all, limit);
  return (
    <section
      class="upload-list"
      data-long={isLong ? '' : undefined}
      ref={list}
      aria-label={t('uploads.list')}
    >
      {groupNames.map(
        (name) =>
          all[name].length > 0 && (
            <section key={name} class="group" data-group={name} aria-labelledby={`group-${name}`}>
              <GroupHead name={name} />
              {firsts ? (
                <Rows places={firsts[name]} />
              ) : (
                <WindowedRows
                  places={all[name]}
                  window={windows[name]}
                  focused={focused}
                  height={rowHeight(name)}
                />
              )}
            </section>
          ),
      )}
    </section>
  );
}

/** The rows by batch. Where there is only one, that need not be said. */
function Rows({ places }: { places: readonly Place[] }): JSX.Element {
  const batches = Map.groupBy(places, ({ batchAt }) => batchAt);
  const close = batchesOfOneMinute(batches.keys());
  return (
    <>
      {[...batches].map(([at, some]) => (
        <Fragment key={at}>
          {batches.size > 1 && <BatchHead at={at} isClose={close.has(at)} count={some.length} />}
          <ul>
            {some.map(({ id }) => (
              <UploadRow key={id} id={id} />
            ))}
          </ul>
        </Fragment>
      ))}
    </>
  );
}

/** `isClose`: another batch began in the same minute. */
function BatchHead({ at, isClose, count }: { at: number; isClose: boolean; count: number }): JSX.Element {
  return (
    <h3 class="batch">
      {t('group.batch', { when: isToday(at) ? timeOfDay(at, isClose) : moment(at, isClose) })}{' '}
      <span class="count">{number(count)}</span>
    </h3>
  );
}

/** Lines of one height, of which only those near are there; each row says which of how many it is. */
function WindowedRows(props: {
  places: readonly Place[];
  window: Range;
  focused: string | null;
  height: number;
}): JSX.Element {
  const { places, window, focused, height } = props;
  const lines = new Lines(places);
  const close = batchesOfOneMinute(lines.batches);
  const shown: (RowLine | HeadLine)[] = [...lines.within(window)];
  // The row with the keyboard's focus stays, or the next Tab would begin at the top of the page.
  const place = focused === null ? undefined : placeOf(focused);
  if (focused && place && places[place.index]?.id === focused) {
    const at = lines.lineOf(place.index);
    if (at < window.from) shown.unshift({ at, index: place.index });
    if (at >= window.to) shown.push({ at, index: place.index });
  }
  return (
    <ul style={{ '--row': `${height}px`, 'block-size': `${lines.count * height}px` }}>
      {shown.map((line) =>
        'index' in line ? (
          <UploadRow
            key={places[line.index]?.id}
            id={places[line.index]?.id ?? ''}
            at={line.at}
            index={line.index}
            of={places.length}
          />
        ) : (
          <li key={`line ${line.at}`} class="batch-line" style={{ '--at': line.at }}>
            <BatchHead at={line.batchAt} isClose={close.has(line.batchAt)} count={line.count} />
          </li>
        ),
      )}
    </ul>
  );
}

function GroupHead({ name }: { name: Group }): JSX.Element {
  return (
    <div class="group-head">
      <h2 id={`group-${name}`}>
        {t(`group.${name}`)} <span class="count">{number(groups.value[name].length)}</span>
      </h2>
      <AllActions name={name} />
    </div>
  );
}

/** One button for each thing that at least one row can do, so that none is ever there in vain. */
function AllActions({ name }: { name: Group }): JSX.Element {
  const possible = allActions.filter(
    (action) => actionCounts.value[action] > 0 && homeOf(action, groups.value) === name,
  );
  return (
    <div class="all-actions">
      {possible.map((action) => (
        <ForAll key={action} action={action} />
      ))}
    </div>
  );
}

function ForAll({ action }: { action: AllAction }): JSX.Element {
  return (
    <button type="button" class="link" data-do-all={action} onClick={() => void act(action, idsFor(action))}>
      {t(`doAll.${action}`)}
    </button>
  );
}

/** A limit that rises to `to` frame by frame, so that a list that is shown first does not hold up the page. */
function useGrowingLimit(to: number): number {
  const [limit, setLimit] = useState(STEP);
  useEffect(() => {
    if (limit >= to) return;
    // A tab in the background has no frames.
    const timer = setTimeout(() => setLimit(limit + STEP), 16);
    return () => clearTimeout(timer);
  }, [limit, to]);
  return limit;
}

/** Which rows of each group are near what is seen, after scrolling and after every change of the list. */
function useWindows(list: RefObject<HTMLElement | null>, all: Groups, isLong: boolean): Windows {
  const [windows, setWindows] = useState<Windows>(() => each(() => ({ from: 0, to: 0 })));

  const last = useRef(windows);

  function measure(): void {
    const next = each((name) => {
      const top = list.current?.querySelector(`[data-group="${name}"] ul`)?.getBoundingClientRect().top;
      if (top === undefined) return { from: 0, to: 0 };
      const rows = new Lines(groups.peek()[name]).count;
      return nextWindow(last.current[name], { top, height: innerHeight, rowHeight: rowHeight(name), rows });
    });
    if (isSame(last.current, next)) return;
    last.current = next;
    setWindows(next);
    soon(); // not all of them may have been made
  }

  const frame = useRef(0);
  /** With the next frame, when the layout is known anyway: asked for at once, it would be made twice. */
  function soon(): void {
    frame.current ||= requestAnimationFrame(() => {
      frame.current = 0;
      measure();
    });
  }

  useLayoutEffect(() => {
    if (isLong) measure();
  }, [isLong, isNarrow.value]);

  useEffect(() => {
    if (isLong) soon();
  }, [all]);

  useEffect(() => {
    if (!isLong) return;
    addEventListener('scroll', soon, { passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame.current);
      frame.current = 0;
      removeEventListener('scroll', soon);
      removeEventListener('resize', soon);
    };
  }, [isLong]);

  return windows;
}

/** Brings the row that was asked for into sight and gives it the focus. */
function useSpotlight(list: RefObject<HTMLElement | null>, isLong: boolean): void {
  const wanted = spotlight.value;
  useEffect(() => {
    const place = wanted && placeOf(wanted.id);
    if (!wanted || !place) return;
    const find = () => list.current?.querySelector<HTMLElement>(`[data-upload="${wanted.id}"]`);
    const ul = list.current?.querySelector(`[data-group="${place.group}"] ul`);
    if (isLong && ul && !find()) {
      const line = new Lines(groups.peek()[place.group]).lineOf(place.index);
      const top = ul.getBoundingClientRect().top + scrollY + line * rowHeight(place.group);
      scrollTo({ top: top - innerHeight / 2, behavior: 'instant' });
    }
    // Its row is made within the frame after the scroll.
    const timer = setTimeout(() => {
      const found = find();
      found?.scrollIntoView({ block: 'center' });
      found?.focus({ preventScroll: true });
      spotlight.value = null;
    }, 100);
    return () => clearTimeout(timer);
  }, [wanted]);
}

/**
 * The id of the row with the keyboard's focus. A row that moves to another group is made anew and would lose it:
 * it is given back. Where a row is gone, the one that took its place has it.
 */
function useFocusKept(list: RefObject<HTMLElement | null>): string | null {
  const [focused, setFocused] = useState<string | null>(null);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const remember = ({ target }: FocusEvent) => {
      setFocused((target as Element).closest<HTMLElement>('[data-upload]')?.dataset.upload ?? null);
    };
    element.addEventListener('focusin', remember);
    return () => element.removeEventListener('focusin', remember);
  }, []);
  const last = useRef<ReturnType<typeof placeOf>>(undefined);
  useLayoutEffect(() => {
    if (focused === null) return;
    const place = placeOf(focused);
    if (document.activeElement === document.body) {
      const own = list.current?.querySelector<HTMLElement>(`[data-upload="${focused}"] button`);
      (place ? own : rowAt(list.current, last.current))?.focus({ preventScroll: true });
    }
    last.current = place;
  });
  useLayoutEffect(() => {
    // The last row of all: what comes in the list's place is there only when all of this render is done.
    return () => {
      if (last.current) queueMicrotask(() => document.activeElement === document.body && focusPage());
    };
  }, []);
  return focused;
}

/** The row that is now where another was, or nearest to that. */
function rowAt(list: HTMLElement | null, was: ReturnType<typeof placeOf>): HTMLElement | null | undefined {
  const rows = was ? groups.peek()[was.group] : [];
  const { id } = rows[was?.index ?? 0] ?? rows.at(-1) ?? {};
  const row = id && list?.querySelector<HTMLElement>(`[data-upload="${id}"]`);
  return row || list?.querySelector('[data-upload]');
}

function firstRows(all: Groups, limit: number): Groups {
  let left = limit;
  return each((name) => {
    const some = all[name].slice(0, Math.max(0, left));
    left -= some.length;
    return some;
  });
}

function isSame(a: Windows, b: Windows): boolean {
  return groupNames.every((name) => a[name].from === b[name].from && a[name].to === b[name].to);
}

function count(all: Groups): number {
  return groupNames.reduce((sum, name) => sum + all[name].length, 0);
}

function each<T>(of: (name: Group) => T): Record<Group, T> {
  return { needsYou: of('needsYou'), moving: of('moving'), waiting: of('waiting'), finished: of('finished') };
}
