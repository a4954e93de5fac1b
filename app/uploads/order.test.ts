import { expect, test } from 'vitest';
import { groupRows, homeOf, idsFor } from './order.ts';
import { viewOf } from './testing.ts';

test('what needs a person, what moves, what waits and what is finished are apart', () => {
  const rows = [
    viewOf({ id: 'stored', state: { at: 'stored' } }),
    viewOf({ id: 'queued' }),
    viewOf({ id: 'sending', state: { at: 'sending' } }),
    viewOf({ id: 'failed', state: { at: 'failed', code: 'TOO_LARGE' } }),
    viewOf({ id: 'gone', state: { at: 'needs-file', why: 'gone' } }),
  ];
  expect(groupRows(rows)).toEqual({
    needsYou: ['failed', 'gone'],
    moving: ['sending'],
    waiting: ['queued'],
    finished: ['stored'],
  });
});

test('what waits for something comes before what is only in line', () => {
  const rows = [
    viewOf({ id: 'queued', addedAt: 1 }),
    viewOf({ id: 'offline', addedAt: 2, state: { at: 'waiting', why: 'offline', until: 0 } }),
    viewOf({ id: 'paused', addedAt: 3, state: { at: 'paused' } }),
  ];
  expect(groupRows(rows).waiting).toEqual(['offline', 'paused', 'queued']);
});

test('within a group the oldest is first, and files of one batch are in the order of their numbers', () => {
  const rows = [
    viewOf({ id: '10', addedAt: 1, name: 'photo 10' }),
    viewOf({ id: '9', addedAt: 1, name: 'photo 9' }),
    viewOf({ id: 'older', addedAt: 0, name: 'z' }),
  ];
  expect(groupRows(rows).waiting).toEqual(['older', '9', '10']);
});

test('the last added of the finished is first', () => {
  const rows = [
    viewOf({ id: 'old', addedAt: 1, state: { at: 'stored' } }),
    viewOf({ id: 'new', addedAt: 2, state: { at: 'stored' } }),
  ];
  expect(groupRows(rows).finished).toEqual(['new', 'old']);
});

test('clearing the finished leaves alone what has failed', () => {
  const rows = [
    viewOf({ id: 'stored', state: { at: 'stored' }, can: ['remove'] }),
    viewOf({ id: 'failed', state: { at: 'failed', code: 'TOO_LARGE' }, can: ['retry', 'remove'] }),
  ];
  expect(idsFor('remove', rows)).toEqual(['stored']);
  expect(idsFor('retry', rows)).toEqual(['failed']);
});

test('a button for all stands beside the first group it is about', () => {
  const groups = groupRows([viewOf({ id: 'queued' })]);
  expect(homeOf('pause', groups)).toBe('waiting');
  expect(homeOf('remove', groups)).toBeUndefined();
});
