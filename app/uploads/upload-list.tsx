import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { number } from '../format.ts';
import { t } from '../i18n.ts';
import { act } from '../intake.ts';
import { allRows, groups } from '../state.ts';
import { type AllAction, allActions, type Group, groupNames, homeOf, idsFor } from './order.ts';
import { UploadRow } from './upload-row.tsx';

/** Rows made at first, and with each step down the list. */
const STEP = 200;
/** From this many rows on, those out of sight are not laid out (`styles.css`). */
const LONG = 60;

/** The rows by group, and what can be done with all of them. */
export function UploadList(): JSX.Element {
  const [limit, setLimit] = useState(STEP);
  const list = useRef<HTMLDivElement>(null);
  useFocusKept(list.current);
  const shown = firstRows(groups.value, limit);
  const all = count(groups.value);
  const hidden = all - count(shown);
  return (
    <section
      class="upload-list"
      data-long={all > LONG ? '' : undefined}
      ref={list}
      aria-label={t('uploads.list')}
    >
      {groupNames.map(
        (name) => shown[name].length > 0 && <GroupOfRows key={name} name={name} ids={shown[name]} />,
      )}
      {hidden > 0 && <More hidden={hidden} onReached={() => setLimit(limit + STEP)} />}
    </section>
  );
}

function GroupOfRows({ name, ids }: { name: Group; ids: readonly string[] }): JSX.Element {
  return (
    <section class="group" data-group={name} aria-labelledby={`group-${name}`}>
      <div class="group-head">
        <h2 id={`group-${name}`}>
          {t(`group.${name}`)} <span class="count">{number(groups.value[name].length)}</span>
        </h2>
        <AllActions name={name} />
      </div>
      <ul>
        {ids.map((id) => (
          <UploadRow key={id} id={id} />
        ))}
      </ul>
    </section>
  );
}

/** One button for each thing that at least one row can do, so that none is ever there in vain. */
function AllActions({ name }: { name: Group }): JSX.Element {
  const possible = allActions.filter((action) => idsFor(action, allRows()).length > 0);
  return (
    <div class="all-actions">
      {possible
        .filter((action) => homeOf(action, groups.value) === name)
        .map((action) => (
          <ForAll key={action} action={action} />
        ))}
    </div>
  );
}

function ForAll({ action }: { action: AllAction }): JSX.Element {
  return (
    <button
      type="button"
      class="link"
      data-do-all={action}
      onClick={() => void act(action, idsFor(action, allRows()))}
    >
      {t(`doAll.${action}`)}
    </button>
  );
}

/** Makes more rows as the end of the list comes into sight, or is reached with the keyboard. */
function More({ hidden, onReached }: { hidden: number; onReached: () => void }): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const watch = new IntersectionObserver(
      (seen) => seen.some((each) => each.isIntersecting) && onReached(),
      {
        rootMargin: '800px',
      },
    );
    if (button.current) watch.observe(button.current);
    return () => watch.disconnect();
  }, [onReached]);
  return (
    <button type="button" class="button small" ref={button} onClick={onReached}>
      {t('uploads.showMore', { count: hidden })}
    </button>
  );
}

function firstRows(all: Record<Group, readonly string[]>, limit: number): Record<Group, readonly string[]> {
  let left = limit;
  const first = (ids: readonly string[]): readonly string[] => {
    const some = ids.slice(0, Math.max(0, left));
    left -= some.length;
    return some;
  };
  return {
    needsYou: first(all.needsYou),
    moving: first(all.moving),
    waiting: first(all.waiting),
    finished: first(all.finished),
  };
}

function count(all: Record<Group, readonly string[]>): number {
  return groupNames.reduce((sum, name) => sum + all[name].length, 0);
}

/** A row that moves to another group is made anew and would lose the keyboard's place: it is given back. */
function useFocusKept(list: HTMLElement | null): void {
  const place = useRef<string | null>(null);
  useEffect(() => {
    if (!list) return;
    const remember = ({ target }: FocusEvent) => {
      place.current = (target as Element).closest<HTMLElement>('[data-upload]')?.dataset.upload ?? null;
    };
    list.addEventListener('focusin', remember);
    return () => list.removeEventListener('focusin', remember);
  }, [list]);
  useLayoutEffect(() => {
    if (!list || place.current === null || document.activeElement !== document.body) return;
    list
      .querySelector<HTMLElement>(`[data-upload="${place.current}"] button`)
      ?.focus({ preventScroll: true });
  });
}
