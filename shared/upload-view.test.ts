import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Life, newUpload, UNDO_MS, type Upload } from './upload.ts';
import {
  type Safety,
  totalsOf,
  type UploadAction,
  type UploadState,
  type UploadView,
  type ViewFacts,
  viewUpload,
} from './upload-view.ts';

/** 45 bytes in parts of 10. */
const upload: Upload = {
  ...newUpload({
    id: 'u1',
    account: 'a1',
    session: 's1',
    path: 'films',
    name: 'film.bin',
    size: 45,
    type: '',
    lastModified: 1,
    addedAt: 2,
  }),
  partBytes: 10,
  acknowledged: [[0, 1]],
  received: { 2: 4 },
  shownBytes: 24,
};
const whole: Partial<Upload> = { acknowledged: [[0, 4]], received: {}, shownBytes: 45 };

const facts: ViewFacts = {
  inFlight: 0,
  heldBack: false,
  signedIn: true,
  offlineUntil: null,
  waitUntil: null,
  safe: 'no',
  hasSource: true,
  bytesPerSecond: null,
  sessionEndsAt: null,
};

test('a row says all there is to show', () => {
  expect(viewUpload(upload, { ...facts, inFlight: 1, bytesPerSecond: 7 })).toEqual({
    id: 'u1',
    path: 'films',
    name: 'film.bin',
    size: 45,
    addedAt: 2,
    batchAt: 2,
    state: { at: 'sending' },
    acknowledgedBytes: 20,
    shownBytes: 24,
    safe: 'no',
    bytesPerSecond: 7,
    secondsLeft: 3,
    sessionEndsAt: null,
    can: ['pause', 'cancel'],
  });
});

const moving: UploadAction[] = ['pause', 'cancel'];
const table: [
  why: string,
  change: { life?: Life; facts?: Partial<ViewFacts>; upload?: Partial<Upload> },
  state: UploadState,
  can: UploadAction[],
][] = [
  ['nothing is under way yet', {}, { at: 'queued' }, moving],
  ['a request is under way', { facts: { inFlight: 1 } }, { at: 'sending' }, moving],
  [
    'our server is out of reach',
    { facts: { offlineUntil: 9, inFlight: 1 } },
    { at: 'waiting', why: 'offline', until: 9 },
    moving,
  ],
  ['the server said when', { facts: { waitUntil: 9 } }, { at: 'waiting', why: 'until', until: 9 }, moving],
  [
    'a request is under way beside one that waits',
    { facts: { waitUntil: 9, inFlight: 1 } },
    { at: 'sending' },
    moving,
  ],
  [
    'the connection is not to be used',
    { facts: { heldBack: true } },
    { at: 'waiting', why: 'metered' },
    moving,
  ],
  [
    'the last requests of before are under way',
    { facts: { heldBack: true, inFlight: 1 } },
    { at: 'sending' },
    moving,
  ],
  ['nobody is signed in', { facts: { signedIn: false, offlineUntil: 9 } }, { at: 'held' }, moving],
  ['every part is acknowledged', { upload: whole }, { at: 'verifying' }, ['cancel']],
  [
    'every part is acknowledged, signed out',
    { upload: whole, facts: { signedIn: false } },
    { at: 'held' },
    moving,
  ],
  ['its session is over', { life: { at: 'expired' } }, { at: 'expired' }, ['refresh', 'cancel']],
  [
    'its file is out of reach',
    { life: { at: 'needs-file', why: 'changed' } },
    { at: 'needs-file', why: 'changed' },
    ['select', 'cancel'],
  ],
  [
    'its file needs a click',
    { life: { at: 'needs-permission' } },
    { at: 'needs-permission' },
    ['permit', 'select', 'cancel'],
  ],
  ['a person paused it', { life: { at: 'paused' } }, { at: 'paused' }, ['resume', 'cancel']],
  [
    'a person paused it, and its file is gone',
    { life: { at: 'paused' }, facts: { hasSource: false, safe: 'no' } },
    { at: 'paused' },
    ['resume', 'select', 'cancel'],
  ],
  [
    'a person paused it, and all of it is kept here',
    { life: { at: 'paused' }, facts: { hasSource: false, safe: 'yes' } },
    { at: 'paused' },
    ['resume', 'cancel'],
  ],
  [
    'its session is over, and its file is gone',
    { life: { at: 'expired' }, facts: { hasSource: false, safe: 'no' } },
    { at: 'expired' },
    ['refresh', 'select', 'cancel'],
  ],
  [
    'our server and its file are out of reach',
    { facts: { offlineUntil: 9, hasSource: false, safe: 'no' } },
    { at: 'waiting', why: 'offline', until: 9 },
    ['select', 'pause', 'cancel'],
  ],
  [
    'it failed',
    { life: { at: 'failed', code: 'TOO_LARGE', limit: 9 } },
    { at: 'failed', code: 'TOO_LARGE', limit: 9 },
    ['retry', 'remove'],
  ],
  [
    'it failed, and its file is gone',
    { life: { at: 'failed', code: 'FILE_GONE' }, facts: { hasSource: false } },
    { at: 'failed', code: 'FILE_GONE' },
    ['select', 'remove'],
  ],
  [
    'a person cancelled it',
    { life: { at: 'cancelled', since: 100, told: false } },
    { at: 'cancelled', undoUntil: 100 + UNDO_MS },
    ['undo', 'remove'],
  ],
  [
    'it was cancelled and freed',
    { life: { at: 'cancelled', since: 100, told: true } },
    { at: 'cancelled', undoUntil: 0 },
    ['retry', 'remove'],
  ],
  [
    'it was cancelled and freed, and its file is gone',
    { life: { at: 'cancelled', since: 100, told: true }, facts: { hasSource: false } },
    { at: 'cancelled', undoUntil: 0 },
    ['select', 'remove'],
  ],
  ['it is stored', { life: { at: 'stored' }, upload: whole }, { at: 'stored' }, ['remove']],
];

test.each(table)('%s', (_why, change, state, can) => {
  const view = viewUpload(
    { ...upload, ...change.upload, life: change.life ?? { at: 'going' } },
    { ...facts, ...change.facts },
  );
  expect({ state: view.state, can: view.can }).toEqual({ state, can });
});

test('only what is being sent has a speed', () => {
  for (const inFlight of [0, 1]) {
    const view = viewUpload(upload, { ...facts, inFlight, bytesPerSecond: 7 });
    expect([view.bytesPerSecond, view.secondsLeft]).toEqual(inFlight ? [7, 3] : [null, null]);
  }
});

test('an upload that is over, or whole at the server, is safe wherever its file is', () => {
  const safe = (change: Partial<Upload>) => viewUpload({ ...upload, ...change }, facts).safe;
  expect(safe({})).toBe('no');
  expect(safe(whole)).toBe('yes');
  expect(safe({ life: { at: 'failed', code: 'FILE_GONE' } })).toBe('yes');
  expect(safe({ life: { at: 'cancelled', since: 1, told: false } })).toBe('yes');
  expect(safe({ life: { at: 'paused' } })).toBe('no');
});

function row(state: UploadState, change: Partial<UploadView> = {}): UploadView {
  return { ...viewUpload(upload, facts), state, ...change };
}

test('totals count every file, and only the bytes of those that are to go on', () => {
  const rows = [
    row({ at: 'sending' }),
    row({ at: 'paused' }, { size: 100, shownBytes: 60, safe: 'yes' }),
    row({ at: 'needs-file', why: 'gone' }, { size: 10, shownBytes: 0, safe: 'one-click' }),
    row({ at: 'needs-permission' }, { size: 1, shownBytes: 0, safe: 'one-click' }),
    row({ at: 'expired' }, { size: 10, shownBytes: 6, safe: 'yes' }),
    row({ at: 'failed', code: 'FILE_GONE' }),
    row({ at: 'stored' }, { shownBytes: 45 }),
    row({ at: 'cancelled', undoUntil: 5 }),
  ];
  expect(totalsOf(rows, 8)).toEqual({
    files: 8,
    stored: 1,
    unfinished: 5,
    going: 2,
    needsYou: 4,
    bytes: 166,
    shownBytes: 90,
    bytesPerSecond: 8,
    secondsLeft: 10,
    safe: 'no',
  });
});

test('with nothing unfinished there is nothing to go, and a tab may be closed', () => {
  const none = {
    unfinished: 0,
    going: 0,
    needsYou: 0,
    bytes: 0,
    shownBytes: 0,
    secondsLeft: null,
    safe: 'yes',
  };
  expect(totalsOf([], null)).toEqual({ ...none, files: 0, stored: 0, bytesPerSecond: null });
  const over = [row({ at: 'stored' }, { safe: 'yes' }), row({ at: 'cancelled', undoUntil: 0 })];
  expect(totalsOf(over, 5)).toEqual({ ...none, files: 2, stored: 1, bytesPerSecond: 5 });
});

test('the least safe of the unfinished uploads decides', () => {
  const safety = (...all: Safety[]) =>
    totalsOf(
      all.map((safe) => row({ at: 'queued' }, { safe })),
      null,
    ).safe;
  expect([safety('yes'), safety('yes', 'one-click'), safety('one-click', 'no', 'yes')]).toEqual([
    'yes',
    'one-click',
    'no',
  ]);
});

test('a file whose every byte arrived is unfinished until it is stored', () => {
  const verifying = viewUpload({ ...upload, ...whole }, facts);
  expect(verifying.state).toEqual({ at: 'verifying' });
  expect(totalsOf([verifying], null)).toMatchObject({ stored: 0, unfinished: 1 });
});

test('totals never show more than there is, nor fall when a row moves on', () => {
  const size = fc.integer({ min: 0, max: 1000 });
  const anyRow = fc
    .record({ size, shown: size, at: fc.constantFrom('queued', 'sending', 'held', 'verifying') })
    .map(({ size, shown, at }) => row({ at } as UploadState, { size, shownBytes: Math.min(size, shown) }));
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 9 }), fc.nat(8), size, (rows, which, more) => {
      const before = totalsOf(rows, null);
      const moved = rows.map((one, n) =>
        n === which ? { ...one, shownBytes: Math.min(one.size, one.shownBytes + more) } : one,
      );
      const after = totalsOf(moved, null);
      expect(after.shownBytes).toBeGreaterThanOrEqual(before.shownBytes);
      expect(after.shownBytes).toBeLessThanOrEqual(after.bytes);
      expect(after.bytes).toBe(before.bytes);
    }),
  );
});

test('a session that ends soon shows in the rows that it would stop', () => {
  const ends = (life: Life) => viewUpload({ ...upload, life }, { ...facts, sessionEndsAt: 7 }).sessionEndsAt;
  expect([ends({ at: 'going' }), ends({ at: 'paused' }), ends({ at: 'stored' })]).toEqual([7, 7, null]);
  expect(ends({ at: 'expired' })).toBeNull();
});
