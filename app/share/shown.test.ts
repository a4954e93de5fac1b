import { expect, test } from 'vitest';
import type { SharedFiles } from '../../shared/api.ts';
import type { Found } from './api.ts';
import { nextShown, type Shown } from './shown.ts';

const NOW = 1000;
const file = { id: 'f', path: '', name: 'a', size: 1, type: '' };
const shared = (more: Partial<SharedFiles> = {}): SharedFiles => ({
  name: 'a',
  files: [file],
  expiresAt: null,
  downloadsLeft: 1,
  now: NOW,
  ...more,
});
const open = (more?: Partial<SharedFiles>): Found => ({ at: 'open', shared: shared(more) });
const usedUp: Shown = { at: 'used-up', shared: shared() };
const words: readonly Shown[] = [open(), usedUp, { at: 'locked' }, { at: 'gone' }];
const silences: readonly Found[] = [{ at: 'away' }, { at: 'limited' }];

test('what the server last said of a link stands while it says nothing', () => {
  for (const shown of words) {
    for (const found of silences) expect(nextShown(shown, found, true, NOW)).toEqual(shown);
  }
});

test('where nothing was said yet, the newest reason is shown', () => {
  for (const shown of [null, ...silences]) {
    for (const found of silences) expect(nextShown(shown, found, false, NOW)).toEqual(found);
  }
});

test('a word of the server replaces what was shown', () => {
  const others: Found[] = [open({ downloadsLeft: 7 }), { at: 'locked' }];
  for (const shown of [null, ...words, ...silences]) {
    for (const found of others) expect(nextShown(shown, found, true, NOW)).toEqual(found);
  }
});

test('after the last download the list stays, and stays', () => {
  const last = nextShown(open(), { at: 'gone' }, true, NOW);
  expect(last).toEqual(usedUp);
  expect(nextShown(last, { at: 'gone' }, false, NOW)).toEqual(usedUp);
});

test('the last download may be ours though others had what was left before it', () => {
  const shown = open({ downloadsLeft: 5 });
  expect(nextShown(shown, { at: 'gone' }, true, NOW).at).toBe('used-up');
});

test('a link that ends otherwise is gone', () => {
  const gone: Found = { at: 'gone' };
  expect(nextShown(open(), gone, false, NOW)).toEqual(gone);
  expect(nextShown(open({ downloadsLeft: null }), gone, true, NOW)).toEqual(gone);
  expect(nextShown(open({ expiresAt: NOW }), gone, true, NOW)).toEqual(gone);
  expect(nextShown(open({ expiresAt: NOW + 1 }), gone, true, NOW).at).toBe('used-up');
  for (const shown of [null, { at: 'locked' }, ...silences] as const) {
    expect(nextShown(shown, gone, true, NOW)).toEqual(gone);
  }
});
