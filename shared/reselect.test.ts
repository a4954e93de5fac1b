import { expect, test } from 'vitest';
import type { SessionFile } from './api.ts';
import {
  adoptUpload,
  goingOn,
  isAllOnItsWay,
  isSameByName,
  isUnverified,
  rankCandidates,
  reasonOf,
  sentParts,
} from './reselect.ts';
import { type Life, newUpload, type Upload } from './upload.ts';

function upload(id: string, change: Partial<Upload> = {}): Upload {
  const base = newUpload({
    id,
    account: 'a1',
    session: 's1',
    path: '',
    name: 'film.bin',
    size: 40,
    type: '',
    lastModified: 7,
    addedAt: 1,
  });
  return { ...base, life: { at: 'needs-file', why: 'restarted' }, ...change };
}

const file = { name: 'film.bin', size: 40, lastModified: 7 };
const ranked = (uploads: Upload[]) => rankCandidates(uploads, file).map(({ id }) => id);

test('name counts more than date, and both more than one', () => {
  const uploads = [
    upload('neither', { name: 'b', lastModified: 1 }),
    upload('date', { name: 'b' }),
    upload('name', { lastModified: 1 }),
    upload('both'),
  ];
  expect(ranked(uploads)).toEqual(['both', 'name', 'date', 'neither']);
});

test('of two that are alike the one that was added first comes first', () => {
  expect(ranked([upload('first'), upload('second')])).toEqual(['first', 'second']);
});

test('a file of another size is no candidate, whatever its name', () => {
  expect(ranked([upload('a', { size: 41 }), upload('b', { size: 0 })])).toEqual([]);
});

test('only uploads that wait for a file, or were given up, are candidates', () => {
  const lives: Life[] = [
    { at: 'going' },
    { at: 'expired' },
    { at: 'needs-file', why: 'gone' },
    { at: 'needs-permission' },
    { at: 'paused' },
    { at: 'failed', code: 'DIGEST_MISMATCH' },
    { at: 'cancelled', since: 0, told: false },
    { at: 'cancelled', since: 0, told: true },
    { at: 'removed' },
    { at: 'stored' },
  ];
  expect(
    rankCandidates(
      lives.map((life) => upload(life.at, { life })),
      file,
    ).map(({ life }) => life),
  ).toEqual([lives[2], lives[3], lives[5], lives[6], lives[7]]);
  // Those whose bytes can't be had any more will wait for a file, once they go on.
  const all = lives.map((life, n) => upload(`${n}`, { life }));
  const outOfReach = new Set(all.map(({ id }) => id));
  expect(rankCandidates(all, file, outOfReach).map(({ id }) => Number(id))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('what was sent is compared, in order, and what is only known is not', () => {
  const digests = new Map([
    [3, 'd3'],
    [2, 'd2'],
    [1, 'd1'],
    [0, 'd0'],
  ]);
  const sent = upload('a', { acknowledged: [[0, 0]], received: { 2: 7, 3: 0 } });
  expect(sentParts(sent, digests)).toEqual([
    [0, 'd0'],
    [2, 'd2'],
  ]);
  expect(sentParts(sent, new Map())).toEqual([]);
});

test.each([
  ['the same name and date', {}, true],
  ['another name', { name: 'b' }, false],
  ['another date', { lastModified: 8 }, false],
])('%s: the same by name is %s', (_what, change, same) => {
  expect(isSameByName(upload('a'), { ...file, ...change })).toBe(same);
});

test('of several reasons the one that says most is given', () => {
  const content = { code: 'OTHER_CONTENT', fromPart: 3 } as const;
  const codes = (...all: Parameters<typeof reasonOf>[0]) => reasonOf(all).code;
  expect(reasonOf([{ code: 'OTHER_FILE' }, content])).toEqual(content);
  expect(codes()).toBe('OTHER_SIZE');
  expect(codes({ code: 'UNREACHABLE' }, content)).toBe('UNREACHABLE');
  expect(codes({ code: 'FILE_UNREADABLE' }, { code: 'FILE_CHANGED' })).toBe('FILE_CHANGED');
  expect(codes({ code: 'FILE_UNREADABLE' }, content)).toBe('FILE_UNREADABLE');
});

test('ranking leaves the list as it was', () => {
  const uploads = [upload('worse', { name: 'b' }), upload('better')];
  expect(ranked(uploads)).toEqual(['better', 'worse']);
  expect(uploads.map(({ id }) => id)).toEqual(['worse', 'better']);
});

const elsewhere: SessionFile = {
  id: 'f1',
  path: 'films',
  name: 'film.bin',
  size: 40,
  type: 'video/mp4',
  lastModified: 7,
  state: 'open',
  partBytes: 10,
  acknowledged: [[0, 1]],
  offsets: { 2: 4 },
};

test('an upload of another device is taken over with all that the server has, and waits for its file', () => {
  expect(adoptUpload('a1', 's2', elsewhere, 99)).toEqual({
    id: 'f1',
    account: 'a1',
    session: 's2',
    path: 'films',
    name: 'film.bin',
    size: 40,
    type: 'video/mp4',
    lastModified: 7,
    addedAt: 99,
    partBytes: 10,
    acknowledged: [[0, 1]],
    received: { 2: 4 },
    shownBytes: 24,
    life: { at: 'needs-file', why: 'restarted' },
  });
});

test.each([
  ['stored', { at: 'stored' }],
  ['cancelled', { at: 'cancelled', since: 99, told: true }],
] as const)('one that is %s is over here as well', (state, life) => {
  expect(adoptUpload('a1', 's2', { ...elsewhere, state }, 99).life).toEqual(life);
});

test('what was acknowledged and has no digest here was never compared', () => {
  const known = new Map([0, 1, 3].map((part) => [part, 'd']));
  const has = (...acknowledged: [number, number][]) => isUnverified(upload('a', { acknowledged }), known);
  expect([has(), has([0, 1], [3, 3]), has([0, 2]), has([3, 4])]).toEqual([false, false, true, true]);
});

test('all of a file is on its way once no part is left that has not been read', () => {
  const file = upload('a', { size: 40, partBytes: 10, acknowledged: [[0, 1]] });
  const on = (busy: number[], known: number[]) =>
    isAllOnItsWay(file, new Set(busy), new Map(known.map((part) => [part, 'd'])));
  expect([on([2, 3], [2, 3]), on([2, 3], [2]), on([3], [2, 3]), on([], [0, 1])]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test('an upload whose file is there goes on from where it stands', () => {
  const lives: Life[] = [{ at: 'paused' }, { at: 'expired' }, { at: 'needs-file', why: 'gone' }];
  expect(lives.map((life) => goingOn(upload('a', { life })))).toEqual(['resume', 'refresh', 'retry']);
});
