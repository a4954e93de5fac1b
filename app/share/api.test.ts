import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readShared, sharedContentUrl, sharedThumbnailUrl, unlock } from './api.ts';

const shared = { name: 'a', files: [], expiresAt: null, downloadsLeft: null, now: 1 };
const answer = vi.fn(async (..._: Parameters<typeof fetch>) => Response.json(shared));

beforeEach(() => {
  vi.stubGlobal('fetch', answer);
  vi.stubGlobal('__API_ORIGIN__', '');
});
afterEach(() => {
  vi.unstubAllGlobals();
  answer.mockClear();
});

test('a page whose API is on another origin asks there, with the cookie that opens the link', async () => {
  vi.stubGlobal('__API_ORIGIN__', 'https://api.example.test');
  const address = 'https://api.example.test/api/shared/to%2Fken';
  expect(await readShared('to/ken')).toEqual({ at: 'open', shared });
  expect(await unlock('to/ken', 'secret')).toBe('open');
  expect(answer.mock.calls).toMatchObject([
    [address, { credentials: 'include' }],
    [`${address}/unlock`, { credentials: 'include', method: 'POST' }],
  ]);
  expect(sharedContentUrl('to/ken', 'id')).toBe(`${address}/files/id/content`);
  expect(sharedThumbnailUrl('to/ken', 'id')).toBe(`${address}/files/id/thumbnail`);
});

test('otherwise it asks its own origin', async () => {
  await readShared('token');
  expect(answer.mock.calls[0]?.[0]).toBe('/api/shared/token');
});
