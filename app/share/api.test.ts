import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readShared, sharedContentUrl, sharedThumbnailUrl, unlock } from './api.ts';

const shared = { name: 'a', files: [], expiresAt: null, downloadsLeft: null, now: 1 };
const answer = vi.fn<typeof fetch>();

beforeEach(() => {
  answer.mockImplementation(async () => Response.json(shared));
  vi.stubGlobal('fetch', answer);
  vi.stubGlobal('__API_ORIGIN__', '');
});
afterEach(() => {
  vi.unstubAllGlobals();
  answer.mockReset();
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

test.each([
  [403, 'locked'],
  [404, 'gone'],
  [410, 'gone'],
  [429, 'limited'],
  [500, 'away'],
  [503, 'away'],
] as const)(
  'an answer of %i says that the link is %s, of its files and of a password',
  async (status, at) => {
    answer.mockResolvedValue(new Response(null, { status }));
    expect(await readShared('token')).toEqual({ at });
    expect(await unlock('token', 'secret')).toBe(at);
  },
);

test('an answer that is not of this server, or none, says nothing of the link', async () => {
  answer.mockResolvedValueOnce(new Response('<p>Sign in to this network'));
  expect(await readShared('token')).toEqual({ at: 'away' });
  answer.mockRejectedValueOnce(new TypeError('Failed to fetch'));
  expect(await readShared('token')).toEqual({ at: 'away' });
});
