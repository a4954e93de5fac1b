import { expect, test } from 'vitest';
import { decideTelling, type Telling } from './notification.ts';

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
