import { expect, test } from 'vitest';
import { rankCandidates } from './reselect.ts';
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
});
