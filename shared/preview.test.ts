import { expect, test } from 'vitest';
import { hasThumbnail, MAX_THUMBNAIL_SOURCE_BYTES, previewOf } from './preview.ts';

test.each([
  ['holiday.jpg', 'image/jpeg', 'image'],
  ['drawing', 'image/svg+xml', 'image'],
  ['film.mp4', 'video/mp4', 'video'],
  ['song.flac', '', 'audio'],
  ['notes.txt', 'text/plain; charset=utf-8', 'text'],
  ['page.html', 'text/html', 'text'],
  ['data.JSON', 'application/octet-stream', 'text'],
  ['paper.pdf', 'application/pdf', 'pdf'],
  ['paper.pdf', 'application/zip', null],
  ['unknown.xyz', '', null],
  ['noextension', '', null],
])('%s of type "%s" is shown as %s', (name, type, preview) => {
  expect(previewOf({ name, type, size: 10 })).toBe(preview);
});

test.each([
  ['holiday.jpg', 'image/jpeg', 10, true],
  ['holiday.png', '', 10, true],
  ['drawing.svg', 'image/svg+xml', 10, false],
  ['empty.jpg', 'image/jpeg', 0, false],
  ['huge.jpg', 'image/jpeg', MAX_THUMBNAIL_SOURCE_BYTES + 1, false],
  ['film.mp4', 'video/mp4', 10, false],
])('%s of type "%s" with %i bytes: a thumbnail is %s', (name, type, size, has) => {
  expect(hasThumbnail({ name, type, size })).toBe(has);
});
