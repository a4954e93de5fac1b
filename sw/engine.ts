import type { AccountState } from '../shared/account-session.ts';
import type { Verdict } from '../shared/answer.ts';
import type { RegisteredFile, UploadSession } from '../shared/api.ts';
import {
  type Batch,
  batchAfterRefusal,
  batchAfterSilence,
  batchAfterSuccess,
  batchAfterTooLarge,
  wholeBatch,
} from '../shared/batch.ts';
import type { ErrorCode } from '../shared/errors.ts';
import {
  freshLink,
  type Link,
  linkAfterAnswer,
  linkAfterFailure,
  linkAfterKick,
  linkAfterLater,
  linkAfterSilence,
  linkAfterTooLarge,
  MAX_IN_FLIGHT,
  MIN_SEGMENT_BYTES,
  sendNotBefore,
  stallMs,
} from '../shared/pace.ts';
import { type Plan, planNext, type Standing, type Step } from '../shared/plan.ts';
import type { Snapshot } from '../shared/protocol.ts';
import { countRanges, inRanges } from '../shared/ranges.ts';
import { isAllOnItsWay } from '../shared/reselect.ts';
import { addSample, type Sample, samplesAsSendingBegins, secondsLeft, speedOf } from '../shared/speed.ts';
import { isOver, isWhole, nextUpload, type Upload } from '../shared/upload.ts';
import { isRenewedByItself, isSessionOver, refreshedAfter } from '../shared/upload-session.ts';
import type { Totals } from '../shared/upload-view.ts';
import type { ReadPart, Unreadable } from './part-bytes.ts';
import { Stager } from './stager.ts';
import type { SessionRecord, Store } from './store.ts';
import type { UploadApi } from './upload-api.ts';
import { type Entry, UploadList } from './upload-list.ts';

/** Everything the engine needs of the world, so that it runs in a worker, and in Node for tests. */
export interface EngineHost {
  store: Store;
  api: UploadApi;
  /** Ms since the epoch, by the device's clock. */
  now: () => number;
  /** In [0, 1). */
  chance: () => number;
  /** Calls back once after `ms`; the function it returns takes that back. */
  timer: (ms: number, then: () => void) => () => void;
  account: () => AccountState;
  /** A person wants nothing to be sent over a connection like this one. */
  heldBack: () => boolean;
  /** The server said that the cookie is another account's. */
  onWrongAccount: () => void;
  /** Rows changed, or are gone; `[]` when only the totals did. */
  onChange: (ids: readonly string[]) => void;
  onStored: () => void;
  /** There is work after there was none. */
  onWork: () => void;
  /** What is stored is not this engine's any more; it has ended, and may be started again once it is the only one. */
  onSuperseded: () => void;
  /** A `File` whose original was changed can't be read any more; see `PartBytes`. */
  filesAreSnapshots: boolean;
  /** Bytes that may be staged besides those that are. */
  stagingRoom: () => Promise<number>;
  log: (line: string) => void;
}

/** Least time without an answer that counts as a stall, and time left to requests in flight at a drain; in ms. */
export interface EngineTimes {
  stallMs: number;
  drainMs: number;
}

/** How long another device is left alone with a part it has taken over, in ms. */
const TAKEN_OVER_REST_MS = 5000;
/** Before asking again what became of a file whose every part is acknowledged, in ms. */
const VERIFY_AGAIN_MS = 1000;
/** So often time-dependent facts are looked at while there is work, in ms. */
const TICK_MS = 1000;
/** A click or `online` cuts waiting short at most this often, for all tabs together, in ms. */
const KICK_EVERY_MS = 5000;
/** What pages have to offer their files to a worker that was restarted, in ms. */
const OFFER_MS = 3000;
/** Why a request was ended that got no answer in good time. */
const STALLED = 'stalled';
/** Times that one part may fail its digest before the file fails. */
const MAX_DIGEST_FAILURES = 3;

/**
 * The one sender. It holds the uploads of this device, plans by `shared/plan.ts`, and does what it is told: every
 * event, an answer or a click or a timer, ends in `#turn()`, which looks at all there is and starts what there is
 * room for. It may die at any `await`: what matters is in the store before anybody hears of it.
 */
export class Engine {
  readonly list: UploadList;
  #host: EngineHost;
  #times: EngineTimes;
  #stager: Stager;
  #link: Link = freshLink;
  #inFlight = 0;
  /** Those in flight, and those answered whose checkpoint is just being written. */
  #unfinished = 0;
  /** Entries with a request in flight. */
  #moving = new Set<Entry>();
  #attaching = new Set<string>();
  /** By upload session; smaller after a refusal: one bad file must not hold back the others. */
  #batches = new Map<string, Batch>();
  #samples: readonly Sample[] = [];
  #sentBytes = 0;
  #sendingSince: number | null = null;
  #kickedAt = 0;
  #cancelTimer: (() => void) | null = null;
  /** When time-dependent facts are looked at next, ms since the epoch; null without work. */
  #tickAt: number | null = null;
  #stopAll = new AbortController();
  #startedAt = 0;
  #state: 'loading' | 'ready' | 'draining' = 'loading';
  #hadWork = false;
  #onIdle: (() => void)[] = [];

  constructor(host: EngineHost, times: EngineTimes) {
    this.#host = host;
    this.#times = times;
    const { store, filesAreSnapshots, now, account, heldBack, onChange, log } = host;
    const onWork = () => this.#turn();
    this.list = new UploadList({
      store,
      filesAreSnapshots,
      now,
      account,
      link: () => this.#link,
      heldBack,
      onChange,
      onWork,
      onOutdated: () => {
        this.#halt();
        host.onSuperseded();
      },
      log,
    });
    this.#stager = new Stager({
      list: this.list,
      room: host.stagingRoom,
      digestOf: (entry, part, reading) => this.#digestOf(entry, part, reading),
      onUnreadable: (entry, why) => this.#unreadable(entry, why),
      onStaged: onWork,
      log,
    });
  }

  /** Reads where things stand and goes on from there. Starting up is recovering. */
  async start(): Promise<void> {
    await this.list.load();
    this.#startedAt = this.#host.now();
    this.#state = 'ready';
    this.#host.log(`engine ${this.list.generation} starts with ${this.list.size} uploads`);
    this.#turn();
  }

  get isDraining(): boolean {
    return this.#state === 'draining';
  }

  /** Whether there is anything to do or to wait for, held uploads among it. */
  get hasWork(): boolean {
    return this.#state === 'ready' && this.list.mine().some(isWork);
  }

  /** Settles as soon as there is no work left. */
  whenIdle(): Promise<void> {
    return this.hasWork ? new Promise((resolve) => this.#onIdle.push(resolve)) : Promise.resolve();
  }

  /** Renews the upload sessions of these: expired ones go on, live ones begin their time anew. */
  async refresh(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const entry = this.list.entry(id);
      if (entry?.upload.life.at !== 'going') continue;
      this.list.stopRequests(entry);
      entry.attached = false;
    }
    await this.list.applyAll(ids, { type: 'refresh' });
  }

  snapshot(rev: number): Snapshot {
    return this.list.snapshot(rev, this.#speed());
  }

  totals(): Totals {
    return this.list.totals(this.#speed());
  }

  /**
   * The digests of an upload's acknowledged parts, from here or the server; it need not be on the list. Null when the
   * server has some that can't be had now.
   */
  async digestsOf(upload: Upload): Promise<ReadonlyMap<number, string> | null> {
    const digests = this.list.entry(upload.id)?.digests ?? new Map<number, string>();
    const known = [...digests.keys()].filter((part) => inRanges(upload.acknowledged, part)).length;
    if (known >= countRanges(upload.acknowledged)) return digests;
    const told = await this.#watched(this.#stopAll.signal, 0, (signal) =>
      this.#host.api.digests(upload.session, upload.id, signal),
    );
    if (told === null) return null;
    for (const [part, digest] of told) if (!digests.has(part)) digests.set(part, digest);
    return digests;
  }

  /** Unfinished sessions of this account at the server, other devices' among them; null when they can't be had now. */
  openSessions(): Promise<UploadSession[] | null> {
    return this.#watched(this.#stopAll.signal, 0, (signal) => this.#host.api.openSessions(signal));
  }

  /** Something suggests that trying now is worth it: `online`, a page that became visible, a click. */
  kick(): void {
    const now = this.#host.now();
    if (now - this.#kickedAt < KICK_EVERY_MS) return;
    this.#kickedAt = now;
    this.#setLink(linkAfterKick(this.#link, now), 'asked to try now');
    this.#turn();
  }

  /** The account session changed: nothing of another account, or of none, stays in flight. */
  accountChanged(): void {
    const accountId = this.list.accountId();
    const signedIn = this.#host.account().at === 'signed-in';
    this.#stopAll.abort('account changed');
    this.#stopAll = new AbortController();
    for (const entry of this.list.everyones()) {
      if (entry.upload.account !== accountId || !signedIn) this.list.stopRequests(entry);
      entry.attached = false;
    }
    this.list.touchAll();
    this.#turn();
  }

  /** The connection is another one, or what a person wants of it: uploads may go on, or have to wait. */
  connectionChanged(): void {
    this.list.touchAll();
    this.#turn();
  }

  /** Stops for good: nothing new goes out, what is in flight gets a few seconds, the rest is cut. */
  async drain(): Promise<void> {
    this.#state = 'draining';
    this.#cancelTimer?.();
    await new Promise<void>((resolve) => {
      if (this.#unfinished === 0) resolve();
      this.#onIdle.push(resolve);
      this.#host.timer(this.#times.drainMs, resolve);
    });
    this.#halt();
  }

  /** Ends whatever is under way; for good, unless it is started again. */
  #halt(): void {
    this.#state = 'draining';
    this.#cancelTimer?.();
    this.#stopAll.abort('halted');
    this.#stopAll = new AbortController();
    for (const entry of this.list.everyones()) this.list.stopRequests(entry);
    this.#host.log(`engine ${this.list.generation} ends`);
    this.#releaseIdle();
  }

  // --- deciding -----------------------------------------------------------------------------------------------

  #turn(): void {
    if (this.#state !== 'ready') return;
    const now = this.#host.now();
    const plan = this.#plan(now);
    for (const step of plan.steps) void this.#do(step);
    if (this.#inFlight === 0) this.#sendingSince = null;
    void this.#stage(now);
    this.#setTimer(plan, now);
    const { hasWork } = this;
    if (hasWork && !this.#hadWork) this.#host.onWork();
    this.#hadWork = hasWork;
    if (!hasWork) this.#releaseIdle();
  }

  #plan(now: number): Plan {
    if (this.#host.account().at !== 'signed-in') return { steps: [], wakeAt: null };
    return planNext({
      standings: this.#standings(),
      link: this.#link,
      inFlight: this.#inFlight,
      attaching: this.#attaching,
      heldBack: this.#host.heldBack(),
      now,
    });
  }

  *#standings(): Generator<Standing> {
    for (const { upload, attached, unverified, restUntil, busy, doubtful } of this.list.mine()) {
      const reaches = (part: number) => this.list.bytes.reaches(upload.id, part);
      yield { upload, attached, unverified, restUntil, busy, doubtful, reaches };
    }
  }

  #setTimer({ wakeAt }: Plan, now: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#tickAt = this.hasWork ? (this.#tickAt ?? now + TICK_MS) : null;
    const at = wakeAt === null ? this.#tickAt : Math.min(wakeAt, this.#tickAt ?? wakeAt);
    if (at === null) return;
    this.#cancelTimer = this.#host.timer(Math.max(0, at - now), () => {
      if (this.#tickAt !== null && this.#host.now() >= this.#tickAt) this.#tick();
      this.#turn();
    });
  }

  /** Speed and time left change though nothing arrives, and sessions end. */
  #tick(): void {
    this.#tickAt = null;
    this.list.touch([...this.#moving].map(({ upload }) => upload.id));
    this.list.tellEnds();
    this.#expireSessions(this.#host.now());
  }

  /** By the server's clock, before a byte is wasted. */
  #expireSessions(now: number): void {
    for (const { upload, attached } of this.list.mine()) {
      const session = this.list.session(upload.session);
      if (attached && upload.life.at === 'going' && session && isSessionOver(session, now)) {
        void this.#sessionExpired(session.id);
        return;
      }
    }
  }

  /** Has what waits behind copied, so that the tab may go. */
  async #stage(now: number): Promise<void> {
    const sendingForMs = this.#sendingSince === null ? null : now - this.#sendingSince;
    const bytesPerSecond = this.#speed();
    const toGo = this.list
      .mine()
      .reduce((sum, { upload }) => sum + (isOver(upload) ? 0 : upload.size - upload.shownBytes), 0);
    await this.#stager.consider({
      sendingForMs,
      secondsLeft: secondsLeft(toGo, bytesPerSecond),
      bytesPerSecond,
    });
  }

  #speed(): number | null {
    return speedOf(this.#samples, this.#host.now());
  }

  // --- doing --------------------------------------------------------------------------------------------------

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case 'attach':
        return this.#attach(step.session, step.ids);
      case 'compare':
        return this.#withPart({ id: step.id, part: -1 }, (entry, signal) => this.#compare(entry, signal));
      case 'look':
        return this.#withPart(step, (entry, signal) => this.#look(entry, step.part, signal));
      case 'send':
        return this.#withPart(step, (entry, signal, releaseSlot) =>
          this.#send(entry, step, signal, releaseSlot),
        );
      case 'read': {
        const entry = this.list.entry(step.id);
        if (entry) this.list.bytes.readAhead(entry.upload, step.part);
        return;
      }
      case 'free':
        return this.#withPart({ id: step.id, part: -1 }, (entry, signal) => this.#free(entry, signal));
      case 'lose':
        return this.#lose(step.id);
    }
  }

  /** After a start, pages get a moment to offer the files they have before a person is asked. */
  async #lose(id: string): Promise<void> {
    const entry = this.list.entry(id);
    if (!entry) return;
    const patience = this.#startedAt + OFFER_MS;
    if (this.#host.now() < patience) entry.restUntil = patience;
    else await this.list.change(entry, { type: 'source-lost', why: 'restarted' });
    this.#turn();
  }

  /** Runs one request on a part, which nothing else touches until it is over. */
  async #withPart(
    { id, part }: { id: string; part: number },
    request: (entry: Entry, signal: AbortSignal, releaseSlot: () => void) => Promise<void>,
  ): Promise<void> {
    const entry = this.list.entry(id);
    if (!entry) return;
    if (entry.busy.size === 0) this.list.beginSending(entry);
    entry.busy.add(part);
    this.#moving.add(entry);
    await this.#counted((releaseSlot) => request(entry, entry.stop.signal, releaseSlot));
    entry.busy.delete(part);
    if (entry.busy.size === 0) {
      this.#moving.delete(entry);
      this.list.touch([id]); // its row may have been made while this was still under way
    }
    this.#turn();
  }

  /**
   * Runs a request that counts as in flight until it calls `releaseSlot`, or is over. What it throws is logged: it goes on
   * with the rest. While many checkpoints wait to be written no slot is released early: what a person adds is written
   * behind them.
   */
  async #counted(request: (releaseSlot: () => void) => Promise<void>): Promise<void> {
    let isInFlight = true;
    const releaseSlot = () => {
      if (!isInFlight || this.#unfinished - this.#inFlight >= MAX_IN_FLIGHT) return;
      this.#inFlight--;
      isInFlight = false;
    };
    const now = this.#host.now();
    if (this.#inFlight === 0) this.#samples = samplesAsSendingBegins(this.#samples, now);
    this.#inFlight++;
    this.#unfinished++;
    this.#sendingSince ??= now;
    try {
      await request(releaseSlot);
    } catch (cause) {
      this.#host.log(`engine: ${cause instanceof Error ? `${cause.name} ${cause.message}` : String(cause)}`);
    }
    if (isInFlight) this.#inFlight--;
    this.#unfinished--;
    if (this.#state === 'draining' && this.#unfinished === 0) this.#releaseIdle();
  }

  async #attach(sessionId: string, allIds: readonly string[]): Promise<void> {
    const batch = this.#batches.get(sessionId) ?? wholeBatch;
    const entries = allIds.slice(0, batch.files).flatMap((id) => this.list.entry(id) ?? []);
    const first = entries[0];
    if (!first) return;
    this.#attaching.add(sessionId);
    await this.#counted(async () => {
      const startedAt = this.#host.now();
      const files = entries.map(({ upload }) => registrationOf(upload));
      // Of 1,000 files it is some 300 KiB: not to be watched as if it were nothing.
      const bytes = new TextEncoder().encode(JSON.stringify(files)).length;
      const stop = this.#stopAll.signal;
      const { verdict, session, isStalled } = await this.#watched(stop, bytes, async (signal) => {
        const answer = await this.#host.api.attach(sessionId, files, signal);
        return { ...answer, isStalled: signal.reason === STALLED };
      });
      if (session) {
        this.#answered(0, startedAt);
        this.#batches.set(sessionId, batchAfterSuccess(batch, files.length));
        await this.#attached(session, entries);
      } else if (verdict.is === 'refused') {
        this.#batches.set(sessionId, batchAfterRefusal(files.length));
        if (files.length === 1) await this.#fail(first, verdict);
        else this.#host.log(`registering ${files.length} files: ${verdict.code}`);
      } else if (verdict.is === 'body-too-large') {
        this.#batches.set(sessionId, batchAfterTooLarge(batch, files.length));
        if (files.length === 1) await this.#fail(first, { code: 'TOO_LARGE' });
        else this.#host.log(`registering ${files.length} files: 413 for ${bytes} bytes`);
      } else {
        if (isStalled) this.#batches.set(sessionId, batchAfterSilence(batch, files.length, bytes));
        await this.#trouble(verdict, startedAt, first);
      }
    });
    this.#attaching.delete(sessionId);
    this.#turn();
  }

  async #attached(
    session: NonNullable<Awaited<ReturnType<UploadApi['attach']>>['session']>,
    entries: readonly Entry[],
  ): Promise<void> {
    const now = this.#host.now();
    const before = this.list.session(session.id);
    const account = entries[0]?.upload.account ?? '';
    const record: SessionRecord = {
      id: session.id,
      account,
      issuedAt: session.issuedAt,
      ttlMinutes: session.sessionTtlMinutes,
      clockOffsetMs: session.now - now,
      refreshed: refreshedAfter(before, session.issuedAt),
    };
    this.list.noteSession(record);
    const facts = new Map(session.files.map((file) => [file.id, file]));
    const changed: Entry[] = [];
    for (const entry of entries) {
      const file = facts.get(entry.upload.id);
      if (!file) continue;
      const received = Object.fromEntries(
        Object.entries(file.offsets).map(([part, bytes]) => [Number(part), bytes]),
      );
      const { state, partBytes, acknowledged } = file;
      entry.upload = nextUpload(entry.upload, {
        type: 'attached',
        facts: { state, partBytes, acknowledged, received },
        now,
      });
      // Every part acknowledged and not stored: the server is at it, or its answer was lost. Asked again, not assumed.
      entry.attached = !isWhole(entry.upload) || entry.upload.life.at !== 'going';
      this.list.noteUnverified(entry);
      if (!entry.attached) entry.restUntil = now + VERIFY_AGAIN_MS;
      entry.doubtful.clear();
      changed.push(entry);
    }
    const idsAt = (at: 'stored' | 'cancelled') =>
      changed.filter(({ upload }) => upload.life.at === at).map(({ upload }) => upload.id);
    const done = idsAt('stored');
    const freed = idsAt('cancelled');
    await this.list.saveAll(changed, { sessions: [record], unstageAll: [...done, ...freed] }, 'relaxed');
    for (const id of done) this.list.bytes.drop(id, true);
    for (const id of freed) this.list.bytes.forgetStaged(id);
    if (done.length > 0) this.#host.onStored();
  }

  /** Another device, or this one before a crash, may have sent them from another state of the file. */
  async #compare(entry: Entry, stop: AbortSignal): Promise<void> {
    const { upload, digests } = entry;
    const startedAt = this.#host.now();
    const told = await this.#watched(stop, 0, (signal) =>
      this.#host.api.digests(upload.session, upload.id, signal),
    );
    if (stop.aborted) return;
    if (told === null) {
      // Should its session be over rather than the server away, registering again says so.
      entry.attached = false;
      return this.#failed(startedAt, 'no digests to compare with');
    }
    this.#answered(0, startedAt);
    const unknown = new Map([...told].filter(([part]) => !digests.has(part)));
    const bad = await this.list.bytes.differs(upload, unknown);
    if (stop.aborted) return;
    if (bad) return this.#unreadable(entry, bad.why);
    for (const [part, digest] of unknown) digests.set(part, digest);
    entry.unverified = false;
  }

  async #look(entry: Entry, part: number, stop: AbortSignal): Promise<void> {
    const { upload } = entry;
    const startedAt = this.#host.now();
    const { verdict, offset, complete } = await this.#watched(stop, 0, (signal) =>
      this.#host.api.look(upload.session, upload.id, part, signal),
    );
    if (stop.aborted) return;
    if (verdict.is === 'done' && offset !== null) {
      entry.doubtful.delete(part);
      if (complete) {
        this.#answered(0, startedAt);
        await this.#acknowledged(entry, part, null);
      } else {
        const progress = offset > (upload.received[part] ?? 0);
        if (progress) this.#answered(0, startedAt);
        else this.#failed(this.#host.now(), 'nothing had arrived');
        await this.#received(entry, part, offset);
      }
    } else if (verdict.is === 'refused' || verdict.is === 'session-expired' || verdict.is === 'cancelled') {
      // An answer to HEAD has no body to say more: registering again does.
      entry.attached = false;
      entry.restUntil = this.#host.now() + VERIFY_AGAIN_MS;
    } else {
      await this.#trouble(verdict, startedAt, entry);
    }
  }

  async #send(
    entry: Entry,
    step: Extract<Step, { do: 'send' }>,
    stop: AbortSignal,
    releaseSlot: () => void,
  ): Promise<void> {
    const { upload } = entry;
    const { part, offset, length, completes } = step;
    const read = await this.list.bytes.read(upload, part);
    if (stop.aborted) return;
    if (!read.ok) return this.#unreadable(entry, read.why);
    const digest = completes ? await this.#digestOf(entry, part, read.digest) : null;
    if (stop.aborted) return;
    if (typeof digest === 'object' && digest) return this.#unreadable(entry, digest.why);
    if (completes) {
      const changed = await this.#changedSince(entry);
      if (stop.aborted) return;
      if (changed) return this.#unreadable(entry, changed.why);
    }
    const startedAt = this.#host.now();
    const body = read.body(offset, length);
    const segment = { session: upload.session, file: upload.id, part, offset, body, digest };
    const answer = await this.#watched(stop, length, (signal) => this.#host.api.sendSegment(segment, signal));
    if (answer.verdict.is !== 'done') {
      await this.#sendRefused(entry, step, answer.verdict, startedAt, stop);
      return;
    }
    if (answer.issuedAt !== null) this.list.slideSession(upload.session, answer.issuedAt);
    if (digest === null && answer.isWhole) {
      // Another device has sent the rest of this part meanwhile.
      this.#answered(0, startedAt);
      return answer.completesFile ? this.#stored(entry) : this.#acknowledged(entry, part, null);
    }
    if (digest === null) {
      const kept = answer.offset ?? offset;
      if (kept > offset || length === 0) this.#answered(kept - offset, startedAt);
      else this.#failed(startedAt, 'answered, and nothing had arrived');
      return this.#received(entry, part, kept);
    }
    this.#answered(length, startedAt);
    // The next part need not wait until this one is written down; this one stays busy until then.
    releaseSlot();
    this.#turn();
    if (answer.completesFile) await this.#stored(entry);
    else await this.#acknowledged(entry, part, digest);
  }

  /**
   * Before the last part of a file goes out: whether the file still has what went out before, where a browser lets a
   * `File` change under the hand.
   */
  async #changedSince(entry: Entry): Promise<Unreadable | null> {
    const { upload, busy, digests } = entry;
    if (this.#host.filesAreSnapshots || entry.isRechecked || !this.list.bytes.hasFile(upload.id)) return null;
    if (!isAllOnItsWay(upload, busy, digests)) return null;
    // That part too: it may have been read before the others. A file of one part was read at once.
    const bad = digests.size > 1 ? await this.list.bytes.differs(upload, digests) : null;
    entry.isRechecked = bad === null;
    return bad;
  }

  async #sendRefused(
    entry: Entry,
    { part, length }: Extract<Step, { do: 'send' }>,
    verdict: Verdict,
    startedAt: number,
    stop: AbortSignal,
  ): Promise<void> {
    // However it ended, the server may have kept a prefix of the body.
    if (stop.aborted) {
      entry.doubtful.add(part);
      return;
    }
    switch (verdict.is) {
      case 'offset':
        this.#answered(0, startedAt);
        return this.#received(entry, part, verdict.offset);
      case 'taken-over':
        this.#host.log('upload: another device, or an older request, is at work on a part');
        entry.attached = false;
        entry.restUntil = this.#host.now() + TAKEN_OVER_REST_MS;
        return;
      case 'part-exists':
        // The server has acknowledged other bytes for this part: this is not the file it was.
        entry.attached = false;
        return this.#unreadable(entry, 'changed');
      case 'digest-mismatch':
        return this.#digestFailed(entry, part);
      case 'body-too-large':
        entry.doubtful.add(part);
        if (length <= MIN_SEGMENT_BYTES) return this.#fail(entry, { code: 'TOO_LARGE' });
        this.#setLink(linkAfterTooLarge(this.#link, length), `413 for ${length} bytes`);
        return;
      case 'refused':
        return this.#fail(entry, verdict);
      default: {
        entry.doubtful.add(part);
        const unreadable = await this.list.bytes.trouble(entry.upload);
        if (unreadable) return this.#unreadable(entry, unreadable.why);
        return this.#trouble(verdict, startedAt, entry);
      }
    }
  }

  /** What concerns the session, the account or the network rather than the part. */
  async #trouble(verdict: Verdict, startedAt: number, entry: Entry): Promise<void> {
    switch (verdict.is) {
      case 'session-expired':
        return this.#sessionExpired(entry.upload.session);
      case 'cancelled':
        return this.#freed(entry);
      case 'signed-out':
        entry.attached = false;
        this.#failed(startedAt, '401'); // should the session be alive after all, this must not spin
        return;
      case 'wrong-account':
        entry.attached = false;
        entry.restUntil = this.#host.now() + TAKEN_OVER_REST_MS;
        this.#host.onWrongAccount();
        return;
      case 'later':
        this.#setLink(linkAfterLater(this.#link, this.#host.now(), verdict.afterMs), 'told to wait');
        this.list.touch([entry.upload.id]);
        return;
      default:
        this.#failed(startedAt, verdict.is === 'unreachable' ? verdict.why : verdict.is);
        this.list.touch([entry.upload.id]);
    }
  }

  async #free(entry: Entry, stop: AbortSignal): Promise<void> {
    const { id, session } = entry.upload;
    const startedAt = this.#host.now();
    const verdict = await this.#watched(stop, 0, (signal) => this.#host.api.free(session, id, signal));
    if (verdict.is !== 'done') return this.#trouble(verdict, startedAt, entry);
    this.#answered(0, startedAt);
    if (entry.upload.life.at === 'removed') return this.list.forget([id]);
    entry.attached = false;
    if (entry.upload.life.at !== 'cancelled') return; // taken back just now: registering again tells the rest
    await this.list.change(entry, { type: 'told' }, { unstageAll: [id] });
    this.list.bytes.forgetStaged(id);
  }

  async #received(entry: Entry, part: number, bytes: number): Promise<void> {
    const { id } = entry.upload;
    const value = entry.digests.get(part);
    await this.list.change(
      entry,
      { type: 'received', part, bytes },
      value === undefined ? {} : { digest: { id, part, value } },
    );
  }

  /** Cancelled from another device: the server holds nothing of it, and so do we. */
  async #freed(entry: Entry): Promise<void> {
    const { id } = entry.upload;
    await this.list.change(entry, { type: 'freed', now: this.#host.now() }, { unstageAll: [id] });
    this.list.bytes.forgetStaged(id);
  }

  async #acknowledged(entry: Entry, part: number, digest: string | null): Promise<void> {
    const { id } = entry.upload;
    if (digest !== null) entry.digests.set(part, digest);
    await this.list.change(
      entry,
      { type: 'acknowledged', part },
      { unstage: { id, part }, ...(digest !== null && { digest: { id, part, value: digest } }) },
    );
    this.list.bytes.release(id, part, true);
    if (digest === null) this.list.noteUnverified(entry);
    if (isWhole(entry.upload) && entry.upload.life.at === 'going') {
      // Whole, but the answer that says "stored" was lost, or is still on its way: asked for rather than assumed.
      entry.attached = false;
      entry.restUntil = entry.busy.size > 1 ? this.#host.now() + VERIFY_AGAIN_MS : 0;
    }
  }

  async #stored(entry: Entry): Promise<void> {
    const { id } = entry.upload;
    await this.list.change(entry, { type: 'stored' }, { unstageAll: [id] });
    this.list.bytes.drop(id, true);
    this.#host.onStored();
  }

  async #sessionExpired(sessionId: string): Promise<void> {
    const session = this.list.session(sessionId);
    const refresh = session !== null && isRenewedByItself(session, this.#host.now());
    if (refresh) this.list.noteSession({ ...session, refreshed: session.issuedAt });
    const ids = this.list
      .mine()
      .filter(({ upload }) => upload.session === sessionId && upload.life.at === 'going')
      .map(({ upload }) => upload.id);
    this.#host.log(
      `upload session expired, ${ids.length} uploads, ${refresh ? 'refreshing it' : 'a person decides'}`,
    );
    await this.list.applyAll(ids, { type: 'session-expired' });
    if (refresh) await this.list.applyAll(ids, { type: 'refresh' });
  }

  async #digestFailed(entry: Entry, part: number): Promise<void> {
    const { id } = entry.upload;
    const failures = (entry.digestFailures.get(part) ?? 0) + 1;
    entry.digestFailures.set(part, failures);
    this.#host.log(`upload: a part arrived with another digest, ${failures} times`);
    this.list.bytes.release(id, part, false);
    await this.list.change(entry, { type: 'emptied', part });
    if (failures >= MAX_DIGEST_FAILURES) await this.#fail(entry, { code: 'DIGEST_MISMATCH' });
  }

  /** The digest of a part as now read; not a digest when that failed, or is not what it was when first read. */
  async #digestOf(entry: Entry, part: number, reading: ReadPart['digest']): Promise<string | Unreadable> {
    const digest = await reading;
    if (typeof digest !== 'string') return digest;
    const first = entry.digests.get(part);
    if (first !== undefined && first !== digest) return { ok: false, why: 'changed' };
    entry.digests.set(part, digest);
    return digest;
  }

  async #unreadable(entry: Entry, why: Unreadable['why']) {
    const { id } = entry.upload;
    if (why !== 'permission') this.list.bytes.drop(id, false);
    await this.list.change(
      entry,
      why === 'permission' ? { type: 'permission-needed' } : { type: 'source-lost', why },
    );
  }

  async #fail(entry: Entry, { code, limit }: { code: ErrorCode; limit?: number }): Promise<void> {
    this.list.stopRequests(entry);
    await this.list.change(
      entry,
      limit === undefined ? { type: 'failed', code } : { type: 'failed', code, limit },
    );
  }

  // --- small things -------------------------------------------------------------------------------------------

  #answered(bytes: number, startedAt: number): void {
    const now = this.#host.now();
    this.#setLink(linkAfterAnswer(this.#link, bytes, now - startedAt), 'answered');
    this.#sentBytes += bytes;
    // The first answer marks where the window begins: after an outage its request may have left long ago.
    if (bytes > 0 || this.#samples.length === 0)
      this.#samples = addSample(this.#samples, { at: now, bytes: this.#sentBytes });
    for (const entry of this.#moving) this.list.sample(entry);
  }

  #failed(startedAt: number, why: string): void {
    this.#setLink(linkAfterFailure(this.#link, startedAt, this.#host.now(), this.#host.chance()), why);
  }

  /** `why` is for the log, which has a line for each change and none for what failed together with another. */
  #setLink(link: Link, why: string): void {
    const before = this.#link;
    this.#link = link;
    const isSeen = link.failures > 1 !== before.failures > 1 || link.toldUntil !== before.toldUntil;
    const isWorse = link.failures > 1 && link.notBefore !== before.notBefore;
    if (isSeen || isWorse) this.list.touchAll();
    if (isSeen || isWorse || link.failures > before.failures || link.ceilingBytes !== before.ceilingBytes) {
      const waitMs = Math.max(0, sendNotBefore(link) - this.#host.now());
      this.#host.log(`network: ${why}, ${link.failures} failures, next try in ${waitMs} ms`);
    }
  }

  /** Runs a request with `bytes` of body under a watchdog: no answer in good time is no answer. */
  async #watched<T>(stop: AbortSignal, bytes: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stalled = new AbortController();
    const patience = stallMs(this.#link, bytes, this.#times.stallMs);
    const startedAt = this.#host.now();
    const cancel = this.#host.timer(patience, () => {
      const now = this.#host.now();
      this.#setLink(linkAfterSilence(this.#link, bytes, startedAt, now, this.#host.chance()), STALLED);
      stalled.abort(STALLED);
    });
    try {
      return await ask(AbortSignal.any([stop, stalled.signal]));
    } finally {
      cancel();
    }
  }

  #releaseIdle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

function registrationOf({ id, path, name, size, type, lastModified, reopen }: Upload): RegisteredFile {
  return { id, path, name, size, type, lastModified, ...(reopen && { reopen }) };
}

function isWork({ upload: { life } }: Entry): boolean {
  return life.at === 'going' || life.at === 'removed' || (life.at === 'cancelled' && !life.told);
}
