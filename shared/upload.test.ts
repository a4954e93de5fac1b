import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inRanges, toRanges } from './ranges.ts';
import {
  acknowledgedBytes,
  findKnown,
  isOver,
  isWhole,
  type Life,
  missingParts,
  newUpload,
  nextUpload,
  spanOf,
  type Upload,
  type UploadEvent,
} from './upload.ts';

/** 45 bytes in parts of 10: five parts, the last one short. */
const fresh: Upload = {
  ...newUpload({
    id: 'u1',
    account: 'a1',
    session: 's1',
    path: '',
    name: 'film.bin',
    size: 45,
    type: '',
    lastModified: 1,
    addedAt: 2,
  }),
  partBytes: 10,
};
const half: Upload = { ...fresh, acknowledged: [[0, 1]], received: { 2: 4 }, shownBytes: 24 };

const lives = {
  going: { at: 'going' },
  expired: { at: 'expired' },
  'needs-file': { at: 'needs-file', why: 'restarted' },
  'needs-permission': { at: 'needs-permission' },
  paused: { at: 'paused' },
  failed: { at: 'failed', code: 'FILE_GONE' },
  cancelled: { at: 'cancelled', since: 100, told: false },
  'cancelled-paused': { at: 'cancelled', since: 100, told: false, wasPaused: true },
  freed: { at: 'cancelled', since: 100, told: true },
  removed: { at: 'removed' },
  stored: { at: 'stored' },
} as const satisfies Record<string, Life>;
type Name = keyof typeof lives;
const names = Object.keys(lives) as Name[];

const to = (life: Life, ...from: Name[]): Partial<Record<Name, Life>> =>
  Object.fromEntries(from.map((name) => [name, life]));
const unfinished = names.filter((name) => name !== 'stored');
const open = ['going', 'expired', 'needs-file', 'needs-permission'] as const;
const facts = { partBytes: 10, acknowledged: [[0, 2]] as [number, number][], received: {} };

/** Where each event leads from each life; a life that is not named stays as it is. */
const table: [UploadEvent, Partial<Record<Name, Life>>][] = [
  [{ type: 'attached', facts: { ...facts, state: 'open' }, now: 200 }, {}],
  [
    { type: 'attached', facts: { ...facts, state: 'stored' }, now: 200 },
    to({ at: 'stored' }, ...unfinished.filter((name) => name !== 'removed')),
  ],
  [
    { type: 'attached', facts: { ...facts, state: 'cancelled' }, now: 200 },
    to({ at: 'cancelled', since: 200, told: true }, ...open, 'paused'),
  ],
  [{ type: 'received', part: 3, bytes: 5 }, {}],
  [{ type: 'acknowledged', part: 3 }, {}],
  [{ type: 'emptied', part: 2 }, {}],
  [{ type: 'stored' }, to({ at: 'stored' }, ...unfinished)],
  [{ type: 'session-expired' }, to({ at: 'expired' }, 'going')],
  [{ type: 'refresh' }, to({ at: 'going' }, 'expired')],
  [{ type: 'pause' }, to({ at: 'paused' }, ...open)],
  [{ type: 'resume' }, to({ at: 'going' }, 'paused')],
  [{ type: 'retry' }, to({ at: 'going' }, 'failed', 'cancelled', 'cancelled-paused', 'freed')],
  [
    { type: 'cancel', now: 200 },
    {
      ...to({ at: 'cancelled', since: 200, told: false }, ...open, 'failed'),
      ...to({ at: 'cancelled', since: 200, told: false, wasPaused: true }, 'paused'),
    },
  ],
  [{ type: 'undo' }, { ...to({ at: 'going' }, 'cancelled'), ...to({ at: 'paused' }, 'cancelled-paused') }],
  [{ type: 'remove' }, to({ at: 'removed' }, 'failed', 'cancelled', 'cancelled-paused', 'freed', 'stored')],
  [
    { type: 'told' },
    {
      ...to({ at: 'cancelled', since: 100, told: true }, 'cancelled'),
      ...to({ at: 'cancelled', since: 100, told: true, wasPaused: true }, 'cancelled-paused'),
    },
  ],
  [{ type: 'freed', now: 200 }, to({ at: 'cancelled', since: 200, told: true }, ...open, 'paused')],
  [{ type: 'source-lost', why: 'gone' }, to({ at: 'needs-file', why: 'gone' }, ...open, 'paused')],
  [{ type: 'source-found', lastModified: 1 }, to({ at: 'going' }, 'needs-file', 'needs-permission')],
  [{ type: 'source-found', lastModified: 9 }, to({ at: 'going' }, 'needs-file', 'needs-permission')],
  [{ type: 'permitted' }, to({ at: 'going' }, 'needs-permission')],
  [{ type: 'permission-needed' }, to({ at: 'needs-permission' }, ...open)],
  [{ type: 'failed', code: 'INTERNAL' }, to({ at: 'failed', code: 'INTERNAL' }, ...open)],
  [
    { type: 'failed', code: 'TOO_LARGE', limit: 40 },
    to({ at: 'failed', code: 'TOO_LARGE', limit: 40 }, ...open),
  ],
];
const pairs = table.flatMap(([event, next]) =>
  names.map((name) => ({ event, name, type: event.type, next: next[name] ?? lives[name] })),
);

test.each(pairs)('$name, then $type: $next.at', ({ event, name, next }) => {
  expect(nextUpload({ ...half, life: lives[name] }, event).life).toEqual(next);
});

test('what a person asks for at the wrong moment returns the same object', () => {
  const asked = new Set([
    'refresh',
    'pause',
    'resume',
    'retry',
    'cancel',
    'undo',
    'remove',
    'told',
    'freed',
    'permitted',
  ]);
  for (const { event, name, next } of pairs) {
    if (!asked.has(event.type) || next !== lives[name]) continue;
    const upload = { ...half, life: lives[name] };
    expect(nextUpload(upload, event)).toBe(upload);
  }
});

test.each(names.filter((name) => name !== 'stored'))(
  'a part that is acknowledged late counts while %s',
  (name) => {
    const upload: Upload = { ...half, life: lives[name] };
    expect(nextUpload(upload, { type: 'acknowledged', part: 2 })).toEqual({
      ...upload,
      acknowledged: [[0, 2]],
      received: {},
      shownBytes: 30,
    });
    expect(nextUpload(upload, { type: 'received', part: 2, bytes: 9 })).toEqual({
      ...upload,
      received: { 2: 9 },
      shownBytes: 29,
    });
  },
);

test('nothing changes a stored upload but its removal from the list', () => {
  const stored = nextUpload(half, { type: 'stored' });
  expect(stored).toEqual({
    ...half,
    acknowledged: [[0, 4]],
    received: {},
    shownBytes: 45,
    life: { at: 'stored' },
  });
  for (const [event] of table) if (event.type !== 'remove') expect(nextUpload(stored, event)).toBe(stored);
});

test('a part that is acknowledged twice counts once', () => {
  const once = nextUpload(half, { type: 'acknowledged', part: 2 });
  expect(nextUpload(once, { type: 'acknowledged', part: 2 })).toEqual(once);
});

test('bytes of a part that is already acknowledged say nothing', () => {
  expect(nextUpload(half, { type: 'received', part: 1, bytes: 3 })).toBe(half);
});

test('a part that the server emptied is missing again, and what was shown stays', () => {
  expect(nextUpload(half, { type: 'emptied', part: 2 })).toEqual({ ...half, received: {} });
});

test('what the server has of a file replaces what was believed, and what was shown stays', () => {
  const reaped = { state: 'open', partBytes: 10, acknowledged: [], received: { 0: 3 } } as const;
  expect(nextUpload(half, { type: 'attached', facts: reaped, now: 1 })).toEqual({
    ...half,
    acknowledged: [],
    received: { 0: 3 },
    shownBytes: 24,
  });
});

test('a retry after the server freed its parts begins at nothing, and asks the server to begin anew', () => {
  const freed: Upload = { ...half, life: lives.freed };
  expect(nextUpload(freed, { type: 'retry' })).toEqual({ ...fresh, reopen: true });
});

test('the wish to begin anew is kept until the server has confirmed it', () => {
  const again: Upload = { ...fresh, reopen: true };
  const paused = nextUpload(again, { type: 'pause' });
  expect(nextUpload(paused, { type: 'resume' })).toEqual(again);
  expect(nextUpload(again, { type: 'session-expired' })).toMatchObject({ reopen: true });
  const open = { state: 'open', partBytes: 10, acknowledged: [], received: {} } as const;
  expect(nextUpload(again, { type: 'attached', facts: { ...open, acknowledged: [] }, now: 1 })).toEqual(
    fresh,
  );
});

test('an upload that was cancelled from another device keeps what was known of it', () => {
  const gone = { state: 'cancelled', partBytes: 10, acknowledged: [], received: {} } as const;
  const cancelled = { ...half, life: { at: 'cancelled', since: 7, told: true } };
  expect(nextUpload(half, { type: 'attached', facts: { ...gone, acknowledged: [] }, now: 7 })).toEqual(
    cancelled,
  );
  expect(nextUpload(half, { type: 'freed', now: 7 })).toEqual(cancelled);
});

test.each(['open', 'stored', 'cancelled'] as const)(
  'an upload that was taken off the list stays off it when the server answers that it is %s',
  (state) => {
    const removed: Upload = { ...half, life: lives.removed };
    expect(nextUpload(removed, { type: 'attached', facts: { ...facts, state }, now: 200 })).toBe(removed);
  },
);

test('a retry before the server was told, or of a failure, goes on where it was', () => {
  for (const life of [lives.cancelled, lives.failed])
    expect(nextUpload({ ...half, life }, { type: 'retry' })).toEqual(half);
});

test('a DELETE that is answered after the cancellation was undone does not cancel again', () => {
  const undone = nextUpload({ ...half, life: lives.cancelled }, { type: 'undo' });
  expect(nextUpload(undone, { type: 'told' })).toBe(undone);
});

test('an expiry that is heard of after a pause leaves the pause', () => {
  const paused = nextUpload(half, { type: 'pause' });
  expect(nextUpload(paused, { type: 'session-expired' })).toBe(paused);
});

test('a failure that is heard of after a cancellation changes nothing', () => {
  const cancelled = nextUpload(half, { type: 'cancel', now: 9 });
  expect(nextUpload(cancelled, { type: 'failed', code: 'INTERNAL' })).toBe(cancelled);
});

test.each(names)('a file with another date is taken for what it is while %s', (name) => {
  const upload: Upload = { ...half, life: lives[name] };
  const found = nextUpload(upload, { type: 'source-found', lastModified: 9 });
  expect(found.lastModified).toBe(name === 'stored' ? 1 : 9);
  expect({ ...found, lastModified: 1, life: upload.life }).toEqual(upload);
});

test('a file with the date that is known changes nothing but a wait for it', () => {
  for (const name of names) {
    const upload: Upload = { ...half, life: lives[name] };
    const same = nextUpload(upload, { type: 'source-found', lastModified: 1 }) === upload;
    expect([name, same]).toEqual([name, name !== 'needs-file' && name !== 'needs-permission']);
  }
});

test('a file that is on its way already, by folder, name, size and date, is known', () => {
  const again = { ...fresh, id: 'p1' };
  expect(findKnown([half], [again])).toEqual([{ picked: 'p1', of: 'u1' }]);
  for (const change of [{ path: 'x' }, { name: 'x' }, { size: 44 }, { lastModified: 2 }])
    expect(findKnown([half], [{ ...again, ...change }])).toEqual([]);
  expect(findKnown([], [again])).toEqual([]);
});

test('only what is unfinished makes a file known', () => {
  const known = names.filter((name) => findKnown([{ ...fresh, life: lives[name] }], [fresh]).length > 0);
  expect(known).toEqual(['going', 'expired', 'needs-file', 'needs-permission', 'paused']);
});

test('names and folders that look alike when joined are told apart', () => {
  const one = { ...fresh, path: 'a', name: 'b,c' };
  const other = { ...fresh, id: 'p1', path: 'a,b', name: 'c' };
  expect(findKnown([one], [other])).toEqual([]);
});

test('files of one pick are not compared with one another', () => {
  const twice = [
    { ...fresh, id: 'p1' },
    { ...fresh, id: 'p2' },
  ];
  expect(findKnown([], twice)).toEqual([]);
});

test('10,000 files are looked up among 10,000 in no time', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => ({ ...fresh, id: `u${n}`, name: `film ${n}` }));
  const picked = many.map((upload) => ({ ...upload, id: `p${upload.id}` }));
  const begun = performance.now();
  expect(findKnown(many, picked)).toHaveLength(10_000);
  expect(performance.now() - begun).toBeLessThan(1000);
});

test('an empty file is one missing part of no bytes', () => {
  const empty = { ...fresh, size: 0 };
  expect([...missingParts(empty)]).toEqual([0]);
  expect(spanOf(empty, 0)).toEqual({ start: 0, length: 0 });
  expect(isWhole(empty)).toBe(false);
  expect(isWhole(nextUpload(empty, { type: 'acknowledged', part: 0 }))).toBe(true);
});

test('stored, failed, cancelled and removed uploads are over', () => {
  expect(names.filter((name) => isOver({ ...fresh, life: lives[name] }))).toEqual([
    'failed',
    'cancelled',
    'cancelled-paused',
    'freed',
    'removed',
    'stored',
  ]);
});

const partNumbers = fc.uniqueArray(fc.nat(4));
const serverFacts = fc
  .record({
    state: fc.constantFrom('open', 'open', 'open', 'stored', 'cancelled'),
    numbers: partNumbers,
    received: fc.dictionary(fc.nat(4).map(String), fc.nat(10)),
  })
  .map(({ state, numbers, received }) => ({
    state: state as 'open' | 'stored' | 'cancelled',
    partBytes: 10,
    acknowledged: toRanges(numbers),
    received: Object.fromEntries(
      Object.entries(received)
        .map(([part, bytes]) => [Number(part), Math.min(bytes, spanOf(fresh, Number(part)).length)] as const)
        .filter(([part]) => !numbers.includes(part)),
    ),
  }));
const event: fc.Arbitrary<UploadEvent> = fc.oneof(
  fc.record({ type: fc.constant('attached' as const), facts: serverFacts, now: fc.nat() }),
  fc.record({ part: fc.nat(4), bytes: fc.nat(10) }).map(({ part, bytes }) => ({
    type: 'received' as const,
    part,
    bytes: Math.min(bytes, spanOf(fresh, part).length),
  })),
  fc.record({ type: fc.constant('acknowledged' as const), part: fc.nat(4) }),
  fc.record({ type: fc.constant('emptied' as const), part: fc.nat(4) }),
  fc.constantFrom(...table.map(([event]) => event)),
);

test('whatever happens in whatever order, progress falls only at a new start and parts are counted once', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 50 }), (events) => {
      let upload = fresh;
      for (const next of events) {
        const before = upload;
        upload = nextUpload(before, next);
        const newStart = next.type === 'retry' && before.life.at === 'cancelled' && before.life.told;
        if (!newStart) expect(upload.shownBytes).toBeGreaterThanOrEqual(before.shownBytes);
        const receivedBytes = Object.values(upload.received).reduce((sum, bytes) => sum + bytes, 0);
        expect(upload.shownBytes).toBeLessThanOrEqual(upload.size);
        expect(acknowledgedBytes(upload) + receivedBytes).toBeLessThanOrEqual(upload.shownBytes);
        for (const part of Object.keys(upload.received))
          expect(inRanges(upload.acknowledged, Number(part))).toBe(false);
        if (upload.life.at === 'stored') expect(acknowledgedBytes(upload)).toBe(upload.size);
      }
    }),
    { numRuns: 2000 },
  );
});

test('missing parts are the complement of the acknowledged ones, in order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 }), fc.uniqueArray(fc.nat(39)), (size, numbers) => {
      const count = Math.max(1, Math.ceil(size / 10));
      const acknowledged = toRanges(numbers.filter((n) => n < count));
      const upload = { ...fresh, size, acknowledged };
      const naive = Array.from({ length: count }, (_, n) => n).filter((n) => !numbers.includes(n));
      expect([...missingParts(upload)]).toEqual(naive);
      expect(isWhole(upload)).toBe(naive.length === 0);
      const missing = naive.reduce((sum, part) => sum + spanOf(upload, part).length, 0);
      expect(acknowledgedBytes(upload)).toBe(size - missing);
    }),
    { numRuns: 2000 },
  );
});
