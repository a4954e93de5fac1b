import { expect, test } from 'vitest';
import type { Share } from '../../shared/api.ts';
import { shareEnd } from './share-end.ts';

const NOW = 1000;
const share: Share = {
  id: 's',
  token: 't',
  name: 'a',
  createdAt: 1,
  expiresAt: null,
  hasPassword: false,
  maxDownloads: null,
  downloads: 7,
  files: 1,
  bytes: 10,
};

test('a link works until its time has come, its downloads are used up or its last file is gone', () => {
  expect(shareEnd(share, NOW)).toBeNull();
  expect(shareEnd({ ...share, expiresAt: NOW + 1, maxDownloads: 8 }, NOW)).toBeNull();
  expect(shareEnd({ ...share, expiresAt: NOW }, NOW)).toBe('expired');
  expect(shareEnd({ ...share, maxDownloads: 7 }, NOW)).toBe('used-up');
  expect(shareEnd({ ...share, files: 0, bytes: 0 }, NOW)).toBe('empty');
});

test('what no restored file brings back is said first', () => {
  expect(shareEnd({ ...share, files: 0, maxDownloads: 7 }, NOW)).toBe('used-up');
  expect(shareEnd({ ...share, files: 0, expiresAt: NOW - 1 }, NOW)).toBe('expired');
});
