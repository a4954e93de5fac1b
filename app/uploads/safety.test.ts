import { expect, test } from 'vitest';
import { safeLine, tabFactsOf } from './safety.ts';
import { viewOf } from './testing.ts';

const nobody = { stored: 0, needsYou: 0 };

test('one file that is only in this tab is enough to say so', () => {
  const tab = tabFactsOf([
    viewOf({ safe: 'yes' }),
    viewOf({ safe: 'one-click' }),
    viewOf({ safe: 'no', size: 100, shownBytes: 40 }),
  ]);
  expect(tab).toEqual({ underway: 3, unsafeFiles: 1, unsafeBytes: 60, oneClick: 1 });
  expect(safeLine(tab, nobody)).toBe('no');
});

test('an empty file that is only in this tab counts, though it has no bytes', () => {
  const tab = tabFactsOf([viewOf({ safe: 'no', size: 0 })]);
  expect(tab).toEqual({ underway: 1, unsafeFiles: 1, unsafeBytes: 0, oneClick: 0 });
  expect(safeLine(tab, nobody)).toBe('no');
});

test('an upload that asks for its file again has nothing in this tab to lose', () => {
  const tab = tabFactsOf([viewOf({ safe: 'no', state: { at: 'needs-file', why: 'restarted' } })]);
  expect(safeLine(tab, { stored: 1, needsYou: 1 })).toBe('needsYou');
});

test('the tab may be closed while all that is under way is kept in the browser', () => {
  expect(safeLine(tabFactsOf([viewOf({ safe: 'yes' })]), { stored: 1, needsYou: 1 })).toBe('yes');
  expect(safeLine(tabFactsOf([viewOf({ safe: 'one-click' })]), nobody)).toBe('oneClick');
});

test('everything has arrived only when nothing is left and nothing has failed', () => {
  const tab = tabFactsOf([viewOf({ state: { at: 'stored' } })]);
  expect(safeLine(tab, { stored: 1, needsYou: 0 })).toBe('done');
  expect(safeLine(tab, { stored: 1, needsYou: 1 })).toBe('needsYou');
  expect(safeLine(tab, nobody)).toBe('none');
});
