import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Account,
  type AccountEvent,
  type AccountState,
  firstAccountState,
  judgeRefusal,
  nextAccountState,
} from './account-session.ts';
import { freshLink, type Link, linkAfterAnswer, linkAfterFailure, linkAfterLater } from './pace.ts';
import { planNext, type Standing, type Step } from './plan.ts';
import { addToRanges, inRanges, type Ranges } from './ranges.ts';
import {
  isWhole,
  type Life,
  missingParts,
  newUpload,
  nextUpload,
  spanOf,
  UNDO_MS,
  type Upload,
  type UploadEvent,
} from './upload.ts';

/*
 * The pure machines together, on random schedules: a client that does what the plan says and nothing else, a server by
 * the contract, and a network that loses, cuts and delays. No clock, no I/O: thousands of schedules take seconds.
 */

const PART = 10;
const accounts: Account[] = [
  { id: 'a1', email: 'a@b.test' },
  { id: 'b1', email: 'b@b.test' },
];

/** A file at the server. */
interface Remote {
  state: 'open' | 'stored' | 'cancelled';
  acknowledged: Ranges;
  received: Record<number, number>;
  commits: number;
  /** Frees what it held so many times: what was acknowledged before says nothing any more. */
  freed: number;
}

interface Local {
  upload: Upload;
  attached: boolean;
  restUntil: number;
  busy: Set<number>;
  doubtful: Set<number>;
  hasFile: boolean;
  /** Parts the client was told are acknowledged, with how often the server had freed them by then. */
  told: Map<number, number>;
}

/** A request on its way, with the epoch of the account session that it left in. */
interface Request {
  step: Exclude<Step, { do: 'lose' | 'read' | 'compare' }>;
  epoch: number;
  account: string;
}

type Move =
  | { do: 'answer' | 'lose-request' | 'lose-answer' | 'later'; which: number }
  | { do: 'cut'; which: number; share: number }
  | { do: 'wait'; ms: number }
  | {
      do: 'person';
      which: number;
      event: 'pause' | 'resume' | 'retry' | 'cancel' | 'undo' | 'refresh' | 'select';
    }
  | { do: 'die' | 'expire' | 'reap' | 'end-session' | 'sign-out' | 'probe' | 'late-probe' }
  | { do: 'sign-in'; who: number }
  | { do: 'cancel-elsewhere'; which: number }
  | { do: 'lose-file'; which: number };

const which = fc.nat(9);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('answer' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('lose-request', 'lose-answer', 'later'), which }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const), which, share: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1000, 6000, 40_000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('person' as const),
      which,
      event: fc.constantFrom('pause', 'resume', 'retry', 'cancel', 'undo', 'refresh', 'select'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('die', 'expire', 'reap', 'end-session', 'sign-out', 'probe', 'late-probe'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sign-in' as const), who: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cancel-elsewhere', 'lose-file'), which }) },
);

/** Everything there is; each method is one thing that happens. */
class World {
  now = 1_000_000;
  link: Link = freshLink;
  session: AccountState = firstAccountState;
  /** Who the server's cookie belongs to. */
  cookie: Account | null = null;
  isOver = false;
  announced: number[] = [];
  probes: ReturnType<World['answerToProbe']>[] = [];
  inFlight: Request[] = [];
  attaching = new Set<string>();
  readonly locals: Local[];
  readonly remotes = new Map<string, Remote>();

  constructor(sizes: number[]) {
    this.locals = sizes.map((size, n) => {
      const facts = { path: '', name: `film ${n}`, type: '', lastModified: 1, addedAt: n };
      const upload = {
        ...newUpload({ ...facts, id: `u${n}`, account: 'a1', session: 's1', size }),
        partBytes: PART,
      };
      return { ...fresh(upload), hasFile: true, told: new Map() };
    });
    this.signIn(0);
  }

  play(one: Move): void {
    switch (one.do) {
      case 'answer':
      case 'lose-request':
      case 'lose-answer':
      case 'later':
      case 'cut':
        this.deliver(one.do, one.which, one.do === 'cut' ? one.share / 10 : 1);
        break;
      case 'wait':
        this.now += one.ms;
        break;
      case 'person':
        this.act(this.pick(one.which), one.event);
        break;
      case 'die':
        this.die();
        break;
      case 'expire':
        this.isOver = true;
        break;
      case 'reap':
        this.isOver = true;
        for (const remote of this.remotes.values()) if (remote.state === 'open') free(remote, 'open');
        break;
      case 'end-session':
        this.cookie = null;
        break;
      case 'sign-out':
        this.cookie = null;
        this.account({ type: 'signed-out' });
        break;
      case 'probe':
        this.probe();
        break;
      case 'late-probe':
        this.probes.push(this.answerToProbe());
        if (this.probes.length > 2) this.lateProbe();
        break;
      case 'sign-in':
        this.signIn(one.who);
        break;
      case 'cancel-elsewhere': {
        const remote = this.remotes.get(this.pick(one.which).upload.id);
        if (remote?.state === 'open') free(remote, 'cancelled');
        break;
      }
      case 'lose-file':
        this.pick(one.which).hasFile = false;
        break;
    }
    this.turn();
  }

  pick(which: number): Local {
    const local = this.locals[which % this.locals.length];
    if (!local) throw new Error('There is no upload');
    return local;
  }

  /** A person does what is asked for; `select` gives the file again. */
  act(local: Local, event: 'pause' | 'resume' | 'retry' | 'cancel' | 'undo' | 'refresh' | 'select'): void {
    if (event === 'select') {
      local.hasFile = true;
      this.change(local, { type: 'source-found', lastModified: 1 });
    } else this.change(local, event === 'cancel' ? { type: 'cancel', now: this.now } : { type: event });
  }

  signIn(who: number): void {
    this.cookie = accounts[who] ?? null;
    if (this.cookie) this.account({ type: 'signed-in', account: this.cookie });
  }

  probe(): void {
    this.account(this.answerToProbe());
  }

  /** An answer of long ago, about a session that may be another by now. */
  lateProbe(): void {
    const event = this.probes.shift();
    if (!event) return;
    const before = this.session;
    this.account(event);
    must(event.epoch === before.epoch || this.session === before, 'what is late changes nothing');
  }

  answerToProbe(): Extract<AccountEvent, { type: 'session-seen' | 'session-refused' }> {
    const { epoch } = this.session;
    const { cookie } = this;
    return cookie ? { type: 'session-seen', epoch, account: cookie } : { type: 'session-refused', epoch };
  }

  account(event: AccountEvent): void {
    const before = this.session;
    const after = nextAccountState(before, event);
    if (after === before) return;
    must(after.epoch === before.epoch + 1, 'each change is an epoch');
    this.session = after;
    this.stopAll();
    if (after.at === 'expired') {
      this.announced.push(after.epoch);
      this.session = nextAccountState(after, { type: 'told', epoch: after.epoch });
      expect(this.session).toEqual({ ...after, told: true });
    }
  }

  stopAll(): void {
    for (const { step } of this.inFlight) if ('part' in step) this.local(step.id)?.doubtful.add(step.part);
    this.inFlight = [];
    this.attaching.clear();
    for (const local of this.locals) {
      local.busy.clear();
      local.attached = false;
    }
  }

  /** The worker dies: what is in flight is gone, and what is not in the checkpoint is forgotten. */
  die(): void {
    this.inFlight = [];
    this.attaching.clear();
    this.link = freshLink;
    for (const local of this.locals) Object.assign(local, fresh(local.upload));
  }

  get mine(): Local[] {
    const { session } = this;
    return session.at === 'signed-in'
      ? this.locals.filter(({ upload }) => upload.account === session.account.id)
      : [];
  }

  local(id: string): Local | undefined {
    return this.locals.find(({ upload }) => upload.id === id);
  }

  /** Plans as the engine does, and sends what the plan says. */
  turn(): number | null {
    if (this.session.at !== 'signed-in') return null;
    const { epoch, account } = this.session;
    const standings = this.mine.map(
      (local): Standing => ({
        ...local,
        unverified: false,
        reaches: () => local.hasFile,
      }),
    );
    const { link, now, attaching } = this;
    const plan = planNext({
      standings,
      link,
      inFlight: this.inFlight.length,
      attaching,
      heldBack: false,
      now,
    });
    for (const step of plan.steps) {
      if (step.do === 'read' || step.do === 'compare') continue;
      if (step.do === 'lose') {
        this.change(this.local(step.id), { type: 'source-lost', why: 'restarted' });
        continue;
      }
      this.inFlight.push({ step, epoch, account: account.id });
      if (step.do === 'attach') this.attaching.add(step.session);
      else this.local(step.id)?.busy.add('part' in step ? step.part : -1);
      if (step.do === 'send') this.checkSend(step);
    }
    must(this.inFlight.length <= 3, 'three requests at a time');
    return plan.wakeAt;
  }

  checkSend({ id, part, offset, length, completes }: Extract<Step, { do: 'send' }>): void {
    const local = this.local(id);
    const remote = this.remotes.get(id);
    if (!local || !remote) throw new Error(`${id} was sent before it was registered`);
    const span = spanOf(local.upload, part);
    const isMeant = local.upload.life.at === 'going' && local.hasFile && local.attached;
    must(isMeant, 'only what is going, registered and within reach is sent');
    must(completes === (offset + length === span.length), 'the last segment says so');
    // Once acknowledged, and known to be, a part never goes out again while the server has it.
    const isKnown = local.told.has(part) && local.told.get(part) === remote.freed;
    must(!(isKnown && inRanges(remote.acknowledged, part)), 'nothing acknowledged is sent again');
  }

  /** One request in flight meets its fate. */
  deliver(
    fate: 'answer' | 'lose-request' | 'lose-answer' | 'later' | 'cut',
    which: number,
    share: number,
  ): void {
    const request = this.inFlight[which % Math.max(1, this.inFlight.length)];
    if (!request) return;
    this.inFlight = this.inFlight.filter((one) => one !== request);
    const { step, epoch, account } = request;
    if (step.do === 'attach') this.attaching.delete(step.session);
    else this.local(step.id)?.busy.delete('part' in step ? step.part : -1);
    if (fate === 'later') {
      if (step.do === 'send') this.local(step.id)?.doubtful.add(step.part);
      this.link = linkAfterLater(this.link, this.now, 5000);
      return;
    }
    const reaches = fate !== 'lose-request';
    if (reaches && this.cookie?.id !== account) {
      // 401 or WRONG_ACCOUNT: asked about once, and only if nothing has changed since it left.
      if (judgeRefusal(this.session, { epoch, proofs: 0 }, 0) === 'probe') this.probe();
      if (step.do === 'send') this.local(step.id)?.doubtful.add(step.part);
      return;
    }
    const answer = reaches ? this.serve(step, fate === 'cut' ? share : 1) : null;
    if (fate === 'answer' && answer) this.hear(step, answer);
    else {
      if (step.do === 'send') this.local(step.id)?.doubtful.add(step.part);
      this.link = linkAfterFailure(this.link, this.now, this.now, 0.5);
    }
  }

  /** What the server does, by the contract, and what it answers. */
  serve(step: Request['step'], share: number): string {
    if (step.do === 'attach') {
      this.isOver = false;
      for (const id of step.ids) {
        const remote = this.remotes.get(id);
        const reopen = this.local(id)?.upload.reopen;
        if (!remote)
          this.remotes.set(id, { state: 'open', acknowledged: [], received: {}, commits: 0, freed: 0 });
        else if (remote.state === 'cancelled' && reopen) remote.state = 'open';
      }
      return 'session';
    }
    const remote = this.remotes.get(step.id);
    const local = this.local(step.id);
    if (!remote || !local) return 'done';
    if (step.do === 'free') {
      if (remote.state === 'open') free(remote, 'cancelled');
      return 'done';
    }
    const { part } = step;
    const have = remote.received[part] ?? 0;
    if (remote.state === 'stored') return step.do === 'look' ? 'acknowledged' : 'stored';
    if (inRanges(remote.acknowledged, part)) return 'acknowledged';
    if (remote.state === 'cancelled') return 'cancelled';
    if (this.isOver) return 'expired';
    if (step.do === 'look' || step.offset !== have) return `offset ${have}`;
    const kept = have + Math.floor(step.length * share);
    remote.received[part] = kept;
    if (!step.completes || kept < spanOf(local.upload, part).length) return `offset ${kept}`;
    delete remote.received[part];
    remote.acknowledged = addToRanges(remote.acknowledged, part);
    if (!isWhole({ ...local.upload, acknowledged: remote.acknowledged })) return 'acknowledged';
    remote.state = 'stored';
    remote.commits++;
    return 'stored';
  }

  /** What the engine makes of an answer. */
  hear(step: Request['step'], answer: string): void {
    this.link = linkAfterAnswer(this.link, 0, 10);
    if (step.do === 'attach') {
      for (const id of step.ids) this.attach(id);
      return;
    }
    const local = this.local(step.id);
    if (!local) return;
    if (step.do === 'free') {
      local.attached = false;
      this.change(local, { type: 'told' });
      return;
    }
    const { part } = step;
    local.doubtful.delete(part);
    const [what, bytes] = answer.split(' ');
    if (what === 'offset') this.change(local, { type: 'received', part, bytes: Number(bytes) });
    if (what === 'stored') this.change(local, { type: 'stored' });
    if (what === 'acknowledged') {
      local.told.set(part, this.remotes.get(step.id)?.freed ?? 0);
      this.change(local, { type: 'acknowledged', part });
      if (isWhole(local.upload)) local.attached = false;
    }
    if (what === 'cancelled') this.change(local, { type: 'freed', now: this.now });
    if (what === 'expired') {
      for (const one of this.mine) this.change(one, { type: 'session-expired' });
    }
  }

  attach(id: string): void {
    const local = this.local(id);
    const remote = this.remotes.get(id);
    if (!local || !remote) return;
    const { state, acknowledged, received } = remote;
    const facts = { state, partBytes: PART, acknowledged, received: { ...received } };
    this.change(local, { type: 'attached', facts, now: this.now });
    for (let part = 0; part < 5; part++) if (inRanges(acknowledged, part)) local.told.set(part, remote.freed);
    local.attached = !isWhole(local.upload) || local.upload.life.at !== 'going';
    if (!local.attached) local.restUntil = this.now + 1000;
    local.doubtful.clear();
  }

  change(local: Local | undefined, event: UploadEvent): void {
    if (!local) return;
    const before = local.upload;
    const after = nextUpload(before, event);
    const isNewStart = event.type === 'retry' && before.life.at === 'cancelled' && before.life.told;
    must(isNewStart || after.shownBytes >= before.shownBytes, 'progress never falls');
    must(after.shownBytes <= after.size, 'progress ends at the size');
    local.upload = after;
    if (after === before) return;
    if (after.life.at !== 'going') {
      this.inFlight = this.inFlight.filter(({ step }) => !('id' in step) || step.id !== after.id);
      for (const part of local.busy) if (part >= 0) local.doubtful.add(part);
      local.busy.clear();
    } else if (before.life.at !== 'going') local.attached = false;
  }
}

function fresh(upload: Upload): Omit<Local, 'hasFile' | 'told'> {
  return { upload, attached: false, restUntil: 0, busy: new Set(), doubtful: new Set() };
}

function free(remote: Remote, state: 'open' | 'cancelled'): void {
  Object.assign(remote, { state, acknowledged: [], received: {}, freed: remote.freed + 1 });
}

/** An expectation that is cheap enough for millions. */
function must(isSo: boolean, rule: string): void {
  if (!isSo) throw new Error(`Not so: ${rule}`);
}

/** What a person does with an upload that rests, so that it goes on; null when it goes on by itself. */
function onward({ at }: Life, told: boolean): 'resume' | 'retry' | 'undo' | 'refresh' | 'select' | null {
  switch (at) {
    case 'paused':
      return 'resume';
    case 'expired':
      return 'refresh';
    case 'needs-file':
    case 'needs-permission':
      return 'select';
    case 'failed':
      return 'retry';
    case 'cancelled':
      return told ? 'retry' : 'undo';
    default:
      return null;
  }
}

test('whatever happens in 10,000 schedules, every file can be brought to its end, and is committed once', () => {
  const ends = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 45 }), { minLength: 1, maxLength: 3 }),
      fc.array(move, { maxLength: 40, size: 'max' }),
      (sizes, moves) => {
        const world = new World(sizes);
        world.turn();
        for (const one of moves) world.play(one);
        for (const { upload } of world.locals) ends.set(upload.life.at, (ends.get(upload.life.at) ?? 0) + 1);
        // From here on the network is well, and a person helps where they are asked.
        world.signIn(0);
        for (let round = 0; world.locals.some(({ upload }) => upload.life.at !== 'stored'); round++) {
          if (round > 200)
            throw new Error(`No end of it: ${JSON.stringify(world.locals.map(({ upload }) => upload))}`);
          for (const local of world.locals) {
            const { life } = local.upload;
            const deed = onward(life, life.at === 'cancelled' && life.told);
            if (deed) world.act(local, deed);
            local.hasFile = true;
          }
          world.now += UNDO_MS + 40_000;
          world.turn();
          while (world.inFlight.length > 0) world.play({ do: 'answer', which: round });
        }
        for (const { upload } of world.locals) {
          const remote = world.remotes.get(upload.id);
          expect([remote?.state, remote?.commits]).toEqual(['stored', 1]);
          expect([...missingParts(upload)]).toEqual([]);
        }
        // One announcement for each expiry, and each of an epoch of its own.
        expect(new Set(world.announced).size).toBe(world.announced.length);
      },
    ),
    { numRuns: 10_000, seed: 7, endOnFailure: true },
  );
  // The schedules go where they are meant to: into every rest that these moves can lead to.
  expect([...ends.keys()].sort()).toEqual([
    'cancelled',
    'expired',
    'going',
    'needs-file',
    'paused',
    'stored',
  ]);
}, 30_000);
