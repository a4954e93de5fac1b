import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Wake } from './wake.ts';

const TAG = 'workbox-background-sync:holdfast-wake';

/** What Workbox's queue does here: it holds requests, registers `sync`, and calls back when there is one. */
const { FakeQueue, queues } = vi.hoisted(() => {
  const queues: InstanceType<typeof FakeQueue>[] = [];
  class FakeQueue {
    name: string;
    onSync: () => Promise<void>;
    tickets: { request: Request }[] = [];
    registered = 0;
    /** The browser has a registration for the tag, fired or not. */
    isTagged = false;
    fails = false;
    refuses = false;
    constructor(name: string, { onSync }: { onSync: () => Promise<void> }) {
      this.name = name;
      this.onSync = onSync;
      queues.push(this);
      if (!('sync' in (self as unknown as { registration: object }).registration)) void onSync();
    }
    async shiftRequest() {
      await Promise.resolve();
      return this.tickets.shift();
    }
    async pushRequest(ticket: { request: Request }) {
      if (this.fails) throw new DOMException('', 'InvalidStateError');
      this.tickets.push(ticket);
      this.registered++;
      this.isTagged = !this.refuses; // which Workbox tells nobody
    }
  }
  return { FakeQueue, queues };
});
vi.mock('workbox-background-sync', () => ({ Queue: FakeQueue }));

let listeners: ((event: unknown) => void)[] = [];

beforeEach(() => {
  listeners = [];
  queues.length = 0;
  scope({ sync: { getTags: async () => (queues[0]?.isTagged ? [TAG] : []) } });
  vi.stubGlobal(
    'Request',
    class {
      url: string;
      constructor(url: string) {
        this.url = url;
      }
    },
  );
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function scope(registration: object) {
  vi.stubGlobal('self', {
    registration,
    addEventListener: (type: string, listener: (event: unknown) => void) => {
      if (type === 'sync') listeners.push(listener);
    },
  });
}

/** A worker with `work` to do; `left` says how much is left after it. */
function worker({
  window = false,
  left = 1,
  work = async (_wake: Wake, _signal: AbortSignal): Promise<unknown> => null,
}: {
  window?: boolean;
  left?: number;
  work?: (wake: Wake, signal: AbortSignal) => Promise<unknown>;
} = {}) {
  const done: string[] = [];
  const log: string[] = [];
  const wake: Wake = new Wake({
    work: async (signal) => {
      done.push('work');
      await work(wake, signal);
    },
    hasWork: async () => left > 0,
    hasWindow: async () => window,
    onLastChance: async () => void done.push('tells'),
    log: (line) => log.push(line),
  });
  const queue = queues[0];
  if (!queue) throw new Error('There is no queue');
  const sync = async (lastChance = false) => {
    for (const listener of listeners) listener({ tag: TAG, lastChance });
    // As Workbox does: only an error it throws fails the event.
    const registered = queue.registered;
    return queue.onSync().then(
      () => {
        queue.isTagged = queue.registered > registered;
        return 'succeeds';
      },
      () => {
        queue.isTagged = !lastChance;
        return 'fails';
      },
    );
  };
  return { wake, queue, sync, done, log };
}

test('asking to be woken leaves one ticket and one registration, however often it is done', async () => {
  const { wake, queue } = worker();
  await Promise.all([wake.ask(), wake.ask(), wake.ask()]);
  for (let n = 0; n < 5; n++) await wake.ask();
  expect(queue.tickets.map(({ request }) => request.url)).toEqual(['/api/session']);
  expect(queue.registered).toBe(1);
});

test.each([
  ['ended with nothing left', { left: 0 }, false],
  ['failed for the last time', {}, true],
  ['failed, since no page was there', {}, false],
])(
  'after a wake-up that %s, whoever asks again is heard, and with one ticket',
  async (_how, host, lastChance) => {
    const { wake, queue, sync } = worker(host);
    await wake.ask();
    await sync(lastChance);
    await wake.ask();
    await wake.ask();
    expect([queue.registered, queue.tickets.length, queue.isTagged]).toEqual([2, 1, true]);
  },
);

test('after a wake-up that asked anew nobody needs to', async () => {
  const { wake, queue, sync } = worker({ window: true });
  await wake.ask();
  await sync();
  await wake.ask();
  expect(queue.registered).toBe(2);
});

test('work that a wake-up itself finds is no reason to ask for another', async () => {
  const { queue, sync } = worker({ left: 0, work: (wake) => wake.ask() });
  await sync();
  expect(queue.registered).toBe(0);
});

test('what the browser refused is asked for again', async () => {
  const { wake, queue } = worker();
  queue.refuses = true;
  await wake.ask();
  queue.refuses = false;
  await wake.ask();
  await wake.ask();
  expect([queue.registered, queue.tickets.length]).toEqual([2, 1]);
});

test('a browser that takes no ticket is no error', async () => {
  const { wake, queue } = worker();
  queue.fails = true;
  await expect(wake.ask()).resolves.toBe(undefined);
});

test('woken, the worker works, and is done when nothing is left', async () => {
  const { sync, done, queue, log } = worker({ left: 0 });
  expect(await sync()).toBe('succeeds');
  expect([done, queue.registered]).toEqual([['work'], 0]);
  expect(log).toEqual(['woken by the browser']);
});

test('with something left and a window open it succeeds, and asks anew', async () => {
  const { sync, queue, done } = worker({ window: true });
  expect(await sync()).toBe('succeeds');
  expect([queue.registered, queue.tickets.length, done]).toEqual([1, 1, ['work']]);
});

test('with something left and no window the event fails, so that the browser tries again', async () => {
  const { sync, queue, done } = worker();
  expect(await sync()).toBe('fails');
  expect([queue.registered, done]).toEqual([0, ['work']]);
});

test('on the last chance, with nobody there to see, a person is told', async () => {
  const { sync, done, log } = worker();
  expect(await sync(true)).toBe('fails');
  expect(done).toEqual(['work', 'tells']);
  expect(log).toEqual(['woken by the browser, for the last time']);
});

test.each([
  ['a window is there', { window: true }],
  ['nothing is left', { left: 0 }],
])('on the last chance nobody is told when %s', async (_why, host) => {
  const { sync, done } = worker(host);
  expect(await sync(true)).toBe('succeeds');
  expect(done).toEqual(['work']);
});

test('a last chance of something else is none of ours', async () => {
  const { sync, done } = worker();
  for (const listener of listeners) listener({ tag: 'another', lastChance: true });
  await sync();
  expect(done).toEqual(['work']);
});

test('an event ends before the browser would end it, and what is left is left for the next', async () => {
  let time: AbortSignal | undefined;
  const { sync, done } = worker({
    work: (_wake, signal) => {
      time = signal;
      return new Promise(() => undefined);
    },
  });
  const ending = sync();
  await vi.advanceTimersByTimeAsync(149_999);
  expect(await Promise.race([ending, Promise.resolve('works')])).toBe('works');
  expect(time?.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await ending).toBe('fails');
  expect(time?.aborted).toBe(true);
  expect(done).toEqual(['work']);
});

test('where there is no Background Sync nothing wakes the worker, and its start is no wake-up', async () => {
  scope({});
  const done: string[] = [];
  const wake = new Wake({
    work: async () => void done.push('work'),
    hasWork: async () => false,
    hasWindow: async () => false,
    onLastChance: async () => void done.push('tells'),
    log: (line) => done.push(line),
  });
  await vi.advanceTimersByTimeAsync(200_000);
  await wake.ask();
  expect(done).toEqual([]);
});
