import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LogEntry } from '../shared/protocol.ts';
import { Log } from './log.ts';
import { Store } from './store.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A log whose store is this list, and counts its transactions. */
function logOf({ fails = false } = {}) {
  const lines: LogEntry[] = [];
  let writes = 0;
  const store = {
    appendLog: async (entries: readonly LogEntry[]) => {
      writes++;
      if (fails) throw new DOMException('no room', 'QuotaExceededError');
      lines.push(...entries);
    },
    readLog: async () => lines,
  };
  const log = new Log(store as unknown as Store, '0123-4567');
  return { log, lines, writes: () => writes };
}

let names = 0;
const texts = (lines: LogEntry[]) => lines.map(({ text }) => text);

test('a line says when, by which worker, from where, and what', async () => {
  const { log } = logOf();
  log.of('engine')('starts');
  expect(await log.read()).toEqual([{ at: 1_000_000, worker: '0123', source: 'engine', text: 'starts' }]);
});

test('a line that is written again and again within a second is one, with its number', async () => {
  const { log, lines } = logOf();
  for (let n = 0; n < 1000; n++) log.of('engine')('upload: failed, QUOTA_EXCEEDED');
  log.of('gateway')('upload: failed, QUOTA_EXCEEDED');
  log.of('engine')('upload: failed, QUOTA_EXCEEDED');
  log.of('engine')('other');
  await vi.advanceTimersByTimeAsync(1000);
  log.of('engine')('other');
  await vi.advanceTimersByTimeAsync(1000);
  expect(lines.map(({ source, text }) => `${source} ${text}`)).toEqual([
    'engine upload: failed, QUOTA_EXCEEDED (1000 times)',
    'gateway upload: failed, QUOTA_EXCEEDED',
    'engine upload: failed, QUOTA_EXCEEDED',
    'engine other',
    'engine other',
  ]);
});

test('lines of one second are one transaction, in their order', async () => {
  const { log, lines, writes } = logOf();
  for (let n = 0; n < 20; n++) log.of(n % 2 ? 'engine' : 'gateway')(`line ${n}`);
  await vi.advanceTimersByTimeAsync(999);
  expect(writes()).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(writes()).toBe(1);
  expect(texts(lines)).toEqual(Array.from({ length: 20 }, (_, n) => `line ${n}`));
  log.of('page')('later');
  await vi.advanceTimersByTimeAsync(1000);
  expect([writes(), lines.at(-1)?.text]).toEqual([2, 'later']);
});

test('nothing is written while nothing happens, nor when nobody has said anything', async () => {
  const { log, writes } = logOf();
  expect(await log.read()).toEqual([]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(writes()).toBe(0);
});

test('a storm is counted, not kept', async () => {
  const { log, lines } = logOf();
  const write = log.of('engine');
  for (let n = 0; n < 10_000; n++) write(`line ${n}`);
  await vi.advanceTimersByTimeAsync(1000);
  expect(lines).toHaveLength(501);
  expect(lines.at(-1)).toEqual({
    at: 1_001_000,
    worker: '0123',
    source: 'worker',
    text: '9500 lines dropped',
  });
  write('after it');
  await vi.advanceTimersByTimeAsync(1000);
  expect(texts(lines.slice(500))).toEqual(['9500 lines dropped', 'after it']);
});

test('a log that cannot be written stands in nobody’s way', async () => {
  const { log, writes } = logOf({ fails: true });
  expect(() => log.of('engine')('lost')).not.toThrow();
  await vi.advanceTimersByTimeAsync(1000);
  expect(writes()).toBe(1);
  expect(await log.read()).toEqual([]);
});

test('the newest 2,000 lines are kept, over restarts of the worker', async () => {
  vi.useRealTimers();
  const store = new Store(`log-test-${names++}`);
  for (let batch = 0; batch < 6; batch++) {
    const log = new Log(store, `worker ${batch}`);
    for (let n = 0; n < 450; n++) log.of('engine')(`${batch}:${n}`);
    await log.read();
  }
  const kept = await store.readLog();
  expect([kept.length, kept[0]?.text, kept.at(-1)?.text]).toEqual([2000, '1:250', '5:449']);
});
