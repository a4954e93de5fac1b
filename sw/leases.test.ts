import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Leases } from './leases.ts';

const never = new Promise<void>(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The names of the leases that are over, in the order they ended. */
function keep(leases: Leases) {
  const over: string[] = [];
  const hold = (name: string, page: string, ms: number, settled: Promise<void> = never) =>
    void leases.hold(page, ms, settled).then(() => over.push(name));
  return { over, hold };
}

test('a lease ends after its time', async () => {
  const { over, hold } = keep(new Leases());
  hold('lease', 'page', 90_000);
  await vi.advanceTimersByTimeAsync(89_999);
  expect(over).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toEqual(['lease']);
});

test("a page's next lease ends the one before it, and no other page's", async () => {
  const { over, hold } = keep(new Leases());
  hold('first', 'page', 90_000);
  hold('other', 'another', 90_000);
  await vi.advanceTimersByTimeAsync(15_000);
  hold('second', 'page', 90_000);
  await vi.advanceTimersByTimeAsync(0);
  expect(over).toEqual(['first']);
  await vi.advanceTimersByTimeAsync(75_000);
  expect(over).toEqual(['first', 'other']);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(over).toEqual(['first', 'other', 'second']);
});

test('a lease ends as soon as there is no work left, and leaves no timer', async () => {
  const { over, hold } = keep(new Leases());
  const { promise, resolve } = Promise.withResolvers<void>();
  hold('lease', 'page', 90_000, promise);
  resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(over).toEqual(['lease']);
  expect(vi.getTimerCount()).toBe(0);
});

test('a lease that ends late does not take the next one with it', async () => {
  const leases = new Leases();
  const { over, hold } = keep(leases);
  hold('first', 'page', 90_000);
  hold('second', 'page', 240_000);
  await vi.advanceTimersByTimeAsync(90_000);
  hold('third', 'page', 90_000);
  await vi.advanceTimersByTimeAsync(0);
  expect(over).toEqual(['first', 'second']);
});

test('all leases can be ended at once, and again', async () => {
  const leases = new Leases();
  const { over, hold } = keep(leases);
  hold('a', 'one', 90_000);
  hold('b', 'two', 90_000);
  leases.endAll();
  leases.endAll();
  await vi.advanceTimersByTimeAsync(0);
  expect(over).toEqual(['a', 'b']);
  expect(vi.getTimerCount()).toBe(0);
});

test('an event is over long before the work it began, for which the leases that follow are kept', async () => {
  const leases = new Leases();
  const { over, hold } = keep(leases);
  const { promise, resolve } = Promise.withResolvers<void>();
  void leases.carry('page', 90_000, promise).then(() => over.push('event'));
  const idle = Promise.resolve();
  for (let ping = 1; ping <= 40; ping++) {
    await vi.advanceTimersByTimeAsync(15_000);
    hold(`ping ${ping}`, 'page', 90_000, idle);
  }
  await vi.advanceTimersByTimeAsync(0);
  expect(over).toEqual(['event', ...Array.from({ length: 39 }, (_, n) => `ping ${n + 1}`)]);
  expect(leases.isCarrying).toBe(true);
  resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect([over.at(-1), leases.isCarrying, vi.getTimerCount()]).toEqual(['ping 40', false, 0]);
});

test('without another ping the event of work that goes on ends as a lease does', async () => {
  const leases = new Leases();
  const over = vi.fn();
  void leases.carry('page', 90_000, never).then(over);
  await vi.advanceTimersByTimeAsync(89_999);
  expect(over).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toHaveBeenCalled();
});

test('work that is soon done ends its event, whether it went well or not', async () => {
  const leases = new Leases();
  const over: string[] = [];
  void leases.carry('one', 90_000, Promise.resolve()).then(() => over.push('done'));
  void leases.carry('two', 90_000, Promise.reject(new Error('no'))).then(() => over.push('failed'));
  await vi.advanceTimersByTimeAsync(0);
  expect([over.toSorted(), leases.isCarrying, vi.getTimerCount()]).toEqual([['done', 'failed'], false, 0]);
});

test('work that goes on holds up no worker that waits to take over', async () => {
  const leases = new Leases();
  const { over, hold } = keep(leases);
  void leases.carry('page', 90_000, never).then(() => over.push('event'));
  leases.endAll();
  hold('ping', 'page', 90_000, Promise.resolve());
  await vi.advanceTimersByTimeAsync(0);
  expect(over).toEqual(['event', 'ping']);
});
