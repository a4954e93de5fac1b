import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type AccountEvent,
  type AccountState,
  firstAccountState,
  judgeProbe,
  judgeRefusal,
  nextAccountState,
} from './account-session.ts';

const ada = { id: 'a1', email: 'ada@example.test' };
const bob = { id: 'b1', email: 'bob@example.test' };

const states = {
  unknown: { at: 'unknown', epoch: 5 },
  'signed-in': { at: 'signed-in', epoch: 5, account: ada },
  'expired, untold': { at: 'expired', epoch: 5, account: ada, told: false },
  'expired, told': { at: 'expired', epoch: 5, account: ada, told: true },
  'signed-out': { at: 'signed-out', epoch: 5 },
} as const satisfies Record<string, AccountState>;
type Name = keyof typeof states;

const signedIn = { at: 'signed-in', epoch: 6, account: ada } as const;
const signedOut = { at: 'signed-out', epoch: 6 } as const;
const everywhere = (next: AccountState): Record<Name, AccountState> => ({
  unknown: next,
  'signed-in': next,
  'expired, untold': next,
  'expired, told': next,
  'signed-out': next,
});

/** What each event makes of each state; a state that is not named stays as it is. */
const table: [why: string, AccountEvent, Partial<Record<Name, AccountState>>][] = [
  [
    'the server names the account that is known here',
    { type: 'session-seen', epoch: 5, account: ada },
    { ...everywhere(signedIn), 'signed-in': states['signed-in'] },
  ],
  [
    'the server names another account',
    { type: 'session-seen', epoch: 5, account: bob },
    everywhere({ at: 'signed-in', epoch: 6, account: bob }),
  ],
  ['a late answer names the account', { type: 'session-seen', epoch: 4, account: ada }, {}],
  ['a late answer names another account', { type: 'session-seen', epoch: 4, account: bob }, {}],
  [
    'the server says that nobody is signed in',
    { type: 'session-refused', epoch: 5 },
    { unknown: signedOut, 'signed-in': { at: 'expired', epoch: 6, account: ada, told: false } },
  ],
  ['a late answer says that nobody is signed in', { type: 'session-refused', epoch: 4 }, {}],
  ['a sign-in went through', { type: 'signed-in', account: ada }, everywhere(signedIn)],
  [
    'another account signed in',
    { type: 'signed-in', account: bob },
    everywhere({ at: 'signed-in', epoch: 6, account: bob }),
  ],
  [
    'a sign-out went through',
    { type: 'signed-out' },
    { ...everywhere(signedOut), 'signed-out': states['signed-out'] },
  ],
  ['the pages were told', { type: 'told', epoch: 5 }, { 'expired, untold': states['expired, told'] }],
  ['the pages were told of an older expiry', { type: 'told', epoch: 4 }, {}],
];
const pairs = table.flatMap(([why, event, next]) =>
  (Object.keys(states) as Name[]).map((name) => ({ why, event, name, next: next[name] ?? states[name] })),
);

test.each(pairs)('$name: $why', ({ event, name, next }) => {
  expect(nextAccountState(states[name], event)).toEqual(next);
});

test('an event that changes nothing returns the same object, so that nothing is written', () => {
  for (const { event, name, next } of pairs) {
    const after = nextAccountState(states[name], event);
    if (next === states[name]) expect(after).toBe(states[name]);
  }
});

test('a 401 is probed only in the epoch it left in, and only while somebody is signed in', () => {
  const verdicts = Object.fromEntries(
    (Object.keys(states) as Name[]).map((name) => [
      name,
      [4, 5, 6].map((epoch) => judgeRefusal(states[name], { epoch, proofs: 2 }, 2)),
    ]),
  );
  expect(verdicts).toEqual({
    unknown: ['suppress', 'suppress', 'suppress'],
    'signed-in': ['suppress', 'probe', 'suppress'],
    'expired, untold': ['suppress', 'suppress', 'suppress'],
    'expired, told': ['suppress', 'suppress', 'suppress'],
    'signed-out': ['suppress', 'suppress', 'suppress'],
  });
});

test('a 401 to what left before the session was last seen alive is sent again without a probe', () => {
  const verdict = (name: Name, proofs: number) => judgeRefusal(states[name], { epoch: 5, proofs }, 3);
  expect(verdict('signed-in', 2)).toBe('send-again');
  expect(verdict('signed-in', 3)).toBe('probe');
  expect(verdict('expired, told', 2)).toBe('suppress');
});

test.each([
  [200, 'alive'],
  [204, 'alive'],
  [401, 'unknown'],
  [0, 'unknown'],
  [302, 'unknown'],
  [403, 'unknown'],
  [404, 'unknown'],
  [429, 'unknown'],
  [500, 'unknown'],
  [503, 'unknown'],
  [null, 'unknown'],
] as const)('a probe that is answered %s says %s', (status, verdict) => {
  expect(judgeProbe(status, undefined)).toBe(verdict);
});

test.each([
  ['SESSION_EXPIRED', 'expired'],
  ['SIGNED_OUT', 'expired'],
  ['CODE_WRONG', 'unknown'],
  [null, 'unknown'],
])('a probe that is refused with the code %s says %s', (code, verdict) => {
  expect(judgeProbe(401, code)).toBe(verdict);
});

type Op =
  /** A request for the session leaves; the server answers as things stand when it gets there. */
  | { op: 'ask' }
  /** The answer to one of the requests under way arrives. */
  | { op: 'answer'; which: number }
  | { op: 'sign-in'; who: typeof ada }
  | { op: 'sign-out' }
  /** The cookie dies at the server, and nobody here hears of it. */
  | { op: 'cookie-dies' }
  /** The worker that has written an expiry posts it, and notes that it has. */
  | { op: 'post' }
  | { op: 'note-told' }
  /** The worker dies wherever it is; a new one starts and reads the row. */
  | { op: 'death' };

const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ op: 'ask' as const }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('answer' as const), which: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('sign-in' as const), who: fc.constantFrom(ada, bob) }),
  },
  { weight: 1, arbitrary: fc.constant({ op: 'sign-out' as const }) },
  { weight: 2, arbitrary: fc.constant({ op: 'cookie-dies' as const }) },
  { weight: 3, arbitrary: fc.constant({ op: 'post' as const }) },
  { weight: 3, arbitrary: fc.constant({ op: 'note-told' as const }) },
  { weight: 1, arbitrary: fc.constant({ op: 'death' as const }) },
);

test('in any order of answers, sign-ins and deaths: epochs rise, what is late is idle, each expiry is one', () => {
  fc.assert(
    fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
      let row: AccountState = firstAccountState;
      let cookie: typeof ada | null = null;
      let flying: { epoch: number; account: typeof ada | null }[] = [];
      let toPost: number | null = null;
      let posted: number | null = null;
      let deaths = 0;
      const posts = new Map<number, number>();
      const expiries: number[] = [];

      const apply = (event: AccountEvent) => {
        const before = row;
        row = nextAccountState(before, event);
        expect(row.epoch).toBeGreaterThanOrEqual(before.epoch);
        // What is told apart by its epoch may not change under one.
        if (row.epoch === before.epoch) expect(row.at).toBe(before.at);
        if ('epoch' in event && event.epoch < before.epoch) expect(row).toBe(before);
        if (row.at === 'expired' && before.at !== 'expired') {
          expect(before.at).toBe('signed-in');
          expiries.push(row.epoch);
          toPost = row.epoch;
        }
      };

      for (const next of ops) {
        if (next.op === 'ask') flying.push({ epoch: row.epoch, account: cookie });
        if (next.op === 'answer') {
          const [answer] = flying.splice(next.which % Math.max(1, flying.length), 1);
          if (answer?.account) apply({ type: 'session-seen', epoch: answer.epoch, account: answer.account });
          else if (answer) apply({ type: 'session-refused', epoch: answer.epoch });
        }
        if (next.op === 'sign-in') {
          cookie = next.who;
          apply({ type: 'signed-in', account: next.who });
          expect(row).toMatchObject({ at: 'signed-in', account: next.who });
        }
        if (next.op === 'sign-out') {
          cookie = null;
          apply({ type: 'signed-out' });
          expect(row.at).toBe('signed-out');
        }
        if (next.op === 'cookie-dies') cookie = null;
        if (next.op === 'post' && toPost !== null) {
          posts.set(toPost, (posts.get(toPost) ?? 0) + 1);
          posted = toPost;
          toPost = null;
        }
        if (next.op === 'note-told' && posted !== null) {
          apply({ type: 'told', epoch: posted });
          posted = null;
        }
        if (next.op === 'death') {
          deaths++;
          flying = [];
          posted = null;
          toPost = row.at === 'expired' && !row.told ? row.epoch : null;
        }
      }
      expect(new Set(expiries).size).toBe(expiries.length);
      for (const count of posts.values()) expect(count).toBeLessThanOrEqual(1 + deaths);
      // An expiry that still stands is posted, or the next worker to start will find it unposted.
      if (row.at === 'expired' && !posts.has(row.epoch)) expect(row.told).toBe(false);
    }),
    { numRuns: 3000 },
  );
});

test('a sign-out that the server has yet to hear of stands until it has, whatever else is said', () => {
  const person = { id: 'a1', email: 'a@b.test' };
  const signedIn: AccountState = { at: 'signed-in', epoch: 4, account: person };
  const pending = nextAccountState(signedIn, { type: 'signed-out', pending: person });
  expect(pending).toEqual({ at: 'signed-out', epoch: 5, pending: person });
  for (const event of [
    { type: 'session-seen', epoch: 5, account: person },
    { type: 'session-refused', epoch: 5 },
    { type: 'signed-out' },
    { type: 'sign-out-heard', epoch: 4 },
    { type: 'told', epoch: 5 },
  ] as const)
    expect(nextAccountState(pending, event)).toBe(pending);
  const heard = nextAccountState(pending, { type: 'sign-out-heard', epoch: 5 });
  expect(heard).toEqual({ at: 'signed-out', epoch: 5 });
  expect(nextAccountState(heard, { type: 'sign-out-heard', epoch: 5 })).toBe(heard);
  expect(nextAccountState(pending, { type: 'signed-in', account: person })).toEqual({
    ...signedIn,
    epoch: 6,
  });
  expect(nextAccountState(signedIn, { type: 'sign-out-heard', epoch: 4 })).toBe(signedIn);
});
