import { expect, test } from 'vitest';
import type { News } from '../shared/protocol.ts';
import type { ApiRequest, Gateway } from './gateway.ts';
import type { Outbox } from './outbox.ts';
import { answerPage } from './page-requests.ts';

/** The worker of a page whose requests are answered with `status`. */
function workerWith(status: number, keeps = true, takenBack = false) {
  const kept: string[] = [];
  const sent: ApiRequest[] = [];
  const posts: News[] = [];
  const gateway = {
    send: async (request: ApiRequest) => {
      sent.push(request);
      return new Response(status === 204 ? null : '{}', { status });
    },
  } as unknown as Gateway;
  const outbox = {
    add: async ({ method, path }: ApiRequest) => {
      if (keeps) kept.push(`${method} ${path}`);
      return keeps;
    },
    takeBack: async () => takenBack,
  } as unknown as Outbox;
  const ask = (method: string, path: string, body?: string) => {
    const init = body === undefined ? { method } : { method, body };
    return answerPage(
      { gateway, outbox, post: (news) => posts.push(news) },
      new Request(`https://app.test${path}`, init),
    );
  };
  return { ask, kept, sent, posts };
}

test.each([
  ['DELETE', '/api/files/u1'],
  ['PATCH', '/api/files/u1'],
])('%s %s that reached nobody is kept, and says so', async (method, path) => {
  const { ask, kept, posts } = workerWith(503);
  const answer = await ask(method, path);
  expect([answer.status, await answer.json()]).toEqual([202, { queued: true }]);
  expect([kept, posts]).toEqual([[`${method} ${path}`], []]);
});

test('a change that nobody signed in has asked for is not said to be kept', async () => {
  const { ask, kept } = workerWith(503, false);
  expect((await ask('DELETE', '/api/files/u1')).status).toBe(503);
  expect(kept).toEqual([]);
});

test.each([
  ['GET', '/api/files/u1'],
  ['GET', '/api/files'],
  ['DELETE', '/api/session'],
  ['POST', '/api/auth/email-otp/send-verification-otp'],
  ['DELETE', '/api/upload-sessions/s1/files/u1'],
])('%s %s that reached nobody is answered so, and kept nowhere', async (method, path) => {
  const { ask, kept } = workerWith(503);
  expect((await ask(method, path)).status).toBe(503);
  expect(kept).toEqual([]);
});

test('a change that went through is news of the library, one that was refused is not', async () => {
  const good = workerWith(204);
  expect((await good.ask('DELETE', '/api/files/u1')).status).toBe(204);
  expect([good.posts, good.kept]).toEqual([[{ type: 'library' }], []]);
  for (const status of [401, 403, 404, 409, 500, 502]) {
    const bad = workerWith(status);
    expect((await bad.ask('PATCH', '/api/files/u1', '{}')).status).toBe(status);
    expect([bad.posts, bad.kept]).toEqual([[], []]);
  }
});

test('reading the library is no news', async () => {
  const { ask, posts } = workerWith(200);
  await ask('GET', '/api/files/u1');
  expect(posts).toEqual([]);
});

test('a body is read before it goes out, so that it can go out again', async () => {
  const { ask, sent } = workerWith(200);
  await ask('PATCH', '/api/files/u1?x=1', '{"name":"a"}');
  expect([sent[0]?.path, new TextDecoder().decode(sent[0]?.body as ArrayBuffer)]).toEqual([
    '/api/files/u1?x=1',
    '{"name":"a"}',
  ]);
  await ask('GET', '/api/files');
  expect(sent[1]?.body).toBe(null);
});

test('taking back a deletion that still waits asks nobody', async () => {
  const { ask, sent, posts } = workerWith(404, true, true);
  expect((await ask('POST', '/api/files/u1/restore')).status).toBe(204);
  expect([sent, posts]).toEqual([[], []]);
});

test('taking back a deletion that was made asks the server, is news, and never waits', async () => {
  const good = workerWith(200);
  expect((await good.ask('POST', '/api/files/u1/restore')).status).toBe(200);
  expect(good.posts).toEqual([{ type: 'library' }]);
  const silent = workerWith(503);
  expect((await silent.ask('POST', '/api/files/u1/restore')).status).toBe(503);
  expect([silent.posts, silent.kept]).toEqual([[], []]);
});
