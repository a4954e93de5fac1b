import type { AccountState } from '../shared/account-session.ts';
import type { Verdict } from '../shared/answer.ts';
import type { RegisteredFile } from '../shared/api.ts';
import { type ErrorCode, HoldfastError } from '../shared/errors.ts';
import {
  freshLink,
  type Link,
  linkAfterAnswer,
  linkAfterFailure,
  linkAfterKick,
  linkAfterLater,
  linkAfterTooLarge,
  MIN_SEGMENT_BYTES,
  stallMs,
} from '../shared/pace.ts';
import { type Plan, planNext, type Standing, type Step } from '../shared/plan.ts';
import type { PickedFile, Snapshot } from '../shared/protocol.ts';
import { countRanges, inRanges } from '../shared/ranges.ts';
import { addSample, type Sample, secondsLeft, speedOf } from '../shared/speed.ts';
import { isStagingWorthIt, nextToStage } from '../shared/staging.ts';
import {
  isOver,
  isWhole,
  missingParts,
  nextUpload,
  spanOf,
  type Upload,
  type UploadEvent,
} from '../shared/upload.ts';
import { isSessionOver } from '../shared/upload-session.ts';
import { type Safety, type Totals, totalsOf, type UploadView, viewUpload } from '../shared/upload-view.ts';
import { PartBytes, type ReadPart, sha256, type Unreadable } from './part-bytes.ts';
import type { Checkpoint, SessionRecord, Store } from './store.ts';
import type { UploadApi } from './upload-api.ts';

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
  /** The server said that the cookie is another account's. */
  onWrongAccount: () => void;
  /** Rows changed, or are gone; `[]` when only the totals did. */
  onChange: (ids: readonly string[]) => void;
  onStored: () => void;
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
/** Times that one part may fail its digest before the file fails. */
const MAX_DIGEST_FAILURES = 3;

/** One upload's place in the engine: its checkpoint, and what only lives as long as this worker. */
interface Entry {
  upload: Upload;
  attached: boolean;
  restUntil: number;
  busy: Set<number>;
  doubtful: Set<number>;
  digests: Map<number, string>;
  digestFailures: Map<number, number>;
  samples: readonly Sample[];
  /** Ends every request of this upload. */
  stop: AbortController;
}

/**
 * The one sender. It holds the uploads of this device, plans by `shared/plan.ts`, and does what it is told: every
 * event, an answer or a click or a timer, ends in `#turn()`, which looks at all there is and starts what there is
 * room for. It may die at any `await`: what matters is in the store before anybody hears of it.
 */
export class Engine {
  readonly bytes: PartBytes;
  #host: EngineHost;
  #times: EngineTimes;
  #generation = 0;
  #entries = new Map<string, Entry>();
  #sessions = new Map<string, SessionRecord>();
  #link: Link = freshLink;
  #inFlight = 0;
  #attaching = new Set<string>();
  /** Files per registration, smaller after one was refused: one bad file must not hold back the others. */
  #batch = new Map<string, number>();
  #samples: readonly Sample[] = [];
  #sentBytes = 0;
  #sendingSince: number | null = null;
  #kickedAt = 0;
  #staging = false;
  #stagingFull = false;
  #cancelTimer: (() => void) | null = null;
  #stopAll = new AbortController();
  #startedAt = 0;
  #state: 'loading' | 'ready' | 'draining' = 'loading';
  #onIdle: (() => void)[] = [];

  constructor(host: EngineHost, times: EngineTimes) {
    this.#host = host;
    this.#times = times;
    this.bytes = new PartBytes(host.store, host.filesAreSnapshots);
  }

  /** Takes the place of any engine before it and reads where things stand. Starting up is recovering. */
  async start(): Promise<void> {
    this.#generation = await this.#host.store.claim();
    const loaded = await this.#host.store.load();
    const used = new Set(loaded.uploads.map(({ session }) => session));
    for (const session of loaded.sessions) if (used.has(session.id)) this.#sessions.set(session.id, session);
    const unused = loaded.sessions.filter(({ id }) => !used.has(id)).map(({ id }) => id);
    if (unused.length > 0) await this.#save({ forgetSessions: unused }, 'relaxed');
    for (const upload of loaded.uploads) this.#entries.set(upload.id, newEntry(upload));
    for (const { id, part, value } of loaded.digests) this.#entries.get(id)?.digests.set(part, value);
    for (const { id, part } of loaded.staged) this.bytes.noteStaged(id, part);
    for (const id of loaded.handles) this.bytes.noteHandle(id);
    this.#startedAt = this.#host.now();
    this.#state = 'ready';
    this.#host.log(`engine ${this.#generation} starts with ${this.#entries.size} uploads`);
    this.#turn();
  }

  get generation(): number {
    return this.#generation;
  }

  get isDraining(): boolean {
    return this.#state === 'draining';
  }

  /** Whether there is anything to do or to wait for, held uploads among it. */
  get hasWork(): boolean {
    return this.#state === 'ready' && this.#mine().some(isWork);
  }

  /** Settles as soon as there is no work left. */
  whenIdle(): Promise<void> {
    return this.hasWork ? new Promise((resolve) => this.#onIdle.push(resolve)) : Promise.resolve();
  }

  /** Ids of uploads whose bytes this worker can't reach, and a page's `File` could supply. */
  wants(): string[] {
    return this.#mine()
      .filter(
        ({ upload }) => !isOver(upload) && !this.bytes.hasFile(upload.id) && this.#safety(upload) !== 'yes',
      )
      .map(({ upload }) => upload.id);
  }

  snapshot(rev: number): Snapshot {
    return { rev, totals: this.totals(), rows: this.#rows() };
  }

  totals(): Totals {
    return totalsOf(this.#rows(), speedOf(this.#samples, this.#host.now()));
  }

  row(id: string): UploadView | null {
    const entry = this.#entries.get(id);
    const visible = entry && entry.upload.account === this.#accountId() && entry.upload.life.at !== 'removed';
    return visible ? this.#view(entry) : null;
  }

  /** Takes new uploads: kept before it returns, so that they are on the list whatever happens next. */
  async add(uploads: readonly Upload[], files: readonly PickedFile[]): Promise<void> {
    const fresh = uploads.filter(({ id }) => !this.#entries.has(id));
    const handles = files.flatMap(({ id, handle }) => (handle ? [{ id, handle }] : []));
    await this.#save({ uploads: fresh, handles }, 'strict');
    for (const upload of fresh) this.#entries.set(upload.id, newEntry(upload));
    for (const { id } of handles) this.bytes.noteHandle(id);
    for (const { id, file } of files) this.bytes.holdFile(id, file);
    this.#host.onChange(fresh.map(({ id }) => id));
    this.#turn();
  }

  /** The newest session of `account` on this device if it is not over and has room for more files, else null. */
  openSession(account: string, files: number, maxFiles: number): string | null {
    const mine = [...this.#entries.values()].filter(({ upload }) => upload.account === account);
    const id = mine.at(-1)?.upload.session;
    if (id === undefined) return null;
    const record = this.#sessions.get(id);
    const count = mine.filter(({ upload }) => upload.session === id).length;
    const isOpen = record === undefined || !isSessionOver(record, this.#host.now());
    return isOpen && count + files <= maxFiles ? id : null;
  }

  /** Takes a `File` for an upload that asked for one. The caller has seen to it that it is the same file. */
  async giveFile(id: string, file: File, handle?: FileSystemFileHandle): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry || file.size !== entry.upload.size) return;
    this.bytes.holdFile(id, file);
    if (handle) {
      await this.#save({ handles: [{ id, handle }] }, 'strict');
      this.bytes.noteHandle(id);
    }
    await this.apply(id, { type: 'source-found' });
  }

  upload(id: string): Upload | null {
    const entry = this.#entries.get(id);
    return entry && entry.upload.account === this.#accountId() ? entry.upload : null;
  }

  uploads(): Upload[] {
    return this.#mine().map(({ upload }) => upload);
  }

  /** The digests of an upload's parts as far as they are known, here or at the server. */
  async digestsOf(id: string): Promise<ReadonlyMap<number, string>> {
    const entry = this.#entries.get(id);
    if (!entry) return new Map();
    const { upload, digests } = entry;
    const isKnown =
      countRanges(upload.acknowledged) <=
      [...digests.keys()].filter((n) => inRanges(upload.acknowledged, n)).length;
    if (isKnown) return digests;
    const told = await this.#watched(this.#stopAll.signal, 0, (signal) =>
      this.#host.api.digests(upload.session, id, signal),
    );
    for (const [part, digest] of told ?? []) if (!digests.has(part)) digests.set(part, digest);
    return digests;
  }

  /** Applies what a person asked for, or what became known, to one upload. */
  async apply(id: string, event: UploadEvent): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) return;
    await this.#apply(entry, event);
    this.#turn();
  }

  /** Forgets uploads that the server need not be told of. */
  async forget(ids: readonly string[]): Promise<void> {
    await this.#save({ forget: ids }, 'strict');
    for (const id of ids) {
      this.#entries.get(id)?.stop.abort('forgotten');
      this.#entries.delete(id);
      this.bytes.drop(id, true);
    }
    this.#host.onChange(ids);
  }

  /** Something suggests that trying now is worth it: `online`, a page that became visible, a click. */
  kick(): void {
    const now = this.#host.now();
    if (now - this.#kickedAt < KICK_EVERY_MS) return;
    this.#kickedAt = now;
    this.#link = linkAfterKick(this.#link, now);
    this.#turn();
  }

  /** The account session changed: nothing of another account, or of none, stays in flight. */
  accountChanged(): void {
    const accountId = this.#accountId();
    const signedIn = this.#host.account().at === 'signed-in';
    this.#stopAll.abort('account changed');
    this.#stopAll = new AbortController();
    for (const entry of this.#entries.values()) {
      if (entry.upload.account !== accountId || !signedIn) this.#stopRequests(entry);
      entry.attached = false;
    }
    this.#host.onChange([...this.#entries.keys()]);
    this.#turn();
  }

  /** Stops for good: nothing new goes out, what is in flight gets a few seconds, the rest is cut. */
  async drain(): Promise<void> {
    this.#state = 'draining';
    this.#cancelTimer?.();
    const settled = new Promise<void>((resolve) => {
      if (this.#inFlight === 0) resolve();
      this.#onIdle.push(resolve);
      this.#host.timer(this.#times.drainMs, resolve);
    });
    await settled;
    this.#stopAll.abort('drained');
    for (const entry of this.#entries.values()) this.#stopRequests(entry);
    this.#host.log(`engine ${this.#generation} drained`);
    this.#releaseIdle();
  }

  // --- deciding -----------------------------------------------------------------------------------------------

  #turn(): void {
    if (this.#state !== 'ready') return;
    const now = this.#host.now();
    this.#expireSessions(now);
    const plan = this.#plan(now);
    for (const step of plan.steps) void this.#do(step);
    if (this.#inFlight === 0) this.#sendingSince = null;
    void this.#stage(now);
    this.#setTimer(plan, now);
    if (!this.hasWork) this.#releaseIdle();
  }

  #plan(now: number): Plan {
    if (this.#host.account().at !== 'signed-in') return { steps: [], wakeAt: null };
    return planNext({
      standings: this.#standings(),
      link: this.#link,
      inFlight: this.#inFlight,
      attaching: this.#attaching,
      now,
    });
  }

  *#standings(): Generator<Standing> {
    for (const entry of this.#mine()) {
      const { upload, attached, restUntil, busy, doubtful } = entry;
      const reaches = (part: number) => this.bytes.reaches(upload.id, part);
      yield { upload, attached, restUntil, busy, doubtful, reaches };
    }
  }

  #setTimer({ wakeAt }: Plan, now: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const tick = this.hasWork ? now + TICK_MS : null;
    const at = wakeAt === null ? tick : Math.min(wakeAt, tick ?? wakeAt);
    if (at !== null) {
      this.#cancelTimer = this.#host.timer(Math.max(0, at - now), () => {
        if (this.#inFlight > 0) this.#host.onChange([...this.#moving()]);
        this.#turn();
      });
    }
  }

  *#moving(): Generator<string> {
    for (const { upload, busy } of this.#mine()) if (busy.size > 0) yield upload.id;
  }

  /** By the server's clock, before a byte is wasted. */
  #expireSessions(now: number): void {
    for (const { upload, attached } of this.#mine()) {
      const session = this.#sessions.get(upload.session);
      if (attached && upload.life.at === 'going' && session && isSessionOver(session, now)) {
        void this.#sessionExpired(session.id);
        return;
      }
    }
  }

  // --- doing --------------------------------------------------------------------------------------------------

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case 'attach':
        return this.#attach(step.session, step.ids);
      case 'look':
        return this.#withPart(step, (entry, signal) => this.#look(entry, step.part, signal));
      case 'send':
        return this.#withPart(step, (entry, signal) => this.#send(entry, step, signal));
      case 'free':
        return this.#withPart({ id: step.id, part: -1 }, (entry, signal) => this.#free(entry, signal));
      case 'lose':
        return this.#lose(step.id);
    }
  }

  /** After a start, pages get a moment to offer the files they have before a person is asked. */
  async #lose(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const patience = this.#startedAt + OFFER_MS;
    if (this.#host.now() < patience) entry.restUntil = patience;
    else await this.#apply(entry, { type: 'source-lost', why: 'restarted' });
    this.#turn();
  }

  /** Runs one request on a part, which nothing else touches until it is over. */
  async #withPart(
    { id, part }: { id: string; part: number },
    request: (entry: Entry, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.busy.add(part);
    await this.#counted(async () => {
      await request(entry, entry.stop.signal);
    });
    entry.busy.delete(part);
    this.#turn();
  }

  /** Runs a request that counts as in flight. What it throws is logged; that it was superseded ends this engine. */
  async #counted(request: () => Promise<void>): Promise<void> {
    this.#inFlight++;
    this.#sendingSince ??= this.#host.now();
    try {
      await request();
    } catch (cause) {
      if (cause instanceof HoldfastError && cause.code === 'OUTDATED') this.#state = 'draining';
      this.#host.log(`engine: ${cause instanceof Error ? `${cause.name} ${cause.message}` : String(cause)}`);
    }
    this.#inFlight--;
    if (this.#state === 'draining' && this.#inFlight === 0) this.#releaseIdle();
  }

  async #attach(sessionId: string, allIds: readonly string[]): Promise<void> {
    const ids = allIds.slice(0, this.#batch.get(sessionId) ?? allIds.length);
    const entries = ids.flatMap((id) => this.#entries.get(id) ?? []);
    const first = entries[0];
    if (!first) return;
    this.#attaching.add(sessionId);
    await this.#counted(async () => {
      const startedAt = this.#host.now();
      const files = entries.map(({ upload }) => registrationOf(upload));
      const { verdict, session } = await this.#watched(this.#stopAll.signal, 0, (signal) =>
        this.#host.api.attach(sessionId, files, signal),
      );
      if (session) {
        this.#answered(0, startedAt);
        this.#batch.delete(sessionId);
        await this.#attached(session, entries);
      } else if (verdict.is === 'refused' && entries.length > 1) {
        this.#batch.set(sessionId, Math.ceil(entries.length / 2));
      } else if (verdict.is === 'refused') {
        this.#batch.delete(sessionId);
        await this.#fail(first, verdict);
      } else {
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
    const before = this.#sessions.get(session.id);
    const account = entries[0]?.upload.account ?? '';
    const record: SessionRecord = {
      id: session.id,
      account,
      issuedAt: session.issuedAt,
      ttlMinutes: session.sessionTtlMinutes,
      clockOffsetMs: session.now - now,
      refreshed: before?.refreshed ?? null,
    };
    this.#sessions.set(session.id, record);
    const facts = new Map(session.files.map((file) => [file.id, file]));
    const uploads: Upload[] = [];
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
      if (!entry.attached) entry.restUntil = now + VERIFY_AGAIN_MS;
      entry.doubtful.clear();
      uploads.push(entry.upload);
    }
    const done = uploads.filter(({ life }) => life.at === 'stored').map(({ id }) => id);
    await this.#save({ uploads, sessions: [record], unstageAll: done }, 'relaxed');
    for (const id of done) this.bytes.drop(id, true);
    if (done.length > 0) this.#host.onStored();
    this.#host.onChange(uploads.map(({ id }) => id));
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
        else this.#failed(this.#host.now());
        await this.#apply(entry, { type: 'received', part, bytes: offset });
      }
    } else if (verdict.is === 'refused' || verdict.is === 'session-expired' || verdict.is === 'cancelled') {
      // An answer to HEAD has no body to say more: registering again does.
      entry.attached = false;
      entry.restUntil = this.#host.now() + VERIFY_AGAIN_MS;
    } else {
      await this.#trouble(verdict, startedAt, entry);
    }
  }

  async #send(entry: Entry, step: Extract<Step, { do: 'send' }>, stop: AbortSignal): Promise<void> {
    const { upload } = entry;
    const { part, offset, length, completes } = step;
    const read = await this.bytes.read(upload, part);
    if (stop.aborted) return;
    if (!read.ok) return this.#unreadable(entry, read.why);
    this.#readAhead(entry, part);
    const digest = completes ? await this.#digestOf(entry, part, read.digest) : null;
    if (stop.aborted) return;
    if (typeof digest === 'object' && digest) return this.#unreadable(entry, digest.why);
    const startedAt = this.#host.now();
    const body = read.body(offset, length);
    const segment = { session: upload.session, file: upload.id, part, offset, body, digest };
    const answer = await this.#watched(stop, length, (signal) => this.#host.api.sendSegment(segment, signal));
    if (answer.verdict.is !== 'done') {
      await this.#sendRefused(entry, step, answer.verdict, startedAt, stop);
      return;
    }
    this.#answered(length, startedAt);
    this.#slide(upload.session, answer.issuedAt);
    if (digest === null) await this.#apply(entry, { type: 'received', part, bytes: offset + length });
    else if (answer.completesFile) await this.#stored(entry);
    else await this.#acknowledged(entry, part, digest);
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
        return this.#apply(entry, { type: 'received', part, bytes: verdict.offset });
      case 'taken-over':
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
        this.#link = linkAfterTooLarge(this.#link, length);
        return;
      case 'refused':
        return this.#fail(entry, verdict);
      default: {
        entry.doubtful.add(part);
        const unreadable = await this.bytes.trouble(entry.upload);
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
        return this.#apply(entry, { type: 'freed', now: this.#host.now() });
      case 'signed-out':
        entry.attached = false;
        return;
      case 'wrong-account':
        entry.attached = false;
        entry.restUntil = this.#host.now() + TAKEN_OVER_REST_MS;
        this.#host.onWrongAccount();
        return;
      case 'later':
        this.#link = linkAfterLater(this.#link, this.#host.now(), verdict.afterMs);
        this.#host.onChange([entry.upload.id]);
        return;
      default:
        this.#failed(startedAt);
        this.#host.onChange([entry.upload.id]);
    }
  }

  async #free(entry: Entry, stop: AbortSignal): Promise<void> {
    const { id, session } = entry.upload;
    const startedAt = this.#host.now();
    const verdict = await this.#watched(stop, 0, (signal) => this.#host.api.free(session, id, signal));
    if (verdict.is !== 'done') return this.#trouble(verdict, startedAt, entry);
    this.#answered(0, startedAt);
    if (entry.upload.life.at === 'removed') return this.forget([id]);
    entry.attached = false;
    await this.#apply(entry, { type: 'told' });
  }

  async #acknowledged(entry: Entry, part: number, digest: string | null): Promise<void> {
    const { id } = entry.upload;
    entry.upload = nextUpload(entry.upload, { type: 'acknowledged', part });
    if (digest !== null) entry.digests.set(part, digest);
    if (isWhole(entry.upload) && entry.upload.life.at === 'going') {
      // Whole, but the answer that says "stored" was lost: asked for again rather than assumed.
      entry.attached = false;
      entry.restUntil = entry.busy.size > 1 ? this.#host.now() + VERIFY_AGAIN_MS : 0;
    }
    await this.#save(
      {
        uploads: [entry.upload],
        unstage: { id, part },
        ...(digest !== null && { digest: { id, part, value: digest } }),
      },
      'relaxed',
    );
    this.bytes.release(id, part, true);
    this.#progressed(entry);
  }

  async #stored(entry: Entry): Promise<void> {
    const { id } = entry.upload;
    entry.upload = nextUpload(entry.upload, { type: 'stored' });
    await this.#save({ uploads: [entry.upload], unstageAll: [id] }, 'strict');
    this.bytes.drop(id, true);
    this.#progressed(entry);
    this.#host.onStored();
  }

  async #sessionExpired(sessionId: string): Promise<void> {
    const session = this.#sessions.get(sessionId);
    // By itself once per expiry; if the server says the same again, a person decides.
    const refresh = session !== undefined && session.refreshed !== session.issuedAt;
    if (refresh) this.#sessions.set(sessionId, { ...session, refreshed: session.issuedAt });
    for (const entry of this.#mine()) {
      if (entry.upload.session !== sessionId || entry.upload.life.at !== 'going') continue;
      this.#stopRequests(entry);
      entry.attached = false;
      await this.#apply(entry, { type: 'session-expired' });
      if (refresh) await this.#apply(entry, { type: 'refresh' });
    }
    this.#host.log(`upload session expired, ${refresh ? 'refreshing it' : 'waiting for a person'}`);
    this.#turn();
  }

  async #digestFailed(entry: Entry, part: number): Promise<void> {
    const { id } = entry.upload;
    const failures = (entry.digestFailures.get(part) ?? 0) + 1;
    entry.digestFailures.set(part, failures);
    this.bytes.release(id, part, false);
    await this.#apply(entry, { type: 'emptied', part });
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
    if (why !== 'permission') this.bytes.drop(id, false);
    await this.#apply(
      entry,
      why === 'permission' ? { type: 'permission-needed' } : { type: 'source-lost', why },
    );
  }

  async #fail(entry: Entry, { code, limit }: { code: ErrorCode; limit?: number }): Promise<void> {
    this.#stopRequests(entry);
    await this.#apply(
      entry,
      limit === undefined ? { type: 'failed', code } : { type: 'failed', code, limit },
    );
  }

  // --- staging ------------------------------------------------------------------------------------------------

  async #stage(now: number): Promise<void> {
    if (this.#staging || this.#stagingFull) return;
    const bytesPerSecond = speedOf(this.#samples, now);
    const pace = {
      sendingForMs: this.#sendingSince === null ? null : now - this.#sendingSince,
      secondsLeft: secondsLeft(this.#bytesToGo(), bytesPerSecond),
      bytesPerSecond,
    };
    if (!isStagingWorthIt(pace)) return;
    this.#staging = true;
    try {
      const room = await this.#host.stagingRoom();
      const next = nextToStage(this.#stagingFacts(), room);
      const entry = next ? this.#entries.get(next.id) : undefined;
      if (next && entry) await this.#stagePart(entry, next.part);
      this.#staging = false;
      if (next) this.#turn();
    } catch (cause) {
      this.#staging = false;
      // No room, or a browser that keeps no bytes: uploads go on without, and their rows say so.
      this.#stagingFull = true;
      this.#host.log(`staging stops: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }

  *#stagingFacts() {
    for (const { upload, busy } of this.#mine()) {
      yield {
        upload,
        hasFile: this.bytes.hasFile(upload.id),
        staged: this.bytes.stagedParts(upload.id),
        busy,
      };
    }
  }

  async #stagePart(entry: Entry, part: number): Promise<void> {
    const { id } = entry.upload;
    const bytes = await this.bytes.copy(entry.upload, part);
    if ('ok' in bytes) return this.#unreadable(entry, bytes.why);
    const value = await this.#digestOf(entry, part, sha256(bytes));
    if (typeof value !== 'string') return this.#unreadable(entry, value.why);
    if (!isMissing(entry.upload, part)) return;
    await this.#save({ stage: { id, part, bytes }, digest: { id, part, value } }, 'strict');
    this.bytes.noteStaged(id, part);
    // Acknowledged while it was being written: the record that was to go with it has gone already.
    if (!isMissing(entry.upload, part)) {
      await this.#save({ unstage: { id, part } }, 'relaxed');
      this.bytes.release(id, part, true);
    }
    this.#host.onChange([id]);
  }

  // --- small things -------------------------------------------------------------------------------------------

  #readAhead({ upload, busy }: Entry, part: number): void {
    for (const next of missingParts(upload)) {
      if (next > part && !busy.has(next) && this.bytes.reaches(upload.id, next)) {
        this.bytes.readAhead(upload, next);
        return;
      }
    }
  }

  async #apply(entry: Entry, event: UploadEvent): Promise<void> {
    const before = entry.upload;
    const after = nextUpload(before, event);
    if (after === before) return;
    entry.upload = after;
    if (after.life.at !== 'going') this.#stopRequests(entry);
    else if (before.life.at !== 'going') entry.attached = false;
    const digest = event.type === 'received' ? entry.digests.get(event.part) : undefined;
    await this.#save(
      {
        uploads: [after],
        ...(event.type === 'received' &&
          digest !== undefined && { digest: { id: after.id, part: event.part, value: digest } }),
        ...(event.type === 'told' && { unstageAll: [after.id] }),
      },
      event.type === 'received' ? 'relaxed' : 'strict',
    );
    if (event.type === 'told') this.bytes.forgetStaged(after.id);
    this.#progressed(entry);
  }

  #progressed({ upload }: Entry): void {
    this.#host.onChange([upload.id]);
  }

  #stopRequests(entry: Entry): void {
    for (const part of entry.busy) if (part >= 0) entry.doubtful.add(part);
    entry.stop.abort('stopped');
    entry.stop = new AbortController();
    this.bytes.releaseRead(entry.upload.id);
  }

  #answered(bytes: number, startedAt: number): void {
    const now = this.#host.now();
    this.#link = linkAfterAnswer(this.#link, bytes, now - startedAt);
    this.#sentBytes += bytes;
    if (bytes > 0) this.#samples = addSample(this.#samples, { at: now, bytes: this.#sentBytes });
    for (const entry of this.#mine()) {
      if (entry.busy.size > 0 && entry.upload.life.at === 'going') {
        entry.samples = addSample(entry.samples, { at: now, bytes: entry.upload.shownBytes });
      }
    }
  }

  #failed(startedAt: number): void {
    this.#link = linkAfterFailure(this.#link, startedAt, this.#host.now(), this.#host.chance());
  }

  /** Runs a request with `bytes` of body under a watchdog: no answer in good time is no answer. */
  async #watched<T>(stop: AbortSignal, bytes: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stalled = new AbortController();
    const patience = stallMs(this.#link, bytes, this.#times.stallMs);
    const cancel = this.#host.timer(patience, () => stalled.abort('stalled'));
    try {
      return await ask(AbortSignal.any([stop, stalled.signal]));
    } finally {
      cancel();
    }
  }

  #slide(sessionId: string, issuedAt: number | null): void {
    const session = this.#sessions.get(sessionId);
    if (session && issuedAt !== null && issuedAt > session.issuedAt) {
      this.#sessions.set(sessionId, { ...session, issuedAt });
    }
  }

  #save(checkpoint: Checkpoint, durability: 'strict' | 'relaxed'): Promise<void> {
    return this.#host.store.save(this.#generation, checkpoint, durability);
  }

  #accountId(): string | null {
    const account = this.#host.account();
    return account.at === 'signed-in' || account.at === 'expired' ? account.account.id : null;
  }

  #mine(): Entry[] {
    const id = this.#accountId();
    return [...this.#entries.values()].filter(({ upload }) => upload.account === id);
  }

  #bytesToGo(): number {
    return this.#mine().reduce((sum, { upload }) => {
      return isOver(upload) ? sum : sum + upload.size - upload.shownBytes;
    }, 0);
  }

  #rows(): UploadView[] {
    return this.#mine()
      .filter(({ upload }) => upload.life.at !== 'removed')
      .map((entry) => this.#view(entry));
  }

  #view(entry: Entry): UploadView {
    const { upload, samples, restUntil } = entry;
    const now = this.#host.now();
    const away = this.#link.failures > 1;
    const told = this.#link.toldUntil > now ? this.#link.toldUntil : null;
    return viewUpload(upload, {
      inFlight: entry.busy.size,
      signedIn: this.#host.account().at === 'signed-in',
      offlineUntil: away ? Math.max(now, this.#link.notBefore) : null,
      waitUntil: restUntil > now ? restUntil : told,
      safe: this.#safety(upload),
      hasSource: this.bytes.hasFile(upload.id) || this.bytes.hasHandle(upload.id),
      bytesPerSecond: speedOf(samples, now),
    });
  }

  #safety(upload: Upload): Safety {
    const staged = this.bytes.stagedParts(upload.id);
    let allStaged = true;
    for (const part of missingParts(upload)) {
      if (!staged.has(part) && spanOf(upload, part).length > 0) {
        allStaged = false;
        break;
      }
    }
    if (allStaged) return 'yes';
    return this.bytes.hasHandle(upload.id) ? 'one-click' : 'no';
  }

  #releaseIdle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

function registrationOf({ id, path, name, size, type, lastModified, reopen }: Upload): RegisteredFile {
  return { id, path, name, size, type, lastModified, ...(reopen && { reopen }) };
}

function newEntry(upload: Upload): Entry {
  return {
    upload,
    attached: false,
    restUntil: 0,
    busy: new Set(),
    doubtful: new Set(),
    digests: new Map(),
    digestFailures: new Map(),
    samples: [],
    stop: new AbortController(),
  };
}

function isWork({ upload: { life } }: Entry): boolean {
  return life.at === 'going' || life.at === 'removed' || (life.at === 'cancelled' && !life.told);
}

function isMissing(upload: Upload, part: number): boolean {
  for (const missing of missingParts(upload)) if (missing >= part) return missing === part;
  return false;
}
