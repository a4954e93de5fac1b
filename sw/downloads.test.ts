import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answerDownload, isDownload, isNative } from './downloads.ts';
import type { ApiRequest, Gateway } from './gateway.ts';

const origin = 'https://app.example.test';

beforeEach(() => {
  vi.stubGlobal('__API_ORIGIN__', '');
  // A worker resolves addresses against its own; Node has none.
  vi.spyOn(Response, 'redirect').mockImplementation((url, status) => {
    return new Response(null, { status: status ?? 302, headers: { Location: new URL(url, origin).href } });
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

function request(
  path: string,
  change: Partial<Pick<Request, 'method' | 'destination' | 'mode'>> = {},
): Request {
  return { url: origin + path, method: 'GET', destination: 'document', ...change } as Request;
}

function gate(answer: Response) {
  const asked: ApiRequest[] = [];
  const send = async (one: ApiRequest) => {
    asked.push(one);
    return answer;
  };
  return { gateway: { send } as unknown as Gateway, asked };
}

test('links and media elements download; what a page fetches itself does not', () => {
  const destinations = ['document', 'video', 'audio', 'image', 'iframe', ''] as const;
  for (const path of ['/api/files/f1/content', '/api/archives/a1/content']) {
    expect(destinations.filter((destination) => isDownload(request(path, { destination })))).toEqual([
      'document',
      'video',
      'audio',
      'image',
      'iframe',
    ]);
    expect(isDownload(request(path, { method: 'HEAD' }))).toBe(false);
  }
});

test('only the content of a file or an archive is one', () => {
  for (const path of [
    '/api/files',
    '/api/files/f1',
    '/api/files/f1/thumbnail',
    '/api/files/f1/content/x',
    '/api/archives',
    '/api/archives/a1',
    '/content',
  ])
    expect([isDownload(request(path)), isNative(request(`${path}?native`))]).toEqual([false, false]);
});

test('a download is native once it carries the mark', () => {
  expect(isNative(request('/api/files/f1/content'))).toBe(false);
  expect(isNative(request('/api/files/f1/content?native='))).toBe(true);
});

test('a download is asked for by HEAD, then left to the browser', async () => {
  const { gateway, asked } = gate(new Response(null, { status: 200 }));
  const answer = await answerDownload(gateway, request('/api/files/f1/content?download=1'));
  expect([answer.status, answer.headers.get('Location')]).toEqual([
    303,
    `${origin}/api/files/f1/content?download=1&native=`,
  ]);
  expect(isNative(request('/api/files/f1/content?download=1&native='))).toBe(true);
  expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['HEAD', '/api/files/f1/content?download=1', null],
  ]);
});

test('a download from another origin is left to the browser there', async () => {
  vi.stubGlobal('__API_ORIGIN__', 'https://api.example.test');
  const { gateway, asked } = gate(new Response(null, { status: 200 }));
  const answer = await answerDownload(gateway, request('/api/files/f1/content'));
  expect(answer.headers.get('Location')).toBe('https://api.example.test/api/files/f1/content?native=');
  expect(asked.map(({ path }) => path)).toEqual(['/api/files/f1/content']);
});

test('a link to a download while the session is over leads to the sign-in, and back to the library', async () => {
  const refusal = new Response(null, { status: 401 });
  const link = request('/api/files/f1/content', { mode: 'navigate' });
  const answer = await answerDownload(gate(refusal).gateway, link);
  expect([answer.status, answer.headers.get('Location')]).toEqual([
    303,
    `${origin}/signin?returnTo=%2Flibrary`,
  ]);
  const missing = new Response(null, { status: 404 });
  expect(await answerDownload(gate(missing).gateway, link)).toBe(missing);
});

test.each([401, 404, 503])('a download that is refused with %i goes nowhere', async (status) => {
  const refusal = new Response(null, { status });
  expect(await answerDownload(gate(refusal).gateway, request('/api/files/f1/content'))).toBe(refusal);
});
