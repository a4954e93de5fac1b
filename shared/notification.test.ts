import { expect, test } from 'vitest';
import { badgeNumber, decideTelling, endOfRun, type Outlook, type Telling } from './notification.ts';

const focused = { focused: true };
const behind = { focused: false };
const windows = {
  'no window': [],
  'a window behind': [behind],
  'two windows behind': [behind, behind],
  'a window in front': [focused],
  'one in front of another': [behind, focused],
};

const table: [keyof typeof windows, granted: Telling, otherwise: Telling][] = [
  ['no window', 'notification', 'badge'],
  ['a window behind', 'notification', 'badge'],
  ['two windows behind', 'notification', 'badge'],
  ['a window in front', 'page', 'page'],
  ['one in front of another', 'page', 'page'],
];

test.each(table)('with %s: %s where it is allowed, else %s', (which, granted, otherwise) => {
  expect(decideTelling(windows[which], 'granted')).toBe(granted);
  for (const permission of ['denied', 'default', 'unsupported'] as const)
    expect(decideTelling(windows[which], permission)).toBe(otherwise);
});

const list = (unfinished: number, needsYou: number, stored: number, going = 0): Outlook => ({
  unfinished,
  going,
  needsYou,
  stored,
});

test.each([
  ['nothing to do', list(0, 0, 4), 0],
  ['uploads on their way', list(3, 0, 1), 3],
  ['some that wait for a person', list(3, 2, 1), 2],
])('with %s the icon says how many', (_what, now, number) => {
  expect(badgeNumber(now)).toBe(number);
});

test.each([
  ['the last file has arrived', list(1, 0, 3, 1), list(0, 0, 4), 'arrived'],
  ['the last one was cancelled', list(1, 0, 3, 1), list(0, 0, 3), null],
  ['one has failed on the way', list(2, 0, 3, 2), list(0, 1, 4), 'paused'],
  ['one waits for its file', list(1, 0, 3, 1), list(1, 1, 3), 'paused'],
  ['all arrived beside one that failed long ago', list(1, 1, 3, 1), list(0, 1, 4), 'arrived'],
  ['another waits for its file since long ago', list(2, 1, 3, 1), list(1, 1, 4), null],
  ['a person has paused the rest', list(2, 0, 3, 2), list(1, 0, 4), null],
] as const)('when %s, that is told or not', (_what, began, now, matter) => {
  expect(endOfRun(began, now)).toBe(matter);
});
