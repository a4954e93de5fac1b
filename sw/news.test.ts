import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { News } from '../shared/protocol.ts';
import type { Totals, UploadView } from '../shared/upload-view.ts';
import type { Engine } from './engine.ts';
import { NewsDesk } from './news.ts';

const totals = { files: 1 } as Totals;
let posts: News[] = [];
let times: number[] = [];

beforeEach(() => {
  posts = [];
  times = [];
  vi.useFakeTimers();
  vi.spyOn(BroadcastChannel.prototype, 'postMessage').mockImplementation((news) => {
    posts.push(news as News);
    times.push(Date.now());
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The desk of an engine that shows these rows. */
function deskOf(rows: Record<string, Partial<UploadView>>, generation = 1) {
  const engine = {
    list: { generation, row: (id: string) => rows[id] ?? null },
    totals: () => totals,
    snapshot: (rev: number) => ({ rev, totals, rows: Object.values(rows) }),
  };
  return new NewsDesk(engine as unknown as Engine, () => undefined);
}

test('what changed within a quarter of a second is told once, as it is then', async () => {
  const rows: Record<string, Partial<UploadView>> = { u1: { id: 'u1', shownBytes: 1 } };
  const desk = deskOf(rows);
  desk.note([]);
  await vi.advanceTimersByTimeAsync(0);
  desk.note(['u1']);
  desk.note(['u1', 'u2']);
  rows.u1 = { id: 'u1', shownBytes: 9 };
  await vi.advanceTimersByTimeAsync(249);
  expect(posts).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(posts.slice(1)).toEqual([
    { type: 'uploads', rev: 2 ** 32 + 2, totals, rows: [{ id: 'u1', shownBytes: 9 }], removed: ['u2'] },
  ]);
});

test('progress is told at most four times a second, however often it changes', async () => {
  const desk = deskOf({ u1: { id: 'u1' } });
  for (let ms = 0; ms < 2000; ms += 10) {
    desk.note(['u1']);
    await vi.advanceTimersByTimeAsync(10);
  }
  const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0));
  expect(gaps).toEqual(Array(8).fill(250));
});

test('each post is the next revision, and a snapshot is of the last one', async () => {
  const desk = deskOf({ u1: { id: 'u1' } });
  expect(desk.rev).toBe(2 ** 32);
  for (let n = 0; n < 3; n++) {
    desk.note([]);
    await vi.advanceTimersByTimeAsync(250);
  }
  expect(posts.map((news) => news.type === 'uploads' && news.rev - 2 ** 32)).toEqual([1, 2, 3]);
  expect(desk.snapshot()).toEqual({ rev: 2 ** 32 + 3, totals, rows: [{ id: 'u1' }] });
});

test('revisions go on rising over a restart of the worker', async () => {
  const desk = deskOf({}, 1);
  for (let n = 0; n < 5; n++) {
    desk.note([]);
    await vi.advanceTimersByTimeAsync(250);
  }
  expect(deskOf({}, 2).rev).toBeGreaterThan(desk.rev + 1);
});

test('nothing is told while nothing changes', async () => {
  deskOf({});
  await vi.advanceTimersByTimeAsync(5000);
  expect(posts).toEqual([]);
});
