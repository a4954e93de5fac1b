import { beforeEach, expect, test, vi } from 'vitest';
import type { Matter, Notices } from '../shared/notification.ts';
import type { Device } from './device.ts';
import { Notifier } from './notifier.ts';

/** What the worker's scope was asked for. */
let done: unknown[] = [];
let windows: { focused: boolean; focus?: () => Promise<unknown> }[] = [];
let shows: () => Promise<void> = async () => undefined;

beforeEach(() => {
  done = [];
  windows = [];
  shows = async () => undefined;
  allow('granted');
});

/** The worker's scope where notifications are so; `undefined` where there are none at all. */
function allow(permission: NotificationPermission | undefined, navigator: object = badges) {
  vi.stubGlobal('Notification', { permission });
  vi.stubGlobal('self', {
    ...(permission && { Notification: {} }),
    clients: {
      matchAll: async () => windows,
      openWindow: async (url: string) => void done.push(`opens ${url}`),
    },
    registration: {
      showNotification: async (title: string, options: object) => {
        await shows();
        done.push([title, options]);
      },
      getNotifications: async () => [
        { close: () => done.push('closes') },
        { close: () => done.push('closes') },
      ],
    },
    navigator,
  });
}

const badges = {
  setAppBadge: async (number?: number) => void done.push(number === undefined ? 'badge' : `badge ${number}`),
  clearAppBadge: async () => void done.push('no badge'),
};

const said = (matter: Matter) => ({ title: `${matter}!`, body: `It is ${matter}.` });
const notices: Notices = { expired: said('expired'), paused: said('paused'), arrived: said('arrived') };

function notifier() {
  const log: string[] = [];
  const device = { speech: async () => ({ language: 'de', notices }) } as unknown as Device;
  return { notifier: new Notifier({ device, log: (line) => log.push(line) }), log };
}

function click() {
  const event = { notification: { close: () => done.push('closes') } };
  return event as unknown as Parameters<Notifier['onClick']>[0];
}

test('a person is told in their language, once for each tag', async () => {
  const { notifier: one, log } = notifier();
  await one.tell('expired', 'expired-7');
  expect(done).toEqual([
    ['expired!', { body: 'It is expired.', tag: 'expired-7', lang: 'de', icon: '/icons/icon-192.png' }],
  ]);
  expect(log).toEqual(['expired: told by notification, notifications granted']);
});

test('that everything has arrived is worth a notification, but no badge', async () => {
  await notifier().notifier.tell('arrived', 'arrived');
  allow('denied');
  await notifier().notifier.tell('arrived', 'arrived');
  expect(done).toHaveLength(1);
});

test('who looks at the app is told by the page alone', async () => {
  windows = [{ focused: false }, { focused: true }];
  const { notifier: one, log } = notifier();
  await one.tell('paused', 'paused');
  expect([done, log]).toEqual([[], ['paused: told by page, notifications granted']]);
});

test.each(['denied', 'default', undefined] as const)(
  'with notifications %s the app gets a badge',
  async (permission) => {
    allow(permission);
    await notifier().notifier.tell('expired', 'expired-1');
    expect(done).toEqual(['badge']);
  },
);

test('a notification that fails becomes a badge', async () => {
  shows = async () => {
    throw new TypeError('No permission');
  };
  await notifier().notifier.tell('expired', 'expired-1');
  expect(done).toEqual(['badge']);
});

test('a browser without badges is no error', async () => {
  allow('denied', {});
  const { notifier: one } = notifier();
  await one.tell('expired', 'expired-1');
  await one.clear();
  expect(done).toEqual(['closes', 'closes']);
});

test('what is over is taken back', async () => {
  await notifier().notifier.clear();
  expect(done).toEqual(['closes', 'closes', 'no badge']);
});

test('a click brings a window forward, and opens one only where there is none', async () => {
  windows = [{ focused: false, focus: async () => done.push('focus') }];
  await notifier().notifier.onClick(click());
  expect(done).toEqual(['closes', 'focus']);
  done = [];
  windows = [];
  await notifier().notifier.onClick(click());
  expect(done).toEqual(['closes', 'opens /app']);
});

test('a window that cannot be brought forward is replaced', async () => {
  windows = [
    { focused: false, focus: async () => Promise.reject(new DOMException('', 'InvalidAccessError')) },
  ];
  await notifier().notifier.onClick(click());
  expect(done).toEqual(['closes', 'opens /app']);
});

test('a system that never answers is not waited for', async () => {
  vi.useFakeTimers();
  shows = () => new Promise(() => undefined);
  const done = notifier().notifier.tell('expired', 'expired-1');
  await vi.advanceTimersByTimeAsync(2000);
  await done;
  vi.useRealTimers();
});

test('the icon says how much is left, whenever that changes, and that all has arrived is told once', async () => {
  const { notifier: one } = notifier();
  await one.look({ unfinished: 2, going: 2, needsYou: 0, stored: 0 });
  await one.look({ unfinished: 2, going: 2, needsYou: 0, stored: 0 });
  await one.look({ unfinished: 2, going: 1, needsYou: 1, stored: 0 });
  await one.look({ unfinished: 0, going: 0, needsYou: 0, stored: 2 });
  await one.look({ unfinished: 0, going: 0, needsYou: 0, stored: 2 });
  expect(done).toEqual(['badge 2', 'badge 1', 'badge 0', ['arrived!', expect.anything()]]);
});

test('a run that ends with something for a person is told as that, and what was wrong before it is not', async () => {
  const { notifier: one } = notifier();
  const told = () => done.filter((each) => Array.isArray(each)).map(([title]) => title);
  await one.look({ unfinished: 0, going: 0, needsYou: 1, stored: 3 });
  await one.look({ unfinished: 2, going: 2, needsYou: 1, stored: 3 });
  await one.look({ unfinished: 0, going: 0, needsYou: 1, stored: 5 });
  expect(told()).toEqual(['arrived!']);
  // One fails long before the other arrives.
  await one.look({ unfinished: 2, going: 2, needsYou: 1, stored: 5 });
  await one.look({ unfinished: 1, going: 1, needsYou: 2, stored: 5 });
  await one.look({ unfinished: 0, going: 0, needsYou: 2, stored: 6 });
  expect(told()).toEqual(['arrived!', 'paused!']);
  // Another worker finds it under way.
  const { notifier: next } = notifier();
  await next.look({ unfinished: 1, going: 1, needsYou: 2, stored: 6 });
  await next.look({ unfinished: 1, going: 0, needsYou: 3, stored: 6 });
  expect(told()).toEqual(['arrived!', 'paused!', 'paused!']);
});
