import type { UploadAction, UploadState, UploadView } from '../../shared/upload-view.ts';

/** What rows have in common, in the order they are shown: first what only a person can move. */
export const groupNames = ['needsYou', 'moving', 'waiting', 'finished'] as const;
export type Group = (typeof groupNames)[number];

/** Where a row stands, and all that decides it. */
export interface Place {
  readonly id: string;
  readonly group: Group;
  /** What waits for something comes before what is only in line. */
  readonly turn: 0 | 1;
  readonly batchAt: number;
  readonly addedAt: number;
  readonly path: string;
  readonly name: string;
}
/** The rows of each group, sorted. */
export type Groups = Readonly<Record<Group, readonly Place[]>>;

const groupByState: Record<UploadState['at'], Group> = {
  failed: 'needsYou',
  'needs-file': 'needsYou',
  'needs-permission': 'needsYou',
  expired: 'needsYou',
  sending: 'moving',
  verifying: 'moving',
  waiting: 'waiting',
  held: 'waiting',
  paused: 'waiting',
  queued: 'waiting',
  stored: 'finished',
  cancelled: 'finished',
};

/** The group of a row; one in a state that only a newer release knows is said to wait. */
export function groupOf(view: UploadView): Group {
  return groupByState[view.state.at] ?? 'waiting';
}

/** The batch of a row, by when it was chosen. A release older does not say. */
export function batchOf({ batchAt, addedAt }: UploadView): number {
  return batchAt ?? Math.floor(addedAt);
}

/**
 * The rows by group, sorted. It is kept so row by row, since thousands are listed and a few of them change many
 * times a second: what is neither new nor moves costs nothing.
 */
export class Order {
  #groups: Record<Group, Place[]> = empty();
  #places = new Map<string, Place>();

  /** Mutable behind this back: read it, and read it again after a change. */
  get groups(): Groups {
    return this.#groups;
  }

  /** Puts a row where it belongs now, and returns whether that is another place than before. */
  put(view: UploadView): boolean {
    const known = this.#places.get(view.id);
    const { id, addedAt, path, name } = view;
    const group = groupOf(view);
    const turn = view.state.at === 'queued' ? 1 : 0;
    if (known && known.group === group && (known.turn === turn || group !== 'waiting')) return false;
    this.drop(id);
    const place: Place = { id, group, turn, batchAt: batchOf(view), addedAt, path, name };
    this.#places.set(id, place);
    const rows = this.#groups[group];
    rows.splice(indexIn(rows, place), 0, place);
    return true;
  }

  /** Takes a row out, and returns whether it was there. */
  drop(id: string): boolean {
    const place = this.#places.get(id);
    if (!place) return false;
    this.#places.delete(id);
    const rows = this.#groups[place.group];
    rows.splice(indexIn(rows, place), 1);
    return true;
  }

  /** Where the row stands, counted from 0 within its group, or undefined when there is none. */
  find(id: string): { group: Group; index: number } | undefined {
    const place = this.#places.get(id);
    return place && { group: place.group, index: indexIn(this.#groups[place.group], place) };
  }

  clear(): void {
    this.#groups = empty();
    this.#places.clear();
  }
}

/** What can be done with many rows at once, and with the rows of which groups. */
const reach = {
  select: ['needsYou'],
  permit: ['needsYou'],
  retry: ['needsYou'],
  refresh: ['needsYou', 'moving', 'waiting'],
  resume: ['waiting'],
  pause: ['moving', 'waiting'],
  cancel: ['moving', 'waiting'],
  remove: ['finished'],
} satisfies Partial<Record<UploadAction, readonly Group[]>>;

export type AllAction = keyof typeof reach;
export const allActions = Object.keys(reach) as AllAction[];

/** What a person can do with a row: a session that ends soon can be refreshed before it has ended. */
export function actionsOf(view: UploadView): readonly UploadAction[] {
  if (view.can.includes('refresh') || !endsSoon(view)) return view.can;
  return [...view.can, 'refresh'];
}

/** Whether the row says when its upload session ends. A release older does not know. */
export function endsSoon(view: UploadView): view is UploadView & { sessionEndsAt: number } {
  return typeof view.sessionEndsAt === 'number';
}

/** Whether `action` for all is about this row: "clear finished" leaves alone what has failed. */
export function isFor(action: AllAction, view: UploadView): boolean {
  const groups: readonly Group[] = reach[action];
  return groups.includes(groupOf(view)) && actionsOf(view).includes(action);
}

/** The group whose heading the button for all stands beside: the first of those it is about that is there. */
export function homeOf(action: AllAction, groups: Groups): Group | undefined {
  return reach[action].find((name) => groups[name].length > 0);
}

/** Where `place` is in `rows`, or belongs. */
function indexIn(rows: readonly Place[], place: Place): number {
  let from = 0;
  let to = rows.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    const there = rows[middle];
    if (there && compare(there, place) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Oldest first; of what is finished, that which was added last was looked for last. */
function compare(a: Place, b: Place): number {
  const age = a.batchAt - b.batchAt || a.addedAt - b.addedAt;
  if (a.group === 'finished') return -age || byName(a, b);
  const turns = a.group === 'waiting' ? a.turn - b.turn : 0;
  return turns || age || byName(a, b);
}

// One collator for all: thousands of rows are compared, and `localeCompare` would look one up each time.
const collator = new Intl.Collator(undefined, { numeric: true });

function byName(a: Place, b: Place): number {
  if (a.id === b.id) return 0;
  return collator.compare(a.path, b.path) || collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
}

function empty(): Record<Group, Place[]> {
  return { needsYou: [], moving: [], waiting: [], finished: [] };
}
