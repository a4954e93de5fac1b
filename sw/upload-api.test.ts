import { expect, test } from 'vitest';
import type { Verdict } from '../shared/answer.ts';
import { header } from '../shared/api.ts';
import type { ApiRequest } from './gateway.ts';
import { type Segment, UploadApi } from './upload-api.ts';

const sid = '1b0e2d0c-5f3e-4a58-9f6f-1d1f6f1d2a10';
const fid = '2b0e2d0c-5f3e-4a58-9f6f-1d1f6f1d2a10';
const signal = new AbortController().signal;
const file = { id: fid, path: '', name: 'film.bin', size: 30, type: '', lastModified: 1 };
const session = {
  id: sid,
  device: 'Firefox',
  createdAt: 1,
  issuedAt: 2,
  sessionTtlMinutes: 30,
  now: 3,
  files: [{ ...file, state: 'open', partBytes: 10, acknowledged: [[0, 1]], offsets: { 2: 5 } }],
};

/** The API of a server that gives `answer`, and what it was asked. */
function api(answer: Response) {
  const asked: ApiRequest[] = [];
  const send = async (request: ApiRequest) => {
    asked.push(request);
    return answer;
  };
  return { api: new UploadApi(send, () => `try-${asked.length}`), asked };
}

function problem(code: string, status: number, headers: Record<string, string> = {}): Response {
  return Response.json(
    { code },
    { status, headers: { ...headers, 'Content-Type': 'application/problem+json' } },
  );
}

const segment: Segment = {
  session: sid,
  file: fid,
  part: 2,
  offset: 5,
  body: new Uint8Array([1, 2, 3]),
  digest: null,
};

test('registering files is one PUT of them', async () => {
  const { api: server, asked } = api(Response.json(session));
  expect(await server.attach(sid, [file], signal)).toEqual({ verdict: { is: 'done' }, session });
  expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['PUT', `/api/upload-sessions/${sid}`, JSON.stringify({ files: [file] })],
  ]);
  expect(asked[0]?.headers.get('Content-Type')).toBe('application/json');
  expect(asked[0]?.signal).toBe(signal);
});

test('a file that is to begin anew says so', async () => {
  const { api: server, asked } = api(Response.json(session));
  await server.attach(sid, [{ ...file, reopen: true }], signal);
  expect(asked[0]?.body).toBe(JSON.stringify({ files: [{ ...file, reopen: true }] }));
});

test.each([
  ['another JSON', () => Response.json({ hello: 'world' })],
  ['JSON that is cut', () => new Response('{"id":', { headers: { 'Content-Type': 'application/json' } })],
  ['no body', () => new Response(null, { status: 204 })],
  ['a page', () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
])('a registration that is answered with %s has not been answered by our server', async (_what, answer) => {
  const { api: server } = api(answer());
  expect(await server.attach(sid, [file], signal)).toEqual({
    verdict: { is: 'unreachable', why: expect.any(String) },
    session: null,
  });
});

test('a registration that is refused says so with its limit', async () => {
  const refusal = Response.json(
    { code: 'QUOTA_EXCEEDED', limit: 99 },
    { status: 507, headers: { 'Content-Type': 'application/problem+json' } },
  );
  expect(await api(refusal).api.attach(sid, [file], signal)).toEqual({
    verdict: { is: 'refused', code: 'QUOTA_EXCEEDED', limit: 99 },
    session: null,
  });
});

test('looking at a part gives its bytes, and whether it is acknowledged', async () => {
  const headers = { [header.offset]: '7', [header.complete]: '?0' };
  const { api: server, asked } = api(new Response(null, { status: 204, headers }));
  expect(await server.look(sid, fid, 2, signal)).toEqual({
    verdict: { is: 'done' },
    offset: 7,
    complete: false,
  });
  expect([asked[0]?.method, asked[0]?.path, asked[0]?.body]).toEqual([
    'HEAD',
    `/api/upload-sessions/${sid}/files/${fid}/parts/2`,
    null,
  ]);
  const whole = { [header.offset]: '10', [header.complete]: '?1' };
  expect(await api(new Response(null, { headers: whole })).api.look(sid, fid, 2, signal)).toEqual({
    verdict: { is: 'done' },
    offset: 10,
    complete: true,
  });
});

test.each([400, 403, 404, 405, 409, 410, 413, 415, 422])(
  'looking at a part that is answered with %i is refused, since an answer to HEAD cannot say why',
  async (status) => {
    const { api: server } = api(new Response(null, { status }));
    expect(await server.look(sid, fid, 2, signal)).toEqual({
      verdict: { is: 'refused', code: 'NOT_FOUND' },
      offset: null,
      complete: false,
    });
  },
);

test.each([
  [401, {}, { is: 'signed-out' }],
  [408, {}, { is: 'unreachable', why: 'status 408' }],
  [425, {}, { is: 'unreachable', why: 'status 425' }],
  [429, { 'Retry-After': '3' }, { is: 'later', afterMs: 3000 }],
  [503, { 'Retry-After': '3' }, { is: 'later', afterMs: 3000 }],
  [502, {}, { is: 'unreachable', why: 'status 502' }],
] as const)('looking at a part that is answered with %i is no refusal', async (status, headers, verdict) => {
  const { api: server } = api(new Response(null, { status, headers }));
  expect((await server.look(sid, fid, 2, signal)).verdict).toEqual(verdict);
});

test('the digests of a file are those of its acknowledged parts, by their numbers', async () => {
  const { api: server, asked } = api(Response.json({ partBytes: 10, digests: { 0: 'd0=', 12: 'd12=' } }));
  expect(await server.digests(sid, fid, signal)).toEqual(
    new Map([
      [0, 'd0='],
      [12, 'd12='],
    ]),
  );
  expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['GET', `/api/upload-sessions/${sid}/files/${fid}/digests`, null],
  ]);
  expect(asked[0]?.signal).toBe(signal);
});

test.each([
  ['another JSON', Response.json({ hello: 'world' })],
  ['a page', new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
  ['a refusal', problem('EXPIRED_SESSION', 410)],
  ['nobody', problem('UNREACHABLE', 503)],
])('digests cannot be had from %s', async (_who, answer) => {
  expect(await api(answer).api.digests(sid, fid, signal)).toBe(null);
});

test.each(['-1', '1.5', '0x10', 'seven', '', '99999999999999999'])(
  'an offset of %j is none',
  async (value) => {
    const { api: server } = api(new Response(null, { status: 204, headers: { [header.offset]: value } }));
    expect((await server.look(sid, fid, 2, signal)).offset).toBe(null);
  },
);

test('a segment goes out with its offset and a try of its own, and no digest before the end', async () => {
  const { api: server, asked } = api(
    new Response(null, { status: 204, headers: { [header.issuedAt]: '55', [header.offset]: '12' } }),
  );
  expect(await server.sendSegment(segment, signal)).toEqual({
    verdict: { is: 'done' },
    completesFile: false,
    isWhole: false,
    issuedAt: 55,
    offset: 12,
  });
  await server.sendSegment(segment, signal);
  expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual(
    Array(2).fill(['PUT', `/api/upload-sessions/${sid}/files/${fid}/parts/2`, segment.body]),
  );
  expect(asked.map(({ headers }) => Object.fromEntries(headers))).toEqual(
    ['try-0', 'try-1'].map((attempt) => ({
      'content-type': 'application/octet-stream',
      'upload-attempt': attempt,
      'upload-complete': '?0',
      'upload-offset': '5',
    })),
  );
});

test('the segment that ends a part carries the digest of the whole part', async () => {
  const { api: server, asked } = api(
    Response.json({}, { status: 201, headers: { [header.issuedAt]: '56', [header.complete]: '?1' } }),
  );
  expect(await server.sendSegment({ ...segment, digest: 'abc=' }, signal)).toEqual({
    verdict: { is: 'done' },
    completesFile: true,
    isWhole: true,
    issuedAt: 56,
    offset: null,
  });
  expect([asked[0]?.headers.get(header.complete), asked[0]?.headers.get(header.digest)]).toEqual([
    '?1',
    'sha-256=:abc=:',
  ]);
});

const refusals: [string, Response, Verdict][] = [
  ['another offset', problem('OFFSET_MISMATCH', 409, { [header.offset]: '4' }), { is: 'offset', offset: 4 }],
  ['taken over', problem('TAKEN_OVER', 409), { is: 'taken-over' }],
  ['over its TTL', problem('EXPIRED_SESSION', 410), { is: 'session-expired' }],
  ['later', problem('UNAVAILABLE', 503, { 'Retry-After': '3' }), { is: 'later', afterMs: 3000 }],
  [
    'later, at a time of its own clock',
    problem('UNAVAILABLE', 503, {
      Date: 'Wed, 01 Jan 1997 00:00:00 GMT',
      'Retry-After': 'Wed, 01 Jan 1997 00:00:09 GMT',
    }),
    { is: 'later', afterMs: 9000 },
  ],
  ['by the gateway, with no network', problem('UNREACHABLE', 503), { is: 'unreachable', why: 'no answer' }],
  ['by the gateway, with no session', problem('SESSION_EXPIRED', 401), { is: 'signed-out' }],
  [
    'with a code that is no text',
    Response.json({ code: 7 }, { status: 400 }),
    { is: 'unreachable', why: 'status 400' },
  ],
];

test.each(refusals)('a segment that is refused: %s', async (_why, answer, verdict) => {
  expect((await api(answer).api.sendSegment(segment, signal)).verdict).toEqual(verdict);
});

test.each([
  ['freed', new Response(null, { status: 204 }), { is: 'done' }],
  ['not known', problem('NOT_FOUND', 404), { is: 'done' }],
  ['reaped', problem('EXPIRED_SESSION', 410), { is: 'done' }],
  ['cancelled already', problem('CANCELLED', 410), { is: 'done' }],
  ['not reached', new Response(null, { status: 502 }), { is: 'unreachable', why: 'status 502' }],
  ['refused', problem('ORIGIN_REFUSED', 403), { is: 'refused', code: 'ORIGIN_REFUSED' }],
] as const)('a file that is to be freed is %s', async (_what, answer, verdict) => {
  const { api: server, asked } = api(answer);
  expect(await server.free(sid, fid, signal)).toEqual(verdict);
  expect([asked[0]?.method, asked[0]?.path]).toEqual(['DELETE', `/api/upload-sessions/${sid}/files/${fid}`]);
});

test.each([
  ['200 and a page without a type', () => new Response('hello')],
  ['200 and nothing', () => new Response(null, { status: 200 })],
  ['204', () => new Response(null, { status: 204 })],
])('a part that is answered with %s and no word of ours has not been kept', async (_what, answer) => {
  const { verdict } = await api(answer()).api.sendSegment(segment, signal);
  expect(verdict.is).toBe('unreachable');
});

test('what was to be freed is free when our server says so, and not when a portal says yes to all', async () => {
  const freed = async (status: number) =>
    (await api(new Response(null, { status })).api.free(sid, fid, signal)).is;
  expect([await freed(204), await freed(200)]).toEqual(['done', 'unreachable']);
});
