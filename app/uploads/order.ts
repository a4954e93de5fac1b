import type { UploadAction, UploadState, UploadView } from '../../shared/upload-view.ts';

/** What rows have in common, in the order they are shown: first what only a person can move. */
export const groupNames = ['needsYou', 'moving', 'waiting', 'finished'] as const;
export type Group = (typeof groupNames)[number];
/** Ids of the rows of each group, sorted. */
export type Groups = Readonly<Record<Group, readonly string[]>>;

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

export function groupOf(view: UploadView): Group {
  return groupByState[view.state.at];
}

/** All rows by group. Within one: what waits for something before what is only in line, then oldest first. */
export function groupRows(rows: readonly UploadView[]): Groups {
  const found: Record<Group, UploadView[]> = { needsYou: [], moving: [], waiting: [], finished: [] };
  for (const view of rows) found[groupOf(view)].push(view);
  return {
    needsYou: ids(found.needsYou.sort(byAge)),
    moving: ids(found.moving.sort(byAge)),
    waiting: ids(found.waiting.sort((a, b) => turn(a) - turn(b) || byAge(a, b))),
    // What was added last was looked for last.
    finished: ids(found.finished.sort((a, b) => b.addedAt - a.addedAt || byName(a, b))),
  };
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

/** The ids among `rows` that `action` for all is about: "clear finished" leaves alone what has failed. */
export function idsFor(action: AllAction, rows: readonly UploadView[]): string[] {
  const groups: readonly Group[] = reach[action];
  return ids(rows.filter((view) => view.can.includes(action) && groups.includes(groupOf(view))));
}

/** The group whose heading the button for all stands beside: the first of those it is about that is there. */
export function homeOf(action: AllAction, groups: Groups): Group | undefined {
  return reach[action].find((name) => groups[name].length > 0);
}

function turn(view: UploadView): number {
  return view.state.at === 'queued' ? 1 : 0;
}

function byAge(a: UploadView, b: UploadView): number {
  return a.addedAt - b.addedAt || byName(a, b);
}

// One collator for all: thousands of rows are compared, and `localeCompare` would look one up each time.
const collator = new Intl.Collator(undefined, { numeric: true });

function byName(a: UploadView, b: UploadView): number {
  return collator.compare(a.path, b.path) || collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
}

function ids(rows: readonly UploadView[]): string[] {
  return rows.map((view) => view.id);
}
