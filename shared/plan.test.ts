import fc from 'fast-check';
import { expect, test } from 'vitest';
import { freshLink, type Link, linkAfterAnswer, MIN_SEGMENT_BYTES } from './pace.ts';
import { type PlanFacts, planNext, type Standing, type Step } from './plan.ts';
import { missingParts, newUpload, nextUpload, spanOf, UNDO_MS, type Upload } from './upload.ts';

const MIB = 1024 * 1024;
const now = 1_000_000;
const nothing: ReadonlySet<number> = new Set();
/** Fast enough that each part is one segment. */
const fast: Link = { ...freshLink, rate: 100 * MIB };

function upload(id: string, change: Partial<Upload> = {}): Upload {
  const file = {
    id,
    account: 'a1',
    session: 's1',
    path: '',
    name: id,
    type: '',
    lastModified: 1,
    addedAt: 2,
  };
  return { ...newUpload({ ...file, size: change.size ?? 16 * MIB }), ...change };
}

function standing(upload: Upload, change: Partial<Standing> = {}): Standing {
  return {
    upload,
    attached: true,
    unverified: false,
    restUntil: 0,
    busy: nothing,
    doubtful: nothing,
    reaches: () => true,
    ...change,
  };
}

/** The plan without what is only read ahead, which has tests of its own. */
function plan(standings: Standing[], change: Partial<PlanFacts> = {}) {
  const { steps, wakeAt } = wholePlan(standings, change);
  return { steps: steps.filter(({ do: what }) => what !== 'read'), wakeAt };
}

function wholePlan(standings: Standing[], change: Partial<PlanFacts> = {}) {
  return planNext({
    standings,
    link: fast,
    inFlight: 0,
    attaching: new Set(),
    heldBack: false,
    now,
    ...change,
  });
}

const whole = (id: string, part: number, length = 8 * MIB): Step => {
  return { do: 'send', id, part, offset: 0, length, completes: true };
};

test('files are sent in order, three requests at a time', () => {
  expect(plan([standing(upload('a')), standing(upload('b'))])).toEqual({
    steps: [whole('a', 0), whole('a', 1), whole('b', 0)],
    wakeAt: null,
  });
});

test('requests under way count', () => {
  const steps = (inFlight: number) => plan([standing(upload('a'))], { inFlight }).steps.length;
  expect([0, 1, 2, 3, 4].map(steps)).toEqual([2, 2, 1, 0, 0]);
});

test('what others have sent of a file is compared with it before anything of it goes out', () => {
  const a = standing(upload('a'), { unverified: true });
  expect(wholePlan([a, standing(upload('b', { size: 8 * MIB }))]).steps).toEqual([
    { do: 'compare', id: 'a' },
    whole('b', 0),
  ]);
  expect(wholePlan([{ ...a, busy: new Set([-1]) }], { inFlight: 1 }).steps).toEqual([]);
});

test('the parts that come next are read, over the edge of a file, and not those that are asked about first', () => {
  const ahead = (standings: Standing[], change: Partial<PlanFacts> = {}) =>
    wholePlan(standings, change).steps.flatMap((step) => (step.do === 'read' ? [[step.id, step.part]] : []));
  const a = standing(upload('a', { size: 40 * MIB }));
  const b = standing(upload('b'), { doubtful: new Set([0]) });
  const c = standing(upload('c'));
  expect(ahead([a, b, c])).toEqual([
    ['a', 3],
    ['a', 4],
    ['b', 1],
  ]);
  const busy = { ...a, busy: new Set([0, 1, 2]) };
  expect(ahead([busy, c], { inFlight: 3 })).toEqual([
    ['a', 3],
    ['a', 4],
    ['c', 0],
  ]);
  expect(ahead([standing(upload('a'), { reaches: () => false }), c], { inFlight: 3 })).toEqual([
    ['c', 0],
    ['c', 1],
  ]);
  // While nothing gets through, what there is in memory is enough.
  expect(ahead([a], { link: { ...fast, failures: 2 } })).toEqual([]);
  expect(ahead([a], { heldBack: true })).toEqual([]);
});

test('a part with a request under way is left alone', () => {
  expect(plan([standing(upload('a'), { busy: new Set([0]) })], { inFlight: 1 }).steps).toEqual([
    whole('a', 1),
  ]);
});

test('a part that is acknowledged is not sent again', () => {
  expect(plan([standing(upload('a', { acknowledged: [[0, 0]] }))]).steps).toEqual([whole('a', 1)]);
});

test('what the server has received of a part is not sent again', () => {
  expect(plan([standing(upload('a', { size: 8 * MIB, received: { 0: 3 * MIB } }))]).steps).toEqual([
    { do: 'send', id: 'a', part: 0, offset: 3 * MIB, length: 5 * MIB, completes: true },
  ]);
});

test('a part that is received whole and not acknowledged is completed with no bytes', () => {
  expect(plan([standing(upload('a', { size: 8 * MIB, received: { 0: 8 * MIB } }))]).steps).toEqual([
    { do: 'send', id: 'a', part: 0, offset: 8 * MIB, length: 0, completes: true },
  ]);
});

test('an empty file is sent as one empty part', () => {
  expect(plan([standing(upload('a', { size: 0 }))]).steps).toEqual([whole('a', 0, 0)]);
});

test('a segment that does not reach the end of its part does not complete it', () => {
  expect(plan([standing(upload('a', { size: 8 * MIB }))], { link: freshLink }).steps).toEqual([
    { do: 'send', id: 'a', part: 0, offset: 0, length: 256 * 1024, completes: false },
  ]);
});

test('a part in doubt is looked at, whether or not its bytes are within reach', () => {
  const doubtful = new Set([0]);
  const look = { do: 'look', id: 'a', part: 0 };
  expect(plan([standing(upload('a'), { doubtful })]).steps).toEqual([look, whole('a', 1)]);
  const reaches = (part: number) => part === 1;
  expect(plan([standing(upload('a'), { doubtful, reaches })]).steps).toEqual([look, whole('a', 1)]);
});

test('files are registered before a byte of them is sent, in one call for each session', () => {
  const standings = [
    standing(upload('a'), { attached: false }),
    standing(upload('b', { session: 's2' }), { attached: false }),
    standing(upload('c'), { attached: false }),
  ];
  expect(plan(standings).steps).toEqual([
    { do: 'attach', session: 's1', ids: ['a', 'c'] },
    { do: 'attach', session: 's2', ids: ['b'] },
  ]);
});

test('an upload is not registered while a request of it is on its way, which may be acknowledged first', () => {
  const busy = new Set([0]);
  const standings = [
    standing(upload('a'), { attached: false, busy }),
    standing(upload('b'), { attached: false }),
  ];
  expect(plan(standings).steps).toEqual([{ do: 'attach', session: 's1', ids: ['b'] }]);
});

test('a session that is being registered is not registered again meanwhile', () => {
  const facts = { inFlight: 1, attaching: new Set(['s1']) };
  expect(plan([standing(upload('a'), { attached: false })], facts).steps).toEqual([]);
});

test('registering goes before sending, and both together stay within three', () => {
  const standings = [
    standing(upload('a')),
    standing(upload('b', { session: 's2' }), { attached: false }),
    standing(upload('c', { session: 's3' }), { attached: false }),
  ];
  expect(plan(standings).steps).toEqual([
    { do: 'attach', session: 's2', ids: ['b'] },
    { do: 'attach', session: 's3', ids: ['c'] },
    whole('a', 0),
  ]);
});

test('at most 1,000 files are registered in one call', () => {
  const standings = Array.from({ length: 1001 }, (_, n) => standing(upload(`f${n}`), { attached: false }));
  const [step] = plan(standings).steps;
  expect(step?.do === 'attach' && step.ids.length).toBe(1000);
});

test('a cancelled upload is left alone while it can be undone, then freed', () => {
  const cancelled = upload('a', { life: { at: 'cancelled', since: now, told: false } });
  const at = (time: number) => plan([standing(cancelled)], { now: time });
  expect(at(now)).toEqual({ steps: [], wakeAt: now + UNDO_MS });
  expect(at(now + UNDO_MS - 1)).toEqual({ steps: [], wakeAt: now + UNDO_MS });
  expect(at(now + UNDO_MS)).toEqual({ steps: [{ do: 'free', id: 'a' }], wakeAt: null });
});

test('a removed upload is freed at once, but not while a request of it is under way', () => {
  const removed = upload('a', { life: { at: 'removed' } });
  expect(plan([standing(removed)]).steps).toEqual([{ do: 'free', id: 'a' }]);
  expect(plan([standing(removed, { busy: new Set([0]) })], { inFlight: 1 }).steps).toEqual([]);
  expect(plan([standing(removed, { busy: new Set([-1]) })], { inFlight: 1 }).steps).toEqual([]);
});

test('an upload is freed even if it was never registered here', () => {
  const removed = upload('a', { life: { at: 'removed' } });
  expect(plan([standing(removed, { attached: false })]).steps).toEqual([{ do: 'free', id: 'a' }]);
});

test.each([
  { at: 'paused' },
  { at: 'expired' },
  { at: 'needs-file', why: 'gone' },
  { at: 'needs-permission' },
  { at: 'failed', code: 'FILE_GONE' },
  { at: 'cancelled', since: 0, told: true },
  { at: 'stored' },
] as const)('nothing is done for an upload that is $at', (life) => {
  const standings = [standing(upload('a', { life })), standing(upload('b', { life }), { attached: false })];
  expect(plan(standings)).toEqual({ steps: [], wakeAt: null });
});

test('an upload that rests is left alone until its time, and holds back no other', () => {
  const resting = standing(upload('a'), { restUntil: now + 700 });
  expect(plan([resting, standing(upload('b', { size: 5 }))])).toEqual({
    steps: [whole('b', 0, 5)],
    wakeAt: now + 700,
  });
  expect(plan([resting], { now: now + 700 }).steps).toEqual([whole('a', 0), whole('a', 1)]);
});

test('nothing goes out before the link allows it, and the plan says when that is', () => {
  const link = { ...fast, notBefore: now + 300 };
  const lives = [
    standing(upload('a')),
    standing(upload('b'), { attached: false }),
    standing(upload('c', { life: { at: 'removed' } })),
  ];
  for (const one of lives) expect(plan([one], { link })).toEqual({ steps: [], wakeAt: now + 300 });
  expect(plan([standing(upload('a'))], { link, now: now + 300 }).steps).toHaveLength(2);
});

test('a link that waits wakes nobody when there is nothing to do', () => {
  const link = { ...fast, notBefore: now + 300 };
  expect(plan([standing(upload('a', { life: { at: 'paused' } }))], { link })).toEqual({
    steps: [],
    wakeAt: null,
  });
});

test('the earliest of several times is the one to wake at', () => {
  const standings = [
    standing(upload('a'), { restUntil: now + 900 }),
    standing(upload('b'), { restUntil: now + 400 }),
    standing(upload('c', { life: { at: 'cancelled', since: now, told: false } })),
    standing(upload('d')),
  ];
  expect(plan(standings, { link: { ...fast, notBefore: now + 600 } }).wakeAt).toBe(now + 400);
});

test('while requests fail, one at a time finds out whether the way is open', () => {
  const two = [standing(upload('a')), standing(upload('b'))];
  const steps = (failures: number, inFlight: number) =>
    plan(two, { link: { ...fast, failures }, inFlight }).steps.length;
  expect([steps(1, 0), steps(2, 0), steps(2, 1), steps(9, 0)]).toEqual([3, 1, 0, 1]);
});

test('while requests fail, registering several sessions is one at a time as well', () => {
  const standings = ['s1', 's2', 's3'].map((session) =>
    standing(upload(session, { session }), { attached: false }),
  );
  const link = { ...fast, failures: 2 };
  expect(plan(standings, { link }).steps).toEqual([{ do: 'attach', session: 's1', ids: ['s1'] }]);
  expect(plan(standings, { link, inFlight: 1 }).steps).toEqual([]);
  expect(plan([...standings, standing(upload('d'))], { link }).steps).toHaveLength(1);
});

test('an upload loses its file when nothing of it is within reach and nothing under way', () => {
  const reaches = () => false;
  expect(plan([standing(upload('a'), { reaches })]).steps).toEqual([{ do: 'lose', id: 'a' }]);
  const busy = new Set([1]);
  expect(plan([standing(upload('a'), { reaches, busy })], { inFlight: 1 }).steps).toEqual([]);
});

test('parts that are within reach go out before an upload loses its file', () => {
  const reaches = (part: number) => part === 1;
  expect(plan([standing(upload('a'), { reaches })]).steps).toEqual([whole('a', 1)]);
  const doubtful = new Set([1]);
  expect(plan([standing(upload('a'), { reaches, doubtful })]).steps).toEqual([
    { do: 'look', id: 'a', part: 1 },
  ]);
});

test('an upload that lost its file takes no request from the others, nor gives them one', () => {
  const standings = [
    standing(upload('a')),
    standing(upload('b'), { reaches: () => false }),
    standing(upload('c', { session: 's3' }), { attached: false }),
    standing(upload('d', { session: 's4' }), { attached: false }),
  ];
  const { steps } = plan(standings);
  expect(steps.filter((step) => step.do === 'lose')).toEqual([{ do: 'lose', id: 'b' }]);
  expect(steps.filter((step) => step.do !== 'lose')).toHaveLength(3);
});

test('while the server has said to come back later nothing goes out, and the plan wakes then', () => {
  const standings = [standing(upload('a')), standing(upload('b'), { attached: false })];
  const told = { ...fast, notBefore: now + 200, toldUntil: now + 900 };
  expect(plan(standings, { link: told })).toEqual({ steps: [], wakeAt: now + 900 });
  expect(plan(standings, { link: { ...told, toldUntil: now } })).toEqual({ steps: [], wakeAt: now + 200 });
  expect(plan(standings, { link: { ...told, notBefore: 0, toldUntil: now } }).steps).toHaveLength(3);
});

const anyLink = fc.record({
  rate: fc.option(fc.integer({ min: 1, max: 100 * MIB })),
  firstBytes: fc.constant(MIN_SEGMENT_BYTES),
  ceilingBytes: fc.option(fc.integer({ min: MIN_SEGMENT_BYTES, max: 8 * MIB })),
  failures: fc.nat(4),
  failedAt: fc.constant(0),
  notBefore: fc.constantFrom(0, now, now + 500),
  toldUntil: fc.constantFrom(0, now, now + 700),
});
const anyStanding = fc
  .record({
    size: fc.constantFrom(0, 5, 8 * MIB, 20 * MIB, 33 * MIB),
    session: fc.constantFrom('s1', 's2', 's3', 's4'),
    life: fc.constantFrom(
      { at: 'going' } as const,
      { at: 'going' } as const,
      { at: 'removed' } as const,
      { at: 'paused' } as const,
      { at: 'cancelled', since: 0, told: false } as const,
    ),
    attached: fc.boolean(),
    restUntil: fc.constantFrom(0, 0, now + 100),
    busy: fc.uniqueArray(fc.nat(4), { maxLength: 2 }),
    doubtful: fc.uniqueArray(fc.nat(4), { maxLength: 2 }),
    reachable: fc.uniqueArray(fc.nat(4)),
  })
  .map(({ size, session, life, attached, restUntil, busy, doubtful, reachable }, n = 0) =>
    standing(upload(`u${n}`, { size, session, life }), {
      attached,
      restUntil,
      busy: new Set(busy),
      doubtful: new Set(doubtful),
      reaches: (part) => reachable.includes(part),
    }),
  );

test('whatever there is, a plan keeps within three, touches no busy part, and asks before it sends', () => {
  fc.assert(
    fc.property(fc.array(anyStanding, { maxLength: 8 }), anyLink, fc.nat(4), (drawn, link, others) => {
      const standings = drawn.map((one, n) => ({ ...one, upload: { ...one.upload, id: `u${n}` } }));
      const inFlight = Math.max(
        others,
        standings.reduce((sum, { busy }) => sum + busy.size, 0),
      );
      const { steps } = plan(standings, { link, inFlight });
      const requests = steps.filter((step) => step.do !== 'lose');
      const most = link.failures > 1 ? 1 : 3;
      expect(requests.length).toBeLessThanOrEqual(Math.max(0, most - inFlight));
      if (Math.max(link.notBefore, link.toldUntil) > now) expect(requests).toEqual([]);
      const seen = new Set<string>();
      for (const step of steps) {
        if (step.do === 'attach') continue;
        const of = standings.find(({ upload }) => upload.id === step.id);
        if (!of) throw new Error(`a step for ${step.id}`);
        if (step.do === 'lose' || step.do === 'free') expect(of.busy.size).toBe(0);
        if (step.do === 'lose')
          expect(requests.some((other) => 'id' in other && other.id === step.id)).toBe(false);
        if (step.do !== 'send' && step.do !== 'look') continue;
        expect(of.attached && of.upload.life.at === 'going' && of.restUntil <= now).toBe(true);
        expect(of.busy.has(step.part)).toBe(false);
        expect(of.doubtful.has(step.part)).toBe(step.do === 'look');
        if (step.do === 'send') expect(of.reaches(step.part)).toBe(true);
        const key = `${step.id}:${step.part}`;
        expect(seen.has(key)).toBe(false);
        seen.add(key);
      }
    }),
    { numRuns: 3000 },
  );
});

test('with a perfect server every set of files is stored, each of its bytes sent once', () => {
  const sizes = fc.array(fc.oneof(fc.nat(40 * MIB), fc.constantFrom(0, 1, 8 * MIB, 16 * MIB)), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 1000, max: 50 * MIB }),
      fc.infiniteStream(fc.nat(2)),
      (all, rate, pick) => {
        let uploads = all.map((size, n) => upload(`u${n}`, { size, session: `s${n % 3}` }));
        const attached = new Set<string>();
        const busy = new Map<string, Set<number>>(uploads.map(({ id }) => [id, new Set()]));
        const attaching = new Set<string>();
        const sent = new Map<string, number>();
        let link: Link = freshLink;
        let running: Step[] = [];
        const change = (id: string, event: Parameters<typeof nextUpload>[1]) => {
          uploads = uploads.map((one) => (one.id === id ? nextUpload(one, event) : one));
        };
        const start = (step: Step) => {
          running.push(step);
          if (step.do === 'attach') attaching.add(step.session);
          if (step.do === 'send') busy.get(step.id)?.add(step.part);
        };
        const finish = (step: Step) => {
          if (step.do === 'attach') {
            attaching.delete(step.session);
            for (const id of step.ids) attached.add(id);
          }
          if (step.do !== 'send') return;
          const { id, part, offset, length, completes } = step;
          const of = uploads.find((one) => one.id === id) ?? upload(id);
          expect(offset).toBe(of.received[part] ?? 0);
          expect(completes).toBe(offset + length === spanOf(of, part).length);
          sent.set(id, (sent.get(id) ?? 0) + length);
          busy.get(id)?.delete(part);
          change(
            id,
            completes ? { type: 'acknowledged', part } : { type: 'received', part, bytes: offset + length },
          );
          link = linkAfterAnswer(link, length, (length * 1000) / rate);
          const left = [...missingParts(uploads.find((one) => one.id === id) ?? of)];
          if (left.length === 0) change(id, { type: 'stored' });
        };
        for (let turns = 0; turns < 5000; turns++) {
          const standings = uploads.map((one) =>
            standing(one, { attached: attached.has(one.id), busy: busy.get(one.id) ?? nothing }),
          );
          for (const step of plan(standings, { link, inFlight: running.length, attaching }).steps)
            start(step);
          expect(running.length).toBeLessThanOrEqual(3);
          const step = running[(pick.next().value ?? 0) % Math.max(1, running.length)];
          if (!step) break;
          running = running.filter((other) => other !== step);
          finish(step);
        }
        expect(uploads.map(({ life }) => life.at)).toEqual(all.map(() => 'stored'));
        expect(uploads.map(({ id }) => sent.get(id) ?? 0)).toEqual(all);
      },
    ),
    { numRuns: 300 },
  );
});

/** 10,000 uploads of one small file each, and how often the plan asks whether bytes are within reach. */
function many(change: (n: number) => Partial<Standing> = () => ({}), life: Upload['life'] = { at: 'going' }) {
  let asked = 0;
  const reaches = () => {
    asked++;
    return true;
  };
  const standings = Array.from({ length: 10_000 }, (_, n) =>
    standing(upload(`u${n}`, { size: 1000, life }), { reaches, ...change(n) }),
  );
  return { standings, asked: () => asked };
}

test('of 10,000 uploads only those that are about to be sent or read are asked for their bytes', () => {
  const all = many();
  const { steps } = plan(all.standings);
  expect(steps.map((step) => 'id' in step && step.id)).toEqual(['u0', 'u1', 'u2']);
  expect(all.asked()).toBe(6);
});

test('with no room for a request few or none of 10,000 uploads are asked for their bytes', () => {
  const all = many();
  expect(plan(all.standings, { link: { ...fast, notBefore: now + 5 } }).steps).toEqual([]);
  expect(all.asked()).toBe(0);
  expect(plan(all.standings, { inFlight: 3 }).steps).toEqual([]);
  expect(all.asked()).toBe(3);
});

test('nor are those that are over, wait, or are not registered yet', () => {
  for (const all of [
    many(() => ({ attached: false })),
    many(() => ({ restUntil: now + 9 })),
    many(() => ({}), { at: 'stored' }),
    many(() => ({}), { at: 'needs-file', why: 'gone' }),
  ]) {
    plan(all.standings);
    expect(all.asked()).toBe(0);
  }
});

test('a file of 10,000 parts is not walked to its end for the few that go out', () => {
  let asked = 0;
  const reaches = () => {
    asked++;
    return true;
  };
  plan([standing(upload('a', { size: 10_000 * 8 * MIB }), { reaches })]);
  expect(asked).toBeLessThanOrEqual(7);
});

test('planning for 10,000 uploads takes a few milliseconds', () => {
  const all = many();
  plan(all.standings);
  const begun = performance.now();
  for (let n = 0; n < 20; n++) plan(all.standings);
  expect((performance.now() - begun) / 20).toBeLessThan(25);
});

test('on a connection that is not to be used nothing goes out but what frees room', () => {
  const old = { at: 'cancelled', since: now - UNDO_MS, told: false } as const;
  const standings = [
    standing(upload('a')),
    standing(upload('b'), { attached: false }),
    standing(upload('c'), { doubtful: new Set([0]) }),
    standing({ ...upload('d'), life: old }),
  ];
  expect(plan(standings, { heldBack: true })).toEqual({ steps: [{ do: 'free', id: 'd' }], wakeAt: null });
});
