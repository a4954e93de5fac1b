import { expect, test } from 'vitest';
import { dropReturn, keepReturn, recallReturn } from './kept-return.ts';

function place() {
  const held = new Map<string, string>();
  return {
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
    removeItem: (key: string) => void held.delete(key),
  };
}
const first = { state: 's1', returnTo: '/library?x=1', leftBy: 'a' };

test('what was kept comes back with its own state only', () => {
  const tab = place();
  keepReturn(tab, first);
  expect(recallReturn(tab, 's1')).toEqual(first);
  expect(recallReturn(tab, 's2')).toBeNull();
  expect(recallReturn(tab, null)).toBeNull();
});

test('the last sign-in that was begun in a tab is the one that counts', () => {
  const tab = place();
  keepReturn(tab, first);
  keepReturn(tab, { ...first, state: 's2', returnTo: null });
  expect(recallReturn(tab, 's1')).toBeNull();
  expect(recallReturn(tab, 's2')?.returnTo).toBeNull();
});

test('a tab that kept nothing, or let it go, or holds something else, comes back to nothing', () => {
  const tab = place();
  expect(recallReturn(tab, 's1')).toBeNull();
  keepReturn(tab, first);
  dropReturn(tab);
  expect(recallReturn(tab, 's1')).toBeNull();
  for (const strange of ['', '{', 'null', '{"state":"s1"}', '[]']) {
    tab.setItem('holdfast.sso', strange);
    expect(recallReturn(tab, 's1')).toBeNull();
  }
});
