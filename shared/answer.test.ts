import { expect, test } from 'vitest';
import { type AnswerFacts, judgeAnswer, retryAfterMs, type Verdict } from './answer.ts';
import { apiErrors } from './errors.ts';

const json = 'application/problem+json';
const facts = (change: Partial<AnswerFacts>): AnswerFacts => ({
  status: 200,
  contentType: null,
  problem: null,
  offset: null,
  retryAfterMs: null,
  ...change,
});
const coded = (code: keyof typeof apiErrors, change: Partial<AnswerFacts> = {}): AnswerFacts =>
  facts({ status: apiErrors[code], contentType: json, problem: { code }, ...change });
const unreachable: Verdict = { is: 'unreachable', why: expect.any(String) };

const table: [why: string, answer: AnswerFacts | null, verdict: Verdict][] = [
  ['200 with JSON', facts({ contentType: 'application/json' }), { is: 'done' }],
  ['201', facts({ status: 201, contentType: 'application/json' }), { is: 'done' }],
  ['204', facts({ status: 204 }), { is: 'done' }],

  ['401 of an expired session', coded('SESSION_EXPIRED'), { is: 'signed-out' }],
  ['401 with no session', coded('SIGNED_OUT'), { is: 'signed-out' }],
  ['401 to a HEAD, which has no body', facts({ status: 401 }), { is: 'signed-out' }],
  ['403 for another account', coded('WRONG_ACCOUNT'), { is: 'wrong-account' }],
  ['403 after the gateway had its retry', coded('CSRF_INVALID'), { is: 'refused', code: 'CSRF_INVALID' }],

  ['409 with the offset', coded('OFFSET_MISMATCH', { offset: 7 }), { is: 'offset', offset: 7 }],
  ['409 with offset 0', coded('OFFSET_MISMATCH', { offset: 0 }), { is: 'offset', offset: 0 }],
  ['409 whose offset a proxy has taken out', coded('OFFSET_MISMATCH'), unreachable],
  ['409 taken over', coded('TAKEN_OVER'), { is: 'taken-over' }],
  ['409 part exists', coded('PART_EXISTS'), { is: 'part-exists' }],
  ['409 id reused', coded('ID_REUSED'), { is: 'refused', code: 'ID_REUSED' }],
  ['410 over its TTL', coded('EXPIRED_SESSION'), { is: 'session-expired' }],
  ['410 cancelled', coded('CANCELLED'), { is: 'cancelled' }],

  ['413 without our code', facts({ status: 413 }), { is: 'body-too-large' }],
  [
    '413 with a code that is not ours',
    facts({ status: 413, contentType: json, problem: { code: 'ENTITY_TOO_LARGE' } }),
    { is: 'body-too-large' },
  ],
  [
    '413 with our code and limit',
    coded('TOO_LARGE', { problem: { code: 'TOO_LARGE', limit: 99 } }),
    { is: 'refused', code: 'TOO_LARGE', limit: 99 },
  ],
  ['422 digest mismatch', coded('DIGEST_MISMATCH'), { is: 'digest-mismatch' }],

  ['429 that says when', coded('RATE_LIMITED', { retryAfterMs: 7000 }), { is: 'later', afterMs: 7000 }],
  ['429 that does not', coded('RATE_LIMITED'), { is: 'later', afterMs: 5000 }],
  ['429 of a proxy', facts({ status: 429, retryAfterMs: 1000 }), { is: 'later', afterMs: 1000 }],
  ['503 that says when', coded('STORAGE_FULL', { retryAfterMs: 30_000 }), { is: 'later', afterMs: 30_000 }],
  ['503 of a proxy that says when', facts({ status: 503, retryAfterMs: 0 }), { is: 'later', afterMs: 0 }],
  ['503 that does not', coded('UNAVAILABLE'), unreachable],

  ['408', coded('BODY_STALLED'), unreachable],
  ['408 of a proxy', facts({ status: 408 }), unreachable],
  ['425', facts({ status: 425, contentType: json, problem: { code: 'INVALID_INPUT' } }), unreachable],
  ['500', coded('INTERNAL'), unreachable],
  ['502', facts({ status: 502 }), unreachable],
  ['504', facts({ status: 504, contentType: 'text/plain' }), unreachable],
  ['507 without our code', facts({ status: 507 }), unreachable],
  ['no answer', null, unreachable],
  ['an opaque redirect', facts({ status: 0 }), unreachable],
  ['a redirect that was let through', facts({ status: 302 }), unreachable],
  ['a page of a portal', facts({ contentType: 'text/html; charset=utf-8' }), unreachable],
  ['a page of a portal, shouted', facts({ contentType: 'TEXT/HTML' }), unreachable],
  ['a 401 page', facts({ status: 401, contentType: 'text/html' }), unreachable],
  ['a 413 page', facts({ status: 413, contentType: 'text/html' }), { is: 'body-too-large' }],
  ['a 403 page', facts({ status: 403, contentType: 'text/html' }), unreachable],
  ['a 404 that is not ours', facts({ status: 404, contentType: 'text/plain' }), unreachable],

  [
    '507',
    coded('QUOTA_EXCEEDED', { problem: { code: 'QUOTA_EXCEEDED', limit: 5 } }),
    { is: 'refused', code: 'QUOTA_EXCEEDED', limit: 5 },
  ],
  ['400', coded('INVALID_INPUT'), { is: 'refused', code: 'INVALID_INPUT' }],
  ['404', coded('NOT_FOUND'), { is: 'refused', code: 'NOT_FOUND' }],
  ['415', coded('WRONG_CONTENT_TYPE'), { is: 'refused', code: 'WRONG_CONTENT_TYPE' }],
];

test.each(table)('%s', (_why, answer, verdict) => {
  expect(judgeAnswer(answer)).toEqual(verdict);
});

test.each([
  [null, 'no answer'],
  [facts({ status: 503, contentType: json, problem: { code: 'UNREACHABLE' } }), 'no answer'],
  [facts({ status: 0 }), 'redirect'],
  [facts({ contentType: 'text/html' }), 'page with status 200'],
  [facts({ status: 502 }), 'status 502'],
  [coded('BODY_STALLED'), 'status 408'],
  [coded('INTERNAL'), 'status 500'],
  [coded('OFFSET_MISMATCH'), 'status 409'],
])('what came instead of an answer is said: %j is %s', (answer, why) => {
  expect(judgeAnswer(answer)).toEqual({ is: 'unreachable', why });
});

test('no answer but a 2xx is taken for success, and none but a 401 for the end of the session', () => {
  for (let status = 0; status < 600; status++) {
    const is = judgeAnswer(facts({ status })).is;
    expect(is === 'done').toBe(status >= 200 && status < 300);
    expect(is === 'signed-out').toBe(status === 401);
  }
});

const serverDate = 'Tue, 04 Aug 2026 10:00:00 GMT';

test.each([
  ['nothing', null, serverDate, null],
  ['seconds', '120', serverDate, 120_000],
  ['seconds without a date', '120', null, 120_000],
  ['no seconds', '0', serverDate, 0],
  ['seconds with blanks', ' 5 ', serverDate, 5000],
  ['a date, by the clock of the answer', 'Tue, 04 Aug 2026 10:01:30 GMT', serverDate, 90_000],
  ['a date that has passed', 'Tue, 04 Aug 2026 09:00:00 GMT', serverDate, 0],
  // The device's clock is nowhere in this: years off, it would mean years of waiting, or none.
  ['a date in an answer without one', 'Tue, 04 Aug 2026 10:01:30 GMT', null, null],
  ['a date in an answer with a broken one', 'Tue, 04 Aug 2026 10:01:30 GMT', 'yesterday', null],
  ['a date far from any device', 'Wed, 01 Jan 1997 00:00:10 GMT', 'Wed, 01 Jan 1997 00:00:00 GMT', 10_000],
  ['words', 'soon', serverDate, null],
  ['an empty value', '', serverDate, null],
  ['negative seconds', '-1', serverDate, null],
  ['half seconds', '1.5', serverDate, null],
] as const)('Retry-After: %s', (_what, value, date, ms) => {
  expect(retryAfterMs(value, date)).toBe(ms);
});
