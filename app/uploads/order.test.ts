import { expect, test } from 'vitest';
import type { UploadView } from '../../shared/upload-view.ts';
import { actionsOf, type Groups, groupNames, homeOf, isFor, Order } from './order.ts';
import { viewOf } from './testing.ts';

test('what needs a person, what moves, what waits and what is finished are apart', () => {
  const rows = [
    viewOf({ id: 'stored', state: { at: 'stored' } }),
    viewOf({ id: 'queued' }),
    viewOf({ id: 'sending', state: { at: 'sending' } }),
    viewOf({ id: 'failed', state: { at: 'failed', code: 'TOO_LARGE' } }),
    viewOf({ id: 'expired', state: { at: 'expired' } }),
    viewOf({ id: 'gone', state: { at: 'needs-file', why: 'gone' } }),
  ];
  expect(idsOf(orderOf(rows).groups)).toEqual({
    needsYou: ['expired', 'failed', 'gone'],
    moving: ['sending'],
    waiting: ['queued'],
    finished: ['stored'],
  });
});

test('a row in a state that only a newer release knows is said to wait', () => {
  const strange = viewOf({ id: 'strange', state: { at: 'folding' } as unknown as UploadView['state'] });
  expect(idsOf(orderOf([strange]).groups).waiting).toEqual(['strange']);
});

test('what waits for something comes before what is only in line', () => {
  const rows = [
    viewOf({ id: 'queued', addedAt: 1 }),
    viewOf({ id: 'offline', addedAt: 2, state: { at: 'waiting', why: 'offline', until: 0 } }),
    viewOf({ id: 'paused', addedAt: 3, state: { at: 'paused' } }),
  ];
  expect(idsOf(orderOf(rows).groups).waiting).toEqual(['offline', 'paused', 'queued']);
});

test('within a group the oldest is first, and files of one batch are in the order of their numbers', () => {
  const rows = [
    viewOf({ id: '10', addedAt: 1, name: 'photo 10' }),
    viewOf({ id: '9', addedAt: 1, name: 'photo 9' }),
    viewOf({ id: 'older', addedAt: 0, name: 'z' }),
  ];
  expect(idsOf(orderOf(rows).groups).waiting).toEqual(['older', '9', '10']);
});

test('the last added of the finished is first', () => {
  const rows = [
    viewOf({ id: 'old', addedAt: 1, state: { at: 'stored' } }),
    viewOf({ id: 'new', addedAt: 2, state: { at: 'stored' } }),
  ];
  expect(idsOf(orderOf(rows).groups).finished).toEqual(['new', 'old']);
});

test('a row that only makes progress keeps its place, and one that changes its group moves', () => {
  const order = orderOf([viewOf({ id: 'a', state: { at: 'sending' } }), viewOf({ id: 'b' })]);
  expect(order.put(viewOf({ id: 'a', state: { at: 'sending' }, shownBytes: 50 }))).toBe(false);
  expect(order.put(viewOf({ id: 'a', state: { at: 'verifying' } }))).toBe(false);
  expect(order.put(viewOf({ id: 'a', state: { at: 'stored' } }))).toBe(true);
  expect(idsOf(order.groups)).toEqual({ needsYou: [], moving: [], waiting: ['b'], finished: ['a'] });
  expect(order.find('a')).toEqual({ group: 'finished', index: 0 });
});

test('a row that leaves is nowhere, and leaving twice changes nothing', () => {
  const order = orderOf([viewOf({ id: 'a', addedAt: 1 }), viewOf({ id: 'b', addedAt: 2 })]);
  expect([order.drop('a'), order.drop('a')]).toEqual([true, false]);
  expect(idsOf(order.groups).waiting).toEqual(['b']);
  expect(order.find('a')).toBeUndefined();
});

test('clearing the finished leaves alone what has failed', () => {
  const stored = viewOf({ id: 'stored', state: { at: 'stored' }, can: ['remove'] });
  const failed = viewOf({ state: { at: 'failed', code: 'TOO_LARGE' }, can: ['retry', 'remove'] });
  expect([isFor('remove', stored), isFor('remove', failed), isFor('retry', failed)]).toEqual([
    true,
    false,
    true,
  ]);
});

test('a session that ends soon can be refreshed before it has ended', () => {
  const paused = viewOf({ state: { at: 'paused' }, sessionEndsAt: 1000, can: ['resume', 'cancel'] });
  expect(actionsOf(paused)).toEqual(['resume', 'cancel', 'refresh']);
  expect(isFor('refresh', paused)).toBe(true);
  expect(isFor('refresh', viewOf({ state: { at: 'expired' }, can: ['refresh', 'cancel'] }))).toBe(true);
});

test('a button for all stands beside the first group it is about', () => {
  const { groups } = orderOf([viewOf({ id: 'queued' })]);
  expect(homeOf('pause', groups)).toBe('waiting');
  expect(homeOf('remove', groups)).toBeUndefined();
});

function orderOf(rows: readonly UploadView[]): Order {
  const order = new Order();
  for (const view of rows) order.put(view);
  return order;
}

function idsOf(groups: Groups): Record<string, string[]> {
  return Object.fromEntries(groupNames.map((name) => [name, groups[name].map(({ id }) => id)]));
}
