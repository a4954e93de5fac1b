import { expect, test } from 'vitest';
import type { FileOrder, StoredFile, StoredFiles } from './api.ts';
import { goneBy, type LibraryAsk, readLibraryAsk, recall } from './library-memory.ts';

function file(id: string, change: Partial<StoredFile> = {}): StoredFile {
  const facts = { path: '', name: `${id}.txt`, size: 1, type: '', lastModified: 0, storedAt: 0, etag: id };
  return { id, ...facts, ...change };
}

function page(files: StoredFile[], next: string | null = null): StoredFiles {
  return { files, next, count: files.length, ...facts };
}

const facts = { usedBytes: 7, quotaBytes: 9 };
const all: LibraryAsk = { order: 'newest', q: '', after: null, limit: 100 };
const a = file('a', { name: 'Photo 10.jpg', size: 30, storedAt: 1, path: 'Holiday/Beach' });
const b = file('b', { name: 'photo 2.jpg', size: 10, storedAt: 3, path: 'Holiday' });
const c = file('c', { name: 'Übersicht.pdf', size: 20, storedAt: 2 });
const known = [a, b, c];

test.each<[FileOrder, string]>([
  ['newest', 'bca'],
  ['oldest', 'acb'],
  ['name', 'bac'],
  ['name-down', 'cab'],
  ['largest', 'acb'],
  ['smallest', 'bca'],
])('by %s what is remembered comes as %s', (order, ids) => {
  const found = recall(known, { ...all, order }, facts);
  expect(found?.files.map(({ id }) => id).join('')).toBe(ids);
});

test('what is remembered is searched in names and folders, whatever the case', () => {
  const found = (q: string) => recall(known, { ...all, q }, facts)?.files.map(({ id }) => id);
  expect(found('PHOTO')).toEqual(['b', 'a']);
  expect(found('holiday/beach/')).toEqual(['a']);
  expect(found('übersicht')).toEqual(['c']);
  expect(found('nothing')).toEqual([]);
});

test('what is remembered comes in pages, whose cursors nobody else understands', () => {
  const first = recall(known, { ...all, limit: 2 }, facts);
  expect(first).toEqual({ files: [b, c], next: 'remembered:2', count: 3, ...facts });
  expect(recall(known, { ...all, limit: 2, after: 'remembered:2' }, facts)).toEqual({
    files: [a],
    next: null,
    count: 3,
    ...facts,
  });
  expect(recall(known, { ...all, after: 'the server’s' }, facts)).toBe(null);
});

test('a whole answer proves gone what is not in it', () => {
  expect(goneBy(known, all, page([b, a]))).toEqual(['c']);
  expect(goneBy(known, all, page([]))).toEqual(['a', 'b', 'c']);
});

test('a page proves gone only what should stand on it', () => {
  expect(goneBy(known, all, page([b], 'more'))).toEqual([]);
  expect(goneBy(known, all, page([b, a], 'more'))).toEqual(['c']);
  // What stands before the first file of a later page may be on the page before.
  expect(goneBy(known, { ...all, after: 'x' }, page([a]))).toEqual([]);
  expect(goneBy(known, { ...all, after: 'x' }, page([c]))).toEqual(['a']);
  expect(goneBy(known, { ...all, after: 'x' }, page([]))).toEqual([]);
});

test('the answer to a search proves nothing of what it did not look for', () => {
  expect(goneBy(known, { ...all, q: 'photo' }, page([b]))).toEqual(['a']);
});

test('a query that is not understood is asked as the server takes it', () => {
  const read = (query: Record<string, string>) => readLibraryAsk((name) => query[name] ?? null);
  expect(read({})).toEqual(all);
  expect(read({ order: 'by-mood', limit: '-1' })).toEqual(all);
  expect(read({ order: 'name', q: 'x', after: 'y', limit: '5' })).toEqual({
    order: 'name',
    q: 'x',
    after: 'y',
    limit: 5,
  });
});
