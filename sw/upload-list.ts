import type { AccountState } from '../shared/account-session.ts';
import { HoldfastError } from '../shared/errors.ts';
import type { Link } from '../shared/pace.ts';
import { PART_BYTES, partCount } from '../shared/parts.ts';
import type { PickedFile, Snapshot } from '../shared/protocol.ts';
import { isSent, isUnverified } from '../shared/reselect.ts';
import { addSample, type Sample, samplesAsSendingBegins, speedOf } from '../shared/speed.ts';
import {
  isOver,
  type Life,
  missingParts,
  nextUpload,
  spanOf,
  type Upload,
  type UploadEvent,
} from '../shared/upload.ts';
import { isEndNews, isSessionOver, sessionEndsAt } from '../shared/upload-session.ts';
import { type Safety, type Totals, totalsOf, type UploadView, viewUpload } from '../shared/upload-view.ts';
import { PartBytes } from './part-bytes.ts';
import type { Checkpoint, SessionRecord, Store } from './store.ts';

/** One upload: its checkpoint, and what lives only as long as this worker. */
export interface Entry {
  /** As it stands, a change that is just being written included: what planning goes by. */
  upload: Upload;
  /** As it is written down: what is shown, so that nothing was ever shown that a restart takes back. */
  saved: Upload;
  /** The server has confirmed what it holds, since this worker started. */
  attached: boolean;
  /** The server has acknowledged parts that were not compared with the file at hand. */
  unverified: boolean;
  /** The file at hand has all that went out of it, as was looked at before its last part. */
  isRechecked: boolean;
  /** Left alone until then, ms since the epoch. */
  restUntil: number;
  /** Parts with a request in flight; -1 stands for one that concerns the whole upload. */
  busy: Set<number>;
  /** Parts of which the server may hold more than we know. */
  doubtful: Set<number>;
  /** SHA-256 of parts in base64, fixed when a part is first read. */
  digests: Map<number, string>;
  digestFailures: Map<number, number>;
  samples: readonly Sample[];
  /** Ends every request of this upload. */
  stop: AbortController;
  /** The row as last made; null when something has changed since. */
  view: UploadView | null;
}

/** How long an upload is left alone after its checkpoint could not be written, in ms. */
const UNSAVED_REST_MS = 5000;
/** How far the end of a session moves before that is written down, in ms: a minute short of it is as good as true. */
const SLIDE_MS = 60_000;

interface Host {
  store: Store;
  filesAreSnapshots: boolean;
  /** Ms since the epoch, by the device's clock. */
  now: () => number;
  account: () => AccountState;
  link: () => Link;
  /** Nothing is to be sent over a connection like this one. */
  heldBack: () => boolean;
  /** Rows changed, or are gone. */
  onChange: (ids: readonly string[]) => void;
  /** There may be something to do. */
  onWork: () => void;
  /** A newer worker has taken over, or the browser has emptied the store: nothing of this one counts any more. */
  onOutdated: () => void;
  log: (line: string) => void;
}

/**
 * The uploads of this device, of every account that was signed in on it. A change is written down before anybody
 * hears of it; only those of the present account are ever shown or sent.
 */
export class UploadList {
  readonly bytes: PartBytes;
  #host: Host;
  #generation = 0;
  #entries = new Map<string, Entry>();
  #sessions = new Map<string, SessionRecord>();
  /** By session, the `issuedAt` that was written down last. */
  #writtenIssuedAt = new Map<string, number>();
  /** By session, the end that pages were told of; see `sessionEndsAt`. */
  #toldEnds = new Map<string, number | null>();
  #mine: { account: string | null; entries: readonly Entry[] } | null = null;

  constructor(host: Host) {
    this.#host = host;
    this.bytes = new PartBytes(host.store, host.filesAreSnapshots);
  }

  /** Takes the place of any worker before this one and reads where things stand: on a second time, what is left. */
  async load(): Promise<void> {
    const known = [...this.#entries.keys()];
    this.#generation = await this.#host.store.claim(this.#generation);
    const loaded = await this.#host.store.load();
    this.#entries = new Map(loaded.uploads.map((upload) => [upload.id, newEntry(upload)]));
    this.#mine = null;
    const used = new Set(loaded.uploads.map(({ session }) => session));
    this.#sessions = new Map(loaded.sessions.filter(({ id }) => used.has(id)).map((one) => [one.id, one]));
    this.#writtenIssuedAt = new Map(loaded.sessions.map(({ id, issuedAt }) => [id, issuedAt]));
    const unused = loaded.sessions.filter(({ id }) => !used.has(id)).map(({ id }) => id);
    if (unused.length > 0) await this.save({ forgetSessions: unused }, 'relaxed');
    for (const { id, part, value } of loaded.digests) this.#entries.get(id)?.digests.set(part, value);
    for (const { id, part } of loaded.staged) this.bytes.noteStaged(id, part);
    for (const id of loaded.handles) this.bytes.noteHandle(id);
    if (known.length > 0) this.touch(known);
  }

  /** Goes up with each worker that takes over; checkpoints of an older one fail. */
  get generation(): number {
    return this.#generation;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Entries of the present account, in the order they were added. */
  mine(): readonly Entry[] {
    const account = this.accountId();
    if (this.#mine?.account !== account) {
      const entries = [...this.#entries.values()].filter(({ upload }) => upload.account === account);
      this.#mine = { account, entries };
    }
    return this.#mine.entries;
  }

  everyones(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** The entry of an upload of the present account. */
  entry(id: string): Entry | null {
    const entry = this.#entries.get(id);
    return entry && entry.upload.account === this.accountId() ? entry : null;
  }

  accountId(): string | null {
    const account = this.#host.account();
    return account.at === 'signed-in' || account.at === 'expired' ? account.account.id : null;
  }

  session(id: string): SessionRecord | null {
    return this.#sessions.get(id) ?? null;
  }

  /** In memory; what has to last goes into a checkpoint too. */
  noteSession(record: SessionRecord): void {
    this.#sessions.set(record.id, record);
  }

  /** Activity has moved the end of a session. That is written down with what is next, and not with each part. */
  slideSession(id: string, issuedAt: number): void {
    const session = this.#sessions.get(id);
    if (session && issuedAt > session.issuedAt) this.noteSession({ ...session, issuedAt });
  }

  /** Tells pages of the sessions whose end has come into sight since they were told last, or has moved. */
  tellEnds(): void {
    const now = this.#host.now();
    for (const session of this.#sessions.values()) {
      const endsAt = sessionEndsAt(session, now);
      if (!isEndNews(endsAt, this.#toldEnds.get(session.id) ?? null)) continue;
      this.#toldEnds.set(session.id, endsAt);
      const isOfIt = ({ upload }: Entry) => upload.session === session.id && !isOver(upload);
      this.touch([...this.#entries.values()].filter(isOfIt).map(({ upload }) => upload.id));
    }
  }

  /** Throws `OUTDATED` when a newer worker has taken over, `DEVICE_FULL` when the browser has no room. */
  async save(checkpoint: Checkpoint, durability: 'strict' | 'relaxed'): Promise<void> {
    const sessions = [...this.#slid(), ...(checkpoint.sessions ?? [])];
    try {
      await this.#host.store.save(this.#generation, { ...checkpoint, sessions }, durability);
    } catch (cause) {
      if (cause instanceof HoldfastError && cause.code === 'OUTDATED') this.#host.onOutdated();
      throw cause;
    }
    for (const { id, issuedAt } of sessions) this.#writtenIssuedAt.set(id, issuedAt);
  }

  // --- what a person asks for -----------------------------------------------------------------------------------

  /** Takes new uploads: kept before it returns, so that they are on the list whatever happens next. */
  async add(uploads: readonly Upload[], files: readonly PickedFile[]): Promise<void> {
    const fresh = uploads.filter(({ id }) => !this.#entries.has(id));
    const handles = files.flatMap(({ id, handle }) => (handle ? [{ id, handle }] : []));
    await this.save({ uploads: fresh, handles }, 'strict');
    for (const upload of fresh) this.#entries.set(upload.id, newEntry(upload));
    this.#mine = null;
    for (const { id } of handles) this.bytes.noteHandle(id);
    for (const { id, file } of files) this.bytes.holdFile(id, file);
    this.touch(fresh.map(({ id }) => id));
    this.#host.onWork();
  }

  /** Takes new uploads whose bytes are all staged under their ids: files that another app has shared. */
  async addFromInbox(uploads: readonly Upload[]): Promise<void> {
    const fresh = uploads.filter(({ id }) => !this.#entries.has(id));
    await this.save({ uploads: fresh, accepted: fresh.map(({ id }) => id) }, 'strict');
    for (const upload of fresh) {
      this.#entries.set(upload.id, newEntry(upload));
      const parts = partCount(upload.size, upload.partBytes);
      for (let part = 0; part < parts; part++) this.bytes.noteStaged(upload.id, part);
    }
    this.#mine = null;
    this.touch(fresh.map(({ id }) => id));
    this.#host.onWork();
  }

  /** Applies what a person asked for, or what became known, to uploads; one checkpoint for all of them. */
  async applyAll(ids: readonly string[], event: UploadEvent): Promise<void> {
    const changed: Entry[] = [];
    for (const id of ids) {
      const entry = this.entry(id);
      if (entry && this.#turnTo(entry, event)) changed.push(entry);
    }
    await this.saveAll(changed, {}, 'strict');
    this.#host.onWork();
  }

  /** Writes these entries down as they stand, with what belongs into the same checkpoint, and tells the pages. */
  async saveAll(
    entries: readonly Entry[],
    also: Checkpoint,
    durability: 'strict' | 'relaxed',
  ): Promise<void> {
    if (entries.length === 0) return;
    const uploads = entries.map(({ upload }) => upload);
    try {
      await this.save({ ...also, uploads }, durability);
    } catch (cause) {
      // What can't be written down is not so: it goes on from what is, and registering again brings the rest.
      for (const [n, entry] of entries.entries()) {
        if (entry.upload === uploads[n]) entry.upload = entry.saved;
        entry.attached = false;
        entry.restUntil = this.#host.now() + UNSAVED_REST_MS;
      }
      throw cause;
    }
    // Checkpoints are written in the order they were asked for, so this is never older than what it replaces.
    for (const [n, entry] of entries.entries()) entry.saved = uploads[n] ?? entry.saved;
    this.touch(uploads.map(({ id }) => id));
  }

  /** Applies what became known of one upload, with what belongs into the same checkpoint. */
  async change(entry: Entry, event: UploadEvent, also: Checkpoint = {}): Promise<void> {
    if (!this.#turnTo(entry, event)) return;
    // Bytes on their way can be asked for again; what a person decided, and what is final, must last.
    const isPassing = event.type === 'received' || event.type === 'acknowledged';
    await this.saveAll([entry], also, isPassing ? 'relaxed' : 'strict');
  }

  /** Takes a `File` for an upload that asked for one. The caller has seen to it that it is the same file. */
  async giveFile(id: string, file: File, handle?: FileSystemFileHandle): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry || file.size !== entry.upload.size) return;
    this.bytes.holdFile(id, file);
    entry.isRechecked = false;
    this.noteUnverified(entry);
    if (handle) {
      await this.save({ handles: [{ id, handle }] }, 'strict');
      this.bytes.noteHandle(id);
    }
    this.touch([id]);
    await this.applyAll([id], { type: 'source-found', lastModified: file.lastModified });
  }

  /**
   * Takes a file that a person has chosen again. The caller has seen to it that what was sent is in it; all the rest is
   * read from it anew, since what was kept of it may come from another state of the file.
   */
  async replaceFile(id: string, file: File, handle?: FileSystemFileHandle): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry || file.size !== entry.upload.size) return;
    const unsent = [...entry.digests.keys()].filter((part) => !isSent(entry.upload, part));
    await this.save({ unstageAll: [id], undigest: { id, parts: unsent } }, 'strict');
    for (const part of unsent) entry.digests.delete(part);
    this.bytes.forgetStaged(id);
    this.bytes.releaseRead(id);
    await this.giveFile(id, file, handle);
  }

  /** Looks whether the server has parts that were never compared with the file at hand. */
  noteUnverified(entry: Entry): void {
    const { upload, digests } = entry;
    entry.unverified = this.bytes.hasSource(upload.id) && isUnverified(upload, digests);
  }

  /** Forgets uploads that the server need not be told of. */
  async forget(ids: readonly string[]): Promise<void> {
    await this.save({ forget: ids }, 'strict');
    for (const id of ids) {
      this.#entries.get(id)?.stop.abort('forgotten');
      this.#entries.delete(id);
      this.bytes.drop(id, true);
    }
    this.#mine = null;
    this.touch(ids);
    this.#host.onWork();
  }

  /** The newest session of the account on this device if it is not over and has room for more files, else null. */
  openSession(files: number, maxFiles: number): string | null {
    const id = this.mine().at(-1)?.upload.session;
    if (id === undefined) return null;
    const record = this.#sessions.get(id);
    const count = this.mine().filter(({ upload }) => upload.session === id).length;
    const isOpen = record === undefined || !isSessionOver(record, this.#host.now());
    return isOpen && count + files <= maxFiles ? id : null;
  }

  /** Ends the requests of an upload; what they had sent may have arrived. */
  stopRequests(entry: Entry): void {
    for (const part of entry.busy) if (part >= 0) entry.doubtful.add(part);
    entry.stop.abort('stopped');
    entry.stop = new AbortController();
    this.bytes.releaseRead(entry.upload.id);
  }

  // --- what pages see -------------------------------------------------------------------------------------------

  /** Ids of uploads whose bytes this worker can't reach, and a page's `File` could supply. */
  wants(): string[] {
    // A page's `File` that has changed, or can't be read, would fail again: that takes a person.
    const isBad = ({ life }: Upload) =>
      life.at === 'needs-file' && life.why !== 'restarted' && life.why !== 'bytes-lost';
    const isWanted = ({ upload }: Entry) =>
      !isOver(upload) && !isBad(upload) && !this.bytes.hasFile(upload.id) && this.#safety(upload) !== 'yes';
    return this.mine()
      .filter(isWanted)
      .map(({ upload }) => upload.id);
  }

  row(id: string): UploadView | null {
    const entry = this.entry(id);
    return entry && entry.upload.life.at !== 'removed' ? this.#view(entry) : null;
  }

  rows(): UploadView[] {
    return this.mine()
      .filter(({ upload }) => upload.life.at !== 'removed')
      .map((entry) => this.#view(entry));
  }

  snapshot(rev: number, bytesPerSecond: number | null): Snapshot {
    const rows = this.rows();
    return { rev, totals: totalsOf(rows, bytesPerSecond), rows };
  }

  totals(bytesPerSecond: number | null): Totals {
    return totalsOf(this.rows(), bytesPerSecond);
  }

  /** These rows have to be made anew, and pages to be told. */
  touch(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry) entry.view = null;
    }
    this.#host.onChange(ids);
  }

  /** Something that shows in every unfinished row has changed: the network, or who is signed in. */
  touchAll(): void {
    this.#mine = null;
    this.touch(
      [...this.#entries.values()].filter(({ upload }) => !isOver(upload)).map(({ upload }) => upload.id),
    );
  }

  /** Notes how far an upload is at this time, for its speed. */
  sample(entry: Entry): void {
    const { shownBytes } = entry.saved;
    entry.samples = addSample(entry.samples, { at: this.#host.now(), bytes: shownBytes });
  }

  /** Notes that a request of an upload is about to leave, and none was on its way. */
  beginSending(entry: Entry): void {
    entry.samples = samplesAsSendingBegins(entry.samples, this.#host.now());
  }

  #turnTo(entry: Entry, event: UploadEvent): boolean {
    const before = entry.upload;
    const after = nextUpload(before, event);
    if (after === before) return false;
    entry.upload = after;
    if (after.life !== before.life) this.#logTrouble(after.life);
    if (event.type === 'retry') entry.digestFailures.clear();
    if (after.life.at !== 'going') this.stopRequests(entry);
    else if (before.life.at !== 'going') entry.attached = false;
    return true;
  }

  /** What a person did is not logged: only what they did not expect. */
  #logTrouble(life: Life): void {
    if (life.at === 'failed') this.#host.log(`upload: failed, ${life.code}`);
    if (life.at === 'needs-file') this.#host.log(`upload: needs its file, ${life.why}`);
    if (life.at === 'needs-permission') this.#host.log('upload: needs permission to read its file');
  }

  /** Sessions whose end has moved since it was written down. */
  #slid(): SessionRecord[] {
    return [...this.#sessions.values()].filter(({ id, issuedAt }) => {
      const written = this.#writtenIssuedAt.get(id);
      return written !== undefined && issuedAt - written >= SLIDE_MS;
    });
  }

  #view(entry: Entry): UploadView {
    entry.view ??= this.#makeView(entry);
    return entry.view;
  }

  #makeView({ saved: upload, busy, restUntil, samples }: Entry): UploadView {
    const now = this.#host.now();
    const link = this.#host.link();
    const told = link.toldUntil > now ? link.toldUntil : null;
    const session = this.#sessions.get(upload.session);
    return viewUpload(upload, {
      inFlight: busy.size,
      heldBack: this.#host.heldBack(),
      signedIn: this.#host.account().at === 'signed-in',
      offlineUntil: link.failures > 1 ? Math.max(now, link.notBefore) : null,
      waitUntil: restUntil > now ? restUntil : told,
      safe: this.#safety(upload),
      hasSource: this.bytes.hasFile(upload.id) || this.bytes.hasHandle(upload.id),
      bytesPerSecond: speedOf(samples, now),
      sessionEndsAt: session ? sessionEndsAt(session, now) : null,
    });
  }

  #safety(upload: Upload): Safety {
    const staged = this.bytes.stagedParts(upload.id);
    // Most files are one part: no need to walk what is missing.
    if (staged.size === 0 && upload.size > 0 && upload.size <= PART_BYTES) {
      return this.bytes.hasHandle(upload.id) ? 'one-click' : 'no';
    }
    for (const part of missingParts(upload)) {
      if (!staged.has(part) && spanOf(upload, part).length > 0) {
        return this.bytes.hasHandle(upload.id) ? 'one-click' : 'no';
      }
    }
    return 'yes';
  }
}

function newEntry(upload: Upload): Entry {
  return {
    upload,
    saved: upload,
    attached: false,
    unverified: false,
    isRechecked: false,
    restUntil: 0,
    busy: new Set(),
    doubtful: new Set(),
    digests: new Map(),
    digestFailures: new Map(),
    samples: [],
    stop: new AbortController(),
    view: null,
  };
}
