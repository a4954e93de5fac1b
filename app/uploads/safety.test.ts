import { expect, test } from 'vitest';
import { safeLine, tabFactsOf } from './safety.ts';
import { tallyOf, viewOf } from './testing.ts';

const here = () => true;
const nobody = { stored: 0, needsYou: 0 };

test('one file that is only in this tab is enough to say so', () => {
  const tab = tabFactsOf(
    tallyOf([
      viewOf({ safe: 'yes' }),
      viewOf({ safe: 'one-click' }),
      viewOf({ safe: 'no', size: 100, shownBytes: 40 }),
    ]),
    here,
  );
  expect(tab).toEqual({
    underway: 3,
    unsafeFiles: 1,
    unsafeBytes: 60,
    isHere: true,
    oneClick: 1,
    isTaking: false,
  });
  expect(safeLine(tab, nobody)).toBe('no');
});

test('files of another tab are not said to be in this one', () => {
  const tab = tabFactsOf(tallyOf([viewOf({ safe: 'no' })]), () => false);
  expect(safeLine(tab, nobody)).toBe('noElsewhere');
});

test('an empty file that is only in this tab counts, though it has no bytes', () => {
  const tab = tabFactsOf(tallyOf([viewOf({ safe: 'no', size: 0 })]), here);
  expect(tab).toEqual({
    underway: 1,
    unsafeFiles: 1,
    unsafeBytes: 0,
    isHere: true,
    oneClick: 0,
    isTaking: false,
  });
  expect(safeLine(tab, nobody)).toBe('no');
});

test('an upload that asks for its file again has nothing in this tab to lose', () => {
  const tab = tabFactsOf(
    tallyOf([viewOf({ safe: 'no', state: { at: 'needs-file', why: 'restarted' } })]),
    here,
  );
  expect(safeLine(tab, { stored: 1, needsYou: 1 })).toBe('needsYou');
});

test('the tab may be closed while all that is under way is kept in the browser', () => {
  expect(safeLine(tabFactsOf(tallyOf([viewOf({ safe: 'yes' })]), here), { stored: 1, needsYou: 1 })).toBe(
    'yes',
  );
  expect(safeLine(tabFactsOf(tallyOf([viewOf({ safe: 'one-click' })]), here), nobody)).toBe('oneClick');
});

test('everything has arrived only when nothing is left and nothing has failed', () => {
  const tab = tabFactsOf(tallyOf([viewOf({ state: { at: 'stored' } })]), here);
  expect(safeLine(tab, { stored: 1, needsYou: 0 })).toBe('done');
  expect(safeLine(tab, { stored: 1, needsYou: 1 })).toBe('needsYou');
  expect(safeLine(tab, nobody)).toBe('none');
});

test('nothing has arrived for good while files are still being taken in', () => {
  const stored = tabFactsOf(tallyOf([viewOf({ state: { at: 'stored' } })]), here, true);
  expect(safeLine(stored, { stored: 1, needsYou: 0 })).toBe('taking');
  expect(safeLine(tabFactsOf(tallyOf([viewOf({ safe: 'yes' })]), here, true), nobody)).toBe('taking');
  expect(safeLine(tabFactsOf(tallyOf([viewOf({ safe: 'no' })]), here, true), nobody)).toBe('no');
});
