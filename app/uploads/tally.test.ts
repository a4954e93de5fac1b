import { expect, test } from 'vitest';
import type { UploadView } from '../../shared/upload-view.ts';
import { Tally } from './tally.ts';
import { tallyOf, viewOf } from './testing.ts';

test('what is counted row by row is what counting all of them anew would give', () => {
  const tally = new Tally();
  const lives: UploadView[][] = [
    [
      viewOf({ id: 'a', safe: 'no', can: ['pause'] }),
      viewOf({ id: 'a', state: { at: 'stored' }, shownBytes: 100, can: ['remove'] }),
    ],
    [
      viewOf({ id: 'b', safe: 'no' }),
      viewOf({ id: 'b', state: { at: 'needs-file', why: 'gone' }, can: ['select'] }),
    ],
    [viewOf({ id: 'c', safe: 'one-click' }), viewOf({ id: 'c', safe: 'no', shownBytes: 40 })],
    [viewOf({ id: 'd' }), viewOf({ id: 'd', state: { at: 'cancelled', undoUntil: 9 }, can: ['undo'] })],
  ];
  for (const [before, now] of lives) {
    tally.replace(undefined, before);
    tally.replace(before, now);
  }
  const anew = new Tally();
  for (const [, now] of lives) anew.replace(undefined, now);
  expect(tally).toEqual(anew);
  expect(tally.batches).toEqual({ files: 3, stored: 1, bytes: 300, shownBytes: 140 });
  expect([tally.batches, tally.unsafeBytes]).toEqual([anew.batches, 60]);
  expect([...tally.unsafe, ...tally.selectable]).toEqual(['c', 'b']);
});

test('rows that have all left leave nothing behind', () => {
  const tally = new Tally();
  const view = viewOf({ safe: 'no', can: ['pause', 'select'], sessionEndsAt: 5 });
  tally.replace(undefined, view);
  tally.replace(view, undefined);
  expect(tally).toEqual(new Tally());
  expect(tally.batches).toEqual(new Tally().batches);
});

test('what arrived before is no part of how far a new batch is, and all counts again in the end', () => {
  const old = viewOf({ state: { at: 'stored' }, size: 1000, batchAt: 1 });
  const going = viewOf({ shownBytes: 40, batchAt: 2 });
  const done = viewOf({ state: { at: 'stored' }, batchAt: 2 });
  expect(tallyOf([old, old, going, done]).batches).toEqual({
    files: 2,
    stored: 1,
    bytes: 200,
    shownBytes: 140,
  });
  expect(tallyOf([old, old, done, done]).batches).toEqual({
    files: 4,
    stored: 4,
    bytes: 2200,
    shownBytes: 2200,
  });
});

test('rows of a release that knows no batches are of those that were added at the same time', () => {
  const { batchAt: _unknown, ...old } = viewOf({ state: { at: 'stored' }, addedAt: 7.25 });
  const going = viewOf({ addedAt: 9.5 });
  expect(tallyOf([old, going]).batches.files).toBe(1);
});

test('a button for all is there as often as rows can do it', () => {
  const paused = viewOf({ state: { at: 'paused' }, can: ['resume', 'cancel'] });
  expect(tallyOf([paused, paused, viewOf({ can: ['pause', 'cancel'] })]).actions).toMatchObject({
    resume: 2,
    pause: 1,
    cancel: 3,
    retry: 0,
  });
});
