import { expect, test } from 'vitest';
import { badgeNumber, decideTelling, hasAllArrived, type Outlook, type Telling } from './notification.ts';

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

const list = (unfinished: number, needsYou: number, stored: number): Outlook => ({
  unfinished,
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
  ['the last file arrives', list(1, 0, 3), list(0, 0, 4), true],
  ['one of several arrives', list(2, 0, 3), list(1, 0, 4), false],
  ['the last one is cancelled', list(1, 0, 3), list(0, 0, 3), false],
  ['one is left that needs a person', list(2, 0, 3), list(0, 1, 4), false],
  ['everything had arrived before', list(0, 0, 4), list(0, 0, 4), false],
])('when %s, all have arrived or not', (_what, before, now, arrived) => {
  expect(hasAllArrived(before, now)).toBe(arrived);
});
