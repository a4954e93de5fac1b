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
import { type AnswerFacts, judgeAnswer, type Verdict } from './answer.ts';
import { type Batch, batchAfterRefusal, batchAfterSuccess, wholeBatch } from './batch.ts';
import { type ApiErrorCode, apiErrors, type ErrorCode } from './errors.ts';
import { type Happening, happenings } from './happenings.ts';
import {
  freshLink,
  type Link,
  linkAfterAnswer,
  linkAfterFailure,
  linkAfterLater,
  linkAfterSilence,
  linkAfterTooLarge,
  MIN_SEGMENT_BYTES,
  stallMs,
} from './pace.ts';
import { planNext, type Standing, type Step } from './plan.ts';
import { addToRanges, inRanges, type Ranges } from './ranges.ts';
import { isUnverified } from './reselect.ts';
import {
  findKnown,
  isOver,
  isWhole,
  type Life,
  missingParts,
  newUpload,
  nextUpload,
  type ServerFacts,
  spanOf,
  UNDO_MS,
  type Upload,
  type UploadEvent,
} from './upload.ts';
import { isRenewedByItself, type Renewal, refreshedAfter } from './upload-session.ts';

/*
 * The pure machines together, on random schedules: a client that does what the plan says and nothing else, a server by
 * the contract, and a network that loses, cuts and delays. No clock, no I/O: thousands of schedules take seconds.
 */

const KIB = 1024;
const PART = 1024 * KIB;
const MOST_PARTS = 5;
const TTL_MINUTES = 60;
/** As in the engine. */
const TAKEN_OVER_REST_MS = 5000;
const VERIFY_AGAIN_MS = 1000;
const MAX_DIGEST_FAILURES = 3;
const accounts: Account[] = [
  { id: 'a1', email: 'a@b.test' },
  { id: 'b1', email: 'b@b.test' },
];

const seen = new Map<Happening, number>();

/** A file at the server. */
interface Remote {
  state: 'open' | 'stored' | 'cancelled';
  acknowledged: Ranges;
  received: Record<number, number>;
  /** Unfinished parts with bytes that are not those of the file. */
  flipped: Set<number>;
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
  digestFailures: Map<number, number>;
  /** Parts whose digest is known, and those of which that is written down. */
  digests: Map<number, string>;
  keptDigests: Map<number, string>;
  hasFile: boolean;
  /** Parts the client was told are acknowledged, with how often the server had freed them by then. */
  told: Map<number, number>;
}

/** A request on its way. */
interface Request {
  step: Exclude<Step, { do: 'lose' | 'read' }>;
  at: number;
  /** The epoch of the account session that it left in. */
  epoch: number;
  account: string;
  /** What the server has said already, though it is not heard yet. */
  answer: Answer | null;
  /** Nobody waits for it any more; what has been answered may still be heard. */
  isStopped: boolean;
  /** Another device has begun with this part since. */
  isTakenOver: boolean;
}

/** What is known of an answer, and what it says beside that. */
interface Answer extends AnswerFacts {
  isComplete?: boolean;
  isStored?: boolean;
  issuedAt?: number;
  files?: ReadonlyMap<string, ServerFacts>;
  digests?: readonly number[];
  /** How often the server had freed the file by then. */
  freed?: number;
}

type Click = 'pause' | 'resume' | 'retry' | 'cancel' | 'undo' | 'refresh' | 'select';
/** What becomes of a request. */
type Fate =
  | 'answer'
  | 'be-served'
  | 'lose-request'
  | 'lose-answer'
  | 'cut'
  | 'stall'
  | 'flip'
  | 'renew-cookie'
  | '429'
  | '503'
  | 'bad-gateway';

type Move =
  | { do: 'request'; which: number; fate: Fate; share: number }
  | { do: 'wait'; ms: number }
  | { do: 'person'; which: number; click: Click }
  | { do: 'two-tabs'; which: number; clicks: [Click, Click] }
  | {
      do:
        | 'die'
        | 'restart'
        | 'expire'
        | 'reap'
        | 'end-session'
        | 'sign-out'
        | 'probe'
        | 'late-probe'
        | 'close-tab';
    }
  | { do: 'sign-in'; who: number }
  | { do: 'cancel-elsewhere' | 'lose-file' | 'drop-again'; which: number }
  | { do: 'send-elsewhere'; which: number; share: number }
  | { do: 'limit'; what: 'proxy' | 'quota' | 'file'; bytes: number };

const which = fc.nat(9);
const share = fc.nat(9).map((tenths) => tenths / 10);
const click = fc.constantFrom<Click>('pause', 'resume', 'retry', 'cancel', 'undo', 'refresh', 'select');
const one = <T>(value: T) => fc.constant(value);
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: one('request' as const),
      which,
      fate: one<Fate>('answer'),
      share,
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: one('request' as const),
      which,
      fate: fc.constantFrom<Fate>(
        'be-served',
        'be-served',
        'be-served',
        'be-served',
        'lose-request',
        'lose-answer',
        'cut',
        'stall',
        'flip',
        'renew-cookie',
        '429',
        '503',
        'bad-gateway',
      ),
      share,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: one('wait' as const), ms: fc.constantFrom(1000, 6000, 40_000) }),
  },
  { weight: 3, arbitrary: fc.record({ do: one('person' as const), which, click }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: one('two-tabs' as const), which, clicks: fc.tuple(click, click) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'die',
        'restart',
        'expire',
        'reap',
        'end-session',
        'sign-out',
        'probe',
        'late-probe',
        'close-tab',
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: one('sign-in' as const), who: fc.nat(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('cancel-elsewhere', 'lose-file', 'drop-again'), which }),
  },
  { weight: 1, arbitrary: fc.record({ do: one('send-elsewhere' as const), which, share }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: one('limit' as const),
      what: fc.constantFrom('proxy', 'quota', 'file'),
      // Less than the least segment, less than a part, about a file, and whatever there is.
      bytes: fc.constantFrom(100 * KIB, 700 * KIB, 3 * PART, Number.POSITIVE_INFINITY),
    }),
  },
);

/** Everything there is; each method is one thing that happens. */
class World {
  now = 1_000_000;
  link: Link = freshLink;
  batch: Batch = wholeBatch;
  session: AccountState = firstAccountState;
  /** Who the server's cookie belongs to. */
  cookie: Account | null = null;
  /** The upload session is over at the server. */
  isOver = false;
  /** The server's newest date of the upload session, and what the client knows of it. */
  issuedAt = 0;
  renewal: Renewal | null = null;
  limits = noLimits;
  announced: number[] = [];
  probes: ReturnType<World['answerToProbe']>[] = [];
  inFlight: Request[] = [];
  attaching = new Set<string>();
  /** The uploads whose `File` each open tab has. */
  tabs: Set<string>[] = [new Set()];
  readonly locals: Local[] = [];
  readonly remotes = new Map<string, Remote>();

  constructor(sizes: number[]) {
    for (const [n, size] of sizes.entries()) this.add({ name: `film ${n}`, size });
    this.signIn(0);
  }

  play(move: Move): void {
    switch (move.do) {
      case 'request':
        this.meet(move.which, move.fate, move.share);
        break;
      case 'wait':
        this.now += move.ms;
        break;
      case 'person':
        this.act(this.pick(move.which), move.click);
        break;
      case 'two-tabs':
        this.actTwice(this.pick(move.which), move.clicks);
        break;
      case 'die':
        if (this.inFlight.length > 0) count('kill');
        this.die();
        break;
      case 'restart':
        this.restart();
        break;
      case 'expire':
        this.isOver = true;
        break;
      case 'reap':
        this.reap();
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
        this.signIn(move.who);
        break;
      case 'close-tab':
        if (this.tabs.length > 1) this.tabs.shift();
        break;
      case 'cancel-elsewhere': {
        const remote = this.remotes.get(this.pick(move.which).upload.id);
        if (remote?.state === 'open') free(remote, 'cancelled');
        break;
      }
      case 'send-elsewhere':
        this.sendElsewhere(this.pick(move.which), move.share);
        break;
      case 'lose-file': {
        const local = this.pick(move.which);
        local.hasFile = false;
        for (const tab of this.tabs) tab.delete(local.upload.id);
        break;
      }
      case 'drop-again':
        this.dropAgain(this.pick(move.which).upload);
        break;
      case 'limit':
        this.limits = { ...this.limits, [move.what]: move.bytes };
        break;
    }
    this.turn();
  }

  // --- people, tabs and the worker's life ------------------------------------------------------------------------

  pick(which: number): Local {
    const local = this.locals[which % this.locals.length];
    if (!local) throw new Error('There is no upload');
    return local;
  }

  /** A person does what is asked for; `select` gives the file again. True when it changed something. */
  act(local: Local, click: Click): boolean {
    switch (click) {
      case 'select':
        local.hasFile = true;
        this.tabs.at(-1)?.add(local.upload.id);
        return this.change(local, { type: 'source-found', lastModified: 1 });
      case 'cancel':
        return this.change(local, { type: 'cancel', now: this.now });
      case 'refresh':
        return this.refresh(local);
      default:
        return this.change(local, { type: click });
    }
  }

  refresh(local: Local): boolean {
    const isRenewed = local.upload.life.at === 'going' && local.attached;
    if (isRenewed) {
      this.stopRequests(local);
      local.attached = false;
    }
    const isChanged = this.change(local, { type: 'refresh' }) || isRenewed;
    if (isChanged) count('refresh');
    return isChanged;
  }

  /** Two tabs are clicked before anything is planned. */
  actTwice(local: Local, [first, second]: [Click, Click]): void {
    const isChanged = this.act(local, first);
    if (this.act(local, second) && isChanged) count('two tabs are clicked at once');
  }

  add({ name, size }: Pick<Upload, 'name' | 'size'>): void {
    const n = this.locals.length;
    const facts = { path: '', name, type: '', lastModified: 1, addedAt: n };
    const upload = {
      ...newUpload({ ...facts, id: `u${n}`, account: 'a1', session: 's1', size }),
      partBytes: PART,
    };
    this.locals.push({ ...fresh(upload, new Map()), keptDigests: new Map(), hasFile: true, told: new Map() });
    this.tabs.at(-1)?.add(upload.id);
  }

  /** A second tab, in which the same file is dropped once more. */
  dropAgain(file: Upload): void {
    if (this.tabs.length < 2) this.tabs.push(new Set());
    if (this.mine.length === 0 || this.locals.length > 4) return;
    const uploads = this.mine.map(({ upload }) => upload);
    const known = findKnown(uploads, [{ ...file, id: 'again' }]);
    const isOnItsWay = uploads.some(
      (upload) => upload.name === file.name && upload.size === file.size && !isOver(upload),
    );
    must(known.length === (isOnItsWay ? 1 : 0), 'a file that is on its way is not taken once more');
    if (known.length === 0) this.add(file);
    else count('two tabs drop one file');
  }

  /** The worker dies: what is in flight is gone, and what is not in the checkpoint is forgotten. Tabs offer what they have. */
  die(): void {
    this.inFlight = [];
    this.attaching.clear();
    this.link = freshLink;
    this.batch = wholeBatch;
    for (const local of this.locals) {
      const hasFile = local.hasFile && this.tabs.some((tab) => tab.has(local.upload.id));
      Object.assign(local, fresh(local.upload, local.keptDigests), { hasFile });
    }
  }

  /** The browser ends, with all its tabs. */
  restart(): void {
    if (this.locals.some(({ upload, hasFile }) => hasFile && !isOver(upload))) count('restart');
    this.tabs = [new Set()];
    this.die();
  }

  // --- the account session ---------------------------------------------------------------------------------------

  signIn(who: number): void {
    const waiting = this.mine.filter(({ upload }) => !isOver(upload));
    this.cookie = accounts[who] ?? null;
    if (!this.cookie) return;
    this.account({ type: 'signed-in', account: this.cookie });
    if (waiting.length > 0 && this.mine.length === 0) count('another account');
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
    this.stopForeign();
    if (after.at === 'expired') {
      count('expiry of the account session');
      this.announced.push(after.epoch);
      this.session = nextAccountState(after, { type: 'told', epoch: after.epoch });
      expect(this.session).toEqual({ ...after, told: true });
    }
  }

  /** What was on its way for somebody else, or registered anything, is at an end. */
  stopForeign(): void {
    this.inFlight = this.inFlight.filter(({ step }) => step.do !== 'attach');
    this.attaching.clear();
    for (const local of this.locals) {
      if (!this.mine.includes(local)) this.stopRequests(local);
      local.attached = false;
    }
  }

  get mine(): Local[] {
    const { session } = this;
    return session.at === 'signed-in'
      ? this.locals.filter(({ upload }) => upload.account === session.account.id)
      : [];
  }

  local(id: string): Local {
    const local = this.locals.find(({ upload }) => upload.id === id);
    if (!local) throw new Error(`There is no ${id}`);
    return local;
  }

  // --- what leaves -------------------------------------------------------------------------------------------------

  /** Plans as the engine does, and sends what the plan says. */
  turn(): void {
    if (this.session.at !== 'signed-in') return;
    const { epoch, account } = this.session;
    const { link, now, attaching } = this;
    const standings = this.mine.map(
      (local): Standing => ({
        ...local,
        unverified: local.hasFile && isUnverified(local.upload, local.digests),
        reaches: () => local.hasFile,
      }),
    );
    const inFlight = this.inFlight.length;
    const { steps } = planNext({ standings, link, inFlight, attaching, heldBack: false, now });
    for (const planned of steps) {
      if (planned.do === 'read') continue;
      if (planned.do === 'lose') {
        this.change(this.local(planned.id), { type: 'source-lost', why: 'restarted' });
        continue;
      }
      const isAttach = planned.do === 'attach';
      const step = isAttach ? { ...planned, ids: planned.ids.slice(0, this.batch.files) } : planned;
      must(now >= link.toldUntil, 'nothing is sent sooner than told');
      this.inFlight.push({
        ...{ step, epoch, account: account.id, at: now },
        ...{ answer: null, isStopped: false, isTakenOver: false },
      });
      if (step.do === 'attach') this.attaching.add(step.session);
      else this.local(step.id).busy.add(partOf(step));
      if (step.do === 'send') this.checkSend(step);
    }
    must(this.inFlight.length <= 3, 'three requests at a time');
  }

  checkSend({ id, part, offset, length, completes }: Extract<Step, { do: 'send' }>): void {
    const local = this.local(id);
    const remote = this.remotes.get(id);
    if (!remote) throw new Error(`${id} was sent before it was registered`);
    const span = spanOf(local.upload, part);
    const isMeant = local.upload.life.at === 'going' && local.hasFile && local.attached;
    must(isMeant, 'only what is going, registered and within reach is sent');
    must(completes === (offset + length === span.length), 'the last segment says so');
    if (completes) local.digests.set(part, 'of the file');
    // Once acknowledged, and known to be, a part never goes out again while the server has it.
    const isKnown = local.told.has(part) && local.told.get(part) === remote.freed;
    must(!(isKnown && inRanges(remote.acknowledged, part)), 'nothing acknowledged is sent again');
  }

  /** Nobody waits any more for what is on its way; the server may have it all the same, and its answer be here just now. */
  stopRequests(local: Local): void {
    const { id } = local.upload;
    const isIts = ({ step }: Request) => step.do !== 'attach' && step.id === id;
    for (const request of this.inFlight.filter(isIts)) {
      if (partOf(request.step) >= 0) local.doubtful.add(partOf(request.step));
      request.isStopped = true;
      if (!request.answer) this.release(request);
    }
  }

  release(request: Request): void {
    const { step } = request;
    this.inFlight = this.inFlight.filter((one) => one !== request);
    if (step.do === 'attach') this.attaching.delete(step.session);
    else this.local(step.id).busy.delete(partOf(step));
  }

  // --- what becomes of it on its way ---------------------------------------------------------------------------------

  /** One request in flight meets its fate; what was answered before can only be heard or lost. */
  meet(which: number, fate: Fate, share: number): void {
    const request = this.inFlight[which % Math.max(1, this.inFlight.length)];
    if (!request) return;
    if (fate === 'be-served') request.answer ??= this.reach(request);
    else {
      const answer = this.answerTo(request, fate, share);
      if (answer) this.hear(request, answer);
      else this.hearNothing(request, fate);
      this.release(request);
    }
  }

  answerTo(request: Request, fate: Fate, share: number): Answer | null {
    if (request.answer) return fate === 'lose-answer' ? null : request.answer;
    switch (fate) {
      case 'answer':
      case 'be-served':
        return this.reach(request);
      case 'flip':
        return this.reach(request, 1, true);
      case 'renew-cookie':
        // The cookie was just being renewed: the same request finds the new one.
        return refusal('SESSION_EXPIRED');
      case '429':
        return { ...refusal('RATE_LIMITED'), retryAfterMs: share < 0.5 ? null : 8000 };
      case '503':
        return { ...refusal('STORAGE_FULL'), retryAfterMs: 5000 };
      case 'bad-gateway':
        return { ...nothingSaid, status: 502, contentType: 'text/html' };
      case 'lose-answer':
        this.reach(request);
        return null;
      case 'cut':
      case 'stall':
        if (request.step.do === 'send' && this.isArriving(request)) this.serve(request, share);
        return null;
      case 'lose-request':
        return null;
    }
  }

  /** Whether the server takes it in at all. */
  isArriving({ step, account }: Request): boolean {
    const isTooLarge = step.do === 'send' && step.length > this.limits.proxy;
    return !isTooLarge && this.cookie?.id === account;
  }

  /** What a request is answered that arrives, by the server or by what stands before it. */
  reach(request: Request, share = 1, isFlipped = false): Answer | null {
    if (this.isArriving(request)) return this.serve(request, share, isFlipped);
    const { step } = request;
    if (step.do === 'send' && step.length > this.limits.proxy)
      return { ...nothingSaid, status: 413, contentType: 'text/html' };
    return refusal(this.cookie ? 'WRONG_ACCOUNT' : 'SESSION_EXPIRED');
  }

  // --- the server, by the contract -------------------------------------------------------------------------------

  serve(request: Request, share: number, isFlipped = false): Answer | null {
    const { step } = request;
    if (step.do === 'attach') return this.register(step.ids);
    const remote = this.remotes.get(step.id);
    if (!remote) return refusal('NOT_FOUND');
    switch (step.do) {
      case 'free':
        if (remote.state === 'open') free(remote, 'cancelled');
        return { ...nothingSaid, status: 204 };
      case 'compare':
        if (this.isOver) return refusal('EXPIRED_SESSION');
        return { ...nothingSaid, digests: [...parts(remote.acknowledged)] };
      case 'look':
        return this.look(remote, step.part);
      case 'send':
        return this.receive(request, step, remote, share, isFlipped);
    }
  }

  register(ids: readonly string[]): Answer {
    const asked = ids.map((id) => this.local(id).upload);
    const tooLarge = asked.some(({ size }) => size > this.limits.file);
    if (tooLarge) return { ...refusal('TOO_LARGE'), problem: { code: 'TOO_LARGE', limit: this.limits.file } };
    const isHeld = (id: string) => (this.remotes.get(id)?.state ?? 'cancelled') !== 'cancelled';
    const wanted = this.locals.filter(({ upload }) => isHeld(upload.id) || ids.includes(upload.id));
    const bytes = wanted.reduce((sum, { upload }) => sum + upload.size, 0);
    if (bytes > this.limits.quota) {
      return { ...refusal('QUOTA_EXCEEDED'), problem: { code: 'QUOTA_EXCEEDED', limit: this.limits.quota } };
    }
    this.isOver = false;
    const files = new Map(asked.map((upload) => [upload.id, this.open(upload)]));
    return { ...nothingSaid, files, issuedAt: this.renew() };
  }

  open({ id, reopen }: Upload): ServerFacts {
    const remote = this.remotes.get(id) ?? newRemote();
    if (remote.state === 'cancelled' && reopen) remote.state = 'open';
    this.remotes.set(id, remote);
    const { state, acknowledged, received } = remote;
    return { state, partBytes: PART, acknowledged, received: { ...received } };
  }

  renew(): number {
    this.issuedAt = Math.max(this.issuedAt + 1, this.now);
    return this.issuedAt;
  }

  look(remote: Remote, part: number): Answer {
    if (remote.state !== 'stored' && !inRanges(remote.acknowledged, part)) {
      if (remote.state === 'cancelled') return refusal('CANCELLED');
      if (this.isOver) return refusal('EXPIRED_SESSION');
      return { ...nothingSaid, offset: remote.received[part] ?? 0 };
    }
    return { ...nothingSaid, offset: PART, isComplete: true, freed: remote.freed };
  }

  /** Takes in as much of a body as arrives; null when the connection is cut before its end. */
  receive(
    request: Request,
    { id, part, offset, length, completes }: Extract<Step, { do: 'send' }>,
    remote: Remote,
    share: number,
    isFlipped: boolean,
  ): Answer | null {
    const { upload } = this.local(id);
    const span = spanOf(upload, part);
    if (remote.state === 'cancelled') return refusal('CANCELLED');
    if (remote.state === 'open' && this.isOver) return refusal('EXPIRED_SESSION');
    const isHere = remote.state === 'stored' || inRanges(remote.acknowledged, part);
    if (isHere && !completes) return { ...refusal('OFFSET_MISMATCH'), offset: span.length };
    if (isHere) return this.acknowledgement(remote);
    const have = remote.received[part] ?? 0;
    if (offset !== have) return { ...refusal('OFFSET_MISMATCH'), offset: have };
    if (request.isTakenOver) return refusal('TAKEN_OVER');
    const kept = have + Math.floor(length * share);
    remote.received[part] = kept;
    if (isFlipped && length > 0) remote.flipped.add(part);
    if (share < 1) {
      if (kept > have) count('cut');
      return null;
    }
    if (!completes) return { ...nothingSaid, status: 204, offset: kept, issuedAt: this.issuedAt };
    delete remote.received[part];
    if (remote.flipped.delete(part)) return refusal('DIGEST_MISMATCH');
    this.acknowledge(upload, remote, part);
    return this.acknowledgement(remote);
  }

  acknowledge(upload: Upload, remote: Remote, part: number): void {
    delete remote.received[part];
    remote.acknowledged = addToRanges(remote.acknowledged, part);
    this.renew();
    if (!isWhole({ ...upload, acknowledged: remote.acknowledged })) return;
    remote.state = 'stored';
    remote.commits++;
  }

  acknowledgement({ state, freed }: Remote): Answer {
    const isStored = state === 'stored';
    return {
      ...nothingSaid,
      status: isStored ? 201 : 204,
      isComplete: true,
      isStored,
      freed,
      issuedAt: this.issuedAt,
    };
  }

  reap(): void {
    this.isOver = true;
    for (const remote of this.remotes.values()) {
      if (remote.state !== 'open') continue;
      if (remote.acknowledged.length > 0 || Object.values(remote.received).some((bytes) => bytes > 0))
        count('reap');
      free(remote, 'open');
    }
  }

  /** Another device of this account, which has the same file, sends of the first part that is missing. */
  sendElsewhere({ upload }: Local, share: number): void {
    const remote = this.remotes.get(upload.id);
    const part = remote && missingParts({ ...upload, acknowledged: remote.acknowledged }).next().value;
    if (remote?.state !== 'open' || this.isOver || part === undefined) return;
    for (const request of this.inFlight) {
      const { step } = request;
      if (step.do === 'send' && step.id === upload.id && step.part === part) request.isTakenOver = true;
    }
    const { length } = spanOf(upload, part);
    const have = remote.received[part] ?? 0;
    // Of bytes that were flipped it does not know either: its part would fail, and that is its own affair.
    if (share < 0.5 || remote.flipped.has(part))
      remote.received[part] = have + Math.floor((length - have) * share);
    else this.acknowledge(upload, remote, part);
  }

  // --- what the engine makes of an answer ------------------------------------------------------------------------

  hear(request: Request, heard: Answer): void {
    const answer = heard.status === 401 ? this.afterRefusal(request, heard) : heard;
    const { step } = request;
    const verdict = judgeAnswer(answer);
    if (step.do === 'attach') {
      this.hearAttach(request, step.ids, answer, verdict);
      return;
    }
    const local = this.local(step.id);
    switch (step.do) {
      case 'free':
        this.hearFree(local, request, verdict);
        return;
      case 'compare':
        this.hearDigests(local, request, answer);
        return;
      case 'look':
        this.hearLook(local, request, step.part, answer, verdict);
        return;
      case 'send':
        this.hearSend(local, request, step, answer, verdict);
    }
  }

  /** As the gateway: one probe, and what it finds alive is sent once more. */
  afterRefusal(request: Request, refused: Answer): Answer {
    if (judgeRefusal(this.session, { epoch: request.epoch, proofs: 0 }, 0) !== 'probe') return refused;
    this.probe();
    count('401');
    const { epoch } = this.session;
    return epoch === request.epoch && !request.isStopped ? (this.reach(request) ?? refused) : refused;
  }

  hearNothing(request: Request, fate: Fate): void {
    const { step, at } = request;
    const { link } = this;
    const bytes = step.do === 'send' ? step.length : 0;
    if (step.do === 'send') this.local(step.id).doubtful.add(step.part);
    if (step.do === 'compare') this.local(step.id).attached = false;
    if (fate === 'stall' && !request.answer) {
      this.now += stallMs(link, bytes);
      this.link = linkAfterSilence(link, bytes, at, this.now, 0.5);
      must(this.link.failures > 1 && this.link.toldUntil === link.toldUntil, 'a stall is noticed at once');
      if (this.link !== link) count('stall');
    } else this.failed(request);
  }

  hearAttach(request: Request, ids: readonly string[], answer: Answer, verdict: Verdict): void {
    const first = this.local(ids[0] ?? '');
    const { files, issuedAt } = answer;
    if (files && issuedAt !== undefined) {
      this.answered(request, 0);
      this.batch = batchAfterSuccess(this.batch, ids.length);
      const clock = { issuedAt, ttlMinutes: TTL_MINUTES, clockOffsetMs: 0 };
      this.renewal = { ...clock, refreshed: refreshedAfter(this.renewal, issuedAt) };
      for (const [id, facts] of files) this.attached(this.local(id), facts);
    } else if (verdict.is === 'refused') {
      this.batch = batchAfterRefusal(ids.length);
      if (ids.length === 1) this.fail(first, verdict);
    } else this.trouble(first, request, verdict);
  }

  attached(local: Local, facts: ServerFacts): void {
    this.change(local, { type: 'attached', facts, now: this.now });
    const freed = this.remotes.get(local.upload.id)?.freed ?? 0;
    for (const part of parts(facts.acknowledged)) local.told.set(part, freed);
    local.attached = !isWhole(local.upload) || local.upload.life.at !== 'going';
    if (!local.attached) local.restUntil = this.now + VERIFY_AGAIN_MS;
    local.doubtful.clear();
  }

  hearFree(local: Local, request: Request, verdict: Verdict): void {
    const isUnknown = verdict.is === 'refused' && verdict.code === 'NOT_FOUND';
    if (verdict.is !== 'done' && !isUnknown) {
      this.trouble(local, request, verdict);
      return;
    }
    this.answered(request, 0);
    local.attached = false;
    this.change(local, { type: 'told' });
  }

  hearDigests(local: Local, request: Request, { digests }: Answer): void {
    if (request.isStopped) return;
    if (!digests) {
      local.attached = false;
      this.failed(request);
      return;
    }
    this.answered(request, 0);
    for (const part of digests) local.digests.set(part, 'of the file');
  }

  hearLook(local: Local, request: Request, part: number, answer: Answer, verdict: Verdict): void {
    if (request.isStopped) return;
    const { status, offset, isComplete } = answer;
    // An answer to HEAD has no body that could say why.
    if (status >= 400 && status < 500 && status !== 401 && status !== 429) {
      if (status === 410) count('410');
      local.attached = false;
      local.restUntil = this.now + VERIFY_AGAIN_MS;
    } else if (verdict.is !== 'done' || offset === null) this.trouble(local, request, verdict);
    else {
      local.doubtful.delete(part);
      if (isComplete) {
        this.answered(request, 0);
        this.acknowledged(local, request, part, answer);
      } else {
        if (offset > (local.upload.received[part] ?? 0)) this.answered(request, 0);
        else this.failed(request);
        this.received(local, part, offset);
      }
    }
  }

  hearSend(
    local: Local,
    request: Request,
    step: Extract<Step, { do: 'send' }>,
    answer: Answer,
    verdict: Verdict,
  ): void {
    const { part, offset, length, completes } = step;
    if (verdict.is !== 'done') {
      this.sendRefused(local, request, step, verdict);
      return;
    }
    if (this.renewal && (answer.issuedAt ?? 0) > this.renewal.issuedAt)
      this.renewal = { ...this.renewal, issuedAt: answer.issuedAt ?? 0 };
    if (!completes) {
      const kept = answer.offset ?? offset;
      this.answered(request, kept - offset);
      this.received(local, part, kept);
      return;
    }
    this.answered(request, length);
    local.keptDigests.set(part, 'of the file');
    this.acknowledged(local, request, part, answer);
  }

  received(local: Local, part: number, bytes: number): void {
    if (local.digests.has(part)) local.keptDigests.set(part, 'of the file');
    this.change(local, { type: 'received', part, bytes });
  }

  acknowledged(local: Local, request: Request, part: number, { isStored, freed = 0 }: Answer): void {
    local.told.set(part, freed);
    const happening = request.isStopped ? 'late ack' : 'ack';
    if (this.change(local, isStored ? { type: 'stored' } : { type: 'acknowledged', part })) count(happening);
    must(inRanges(local.upload.acknowledged, part), 'what is acknowledged counts in every state');
    if (!isWhole(local.upload) || local.upload.life.at !== 'going') return;
    local.attached = false;
    local.restUntil = local.busy.size > 1 ? this.now + VERIFY_AGAIN_MS : 0;
  }

  sendRefused(
    local: Local,
    request: Request,
    { part, length }: Extract<Step, { do: 'send' }>,
    verdict: Verdict,
  ): void {
    if (request.isStopped) {
      local.doubtful.add(part);
      return;
    }
    switch (verdict.is) {
      case 'offset':
        count('409');
        this.answered(request, 0);
        this.received(local, part, verdict.offset);
        return;
      case 'taken-over':
        count('409');
        local.attached = false;
        local.restUntil = this.now + TAKEN_OVER_REST_MS;
        return;
      case 'digest-mismatch':
        this.digestFailed(local, part);
        return;
      case 'body-too-large': {
        local.doubtful.add(part);
        count('413 of a proxy');
        if (length <= MIN_SEGMENT_BYTES) {
          this.fail(local, { code: 'TOO_LARGE' });
          return;
        }
        this.link = linkAfterTooLarge(this.link, length);
        must((this.link.ceilingBytes ?? length) < length, 'a refused body is followed by smaller ones');
        return;
      }
      default:
        local.doubtful.add(part);
        this.trouble(local, request, verdict);
    }
  }

  digestFailed(local: Local, part: number): void {
    const failures = (local.digestFailures.get(part) ?? 0) + 1;
    local.digestFailures.set(part, failures);
    if (this.change(local, { type: 'emptied', part })) count('422');
    must(local.upload.received[part] === undefined, 'of a part that arrived flipped nothing is there');
    if (failures >= MAX_DIGEST_FAILURES) this.fail(local, { code: 'DIGEST_MISMATCH' });
  }

  trouble(local: Local, request: Request, verdict: Verdict): void {
    switch (verdict.is) {
      case 'session-expired':
        this.sessionExpired();
        return;
      case 'cancelled':
        if (this.change(local, { type: 'freed', now: this.now })) count('410');
        return;
      case 'signed-out':
        local.attached = false;
        this.failed(request);
        return;
      case 'wrong-account':
        local.attached = false;
        local.restUntil = this.now + TAKEN_OVER_REST_MS;
        this.probe();
        return;
      case 'later': {
        const { toldUntil } = this.link;
        this.link = linkAfterLater(this.link, this.now, verdict.afterMs);
        if (this.link.toldUntil > toldUntil) count(verdict.afterMs === 5000 ? '503' : '429');
        return;
      }
      case 'unreachable':
        this.failed(request);
        return;
      default:
        throw new Error(`The client does not know what to make of ${verdict.is}`);
    }
  }

  sessionExpired(): void {
    const { renewal, now } = this;
    const isRenewed = renewal !== null && isRenewedByItself(renewal, now);
    if (isRenewed) this.renewal = { ...renewal, refreshed: renewal.issuedAt };
    const going = this.mine.filter(({ upload }) => upload.life.at === 'going');
    for (const local of going) {
      if (this.change(local, { type: 'session-expired' })) {
        count('410');
        count('expiry of the upload session');
      }
      if (isRenewed) this.change(local, { type: 'refresh' });
    }
  }

  fail(local: Local, { code, limit }: { code: ErrorCode; limit?: number }): void {
    this.stopRequests(local);
    const isFailed = this.change(local, { type: 'failed', code, ...(limit !== undefined && { limit }) });
    if (isFailed && code === 'QUOTA_EXCEEDED') count('507');
    if (isFailed && code === 'TOO_LARGE') count('413');
  }

  answered({ at }: Request, bytes: number): void {
    this.link = linkAfterAnswer(this.link, bytes, this.now - at);
  }

  failed({ at }: Request): void {
    this.link = linkAfterFailure(this.link, at, this.now, 0.5);
  }

  /** True when the event changed something. */
  change(local: Local, event: UploadEvent): boolean {
    const before = local.upload;
    const after = nextUpload(before, event);
    const isNewStart = event.type === 'retry' && before.life.at === 'cancelled' && before.life.told;
    must(isNewStart || after.shownBytes >= before.shownBytes, 'progress never falls');
    must(after.shownBytes <= after.size, 'progress ends at the size');
    local.upload = after;
    if (after === before) return false;
    if (event.type === 'pause' || event.type === 'cancel') count(event.type);
    if (event.type === 'retry') local.digestFailures.clear();
    if (after.life.at !== 'going') this.stopRequests(local);
    else if (before.life.at !== 'going') local.attached = false;
    return true;
  }
}

const noLimits = {
  proxy: Number.POSITIVE_INFINITY,
  quota: Number.POSITIVE_INFINITY,
  file: Number.POSITIVE_INFINITY,
};

/** An answer that says yes, and nothing beside it. */
const nothingSaid: AnswerFacts = {
  status: 200,
  contentType: 'application/json',
  problem: null,
  offset: null,
  retryAfterMs: null,
};

function refusal(code: ApiErrorCode): Answer {
  return {
    ...nothingSaid,
    status: apiErrors[code],
    contentType: 'application/problem+json',
    problem: { code },
  };
}

function count(happening: Happening): void {
  seen.set(happening, (seen.get(happening) ?? 0) + 1);
}

function newRemote(): Remote {
  return { state: 'open', acknowledged: [], received: {}, flipped: new Set(), commits: 0, freed: 0 };
}

/** An upload as a worker finds it that has just begun. */
function fresh(
  upload: Upload,
  digests: ReadonlyMap<number, string>,
): Omit<Local, 'hasFile' | 'told' | 'keptDigests'> {
  return {
    ...{ upload, attached: false, restUntil: 0, busy: new Set(), doubtful: new Set() },
    ...{ digestFailures: new Map(), digests: new Map(digests) },
  };
}

function free(remote: Remote, state: 'open' | 'cancelled'): void {
  const freed = remote.freed + 1;
  Object.assign(remote, { state, acknowledged: [], received: {}, flipped: new Set(), freed });
}

function* parts(acknowledged: Ranges): Generator<number> {
  for (let part = 0; part < MOST_PARTS; part++) if (inRanges(acknowledged, part)) yield part;
}

/** The part that a request is for; -1 for the whole upload. */
function partOf(step: Request['step']): number {
  return 'part' in step ? step.part : -1;
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
      fc.array(fc.integer({ min: 0, max: MOST_PARTS * PART }), { minLength: 1, maxLength: 3 }),
      fc.array(move, { maxLength: 40, size: 'max' }),
      (sizes, moves) => {
        const world = new World(sizes);
        world.turn();
        for (const move of moves) world.play(move);
        for (const { upload } of world.locals) ends.set(upload.life.at, (ends.get(upload.life.at) ?? 0) + 1);
        // From here on the network is well, and a person helps where they are asked.
        world.limits = noLimits;
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
          for (let answers = 0; world.inFlight.length > 0; answers++) {
            must(answers < 1000, 'answers lead somewhere');
            world.play({ do: 'request', which: round, fate: 'answer', share: 1 });
          }
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
  // None of what may happen has become rare, or so that it changes nothing.
  expect(happenings.filter((happening) => !seen.has(happening))).toEqual([]);
  // The schedules go where they are meant to: into every rest that these moves can lead to.
  expect([...ends.keys()].sort()).toEqual([
    'cancelled',
    'expired',
    'failed',
    'going',
    'needs-file',
    'paused',
    'stored',
  ]);
}, 30_000);
