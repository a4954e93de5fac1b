import * as v from 'valibot';
import { header, StoredFile, StoredFiles } from '../shared/api.ts';
import { goneBy, MAX_REMEMBERED_FILES, readLibraryAsk, recall } from '../shared/library-memory.ts';
import type { Account } from './account.ts';
import type { LibraryRecord, Store } from './store.ts';

interface Host {
  store: Store;
  account: Account;
  now: () => number;
  log: (line: string) => void;
}

/** The list, or one file of it; neither bytes nor thumbnails. */
const list = /^\/api\/files$/;
const one = /^\/api\/files\/([^/]+)$/;

/** Whether the answer to `request` says something of the library that is worth remembering. */
export function isOfLibrary({ url }: Request): boolean {
  const { pathname } = new URL(url);
  return list.test(pathname) || one.test(pathname);
}

/**
 * What was last heard of the library of the account that is signed in. It answers while the server can't be reached,
 * marked by `header.heardAt`, and is forgotten when this account signs out or another one signs in.
 */
export class LibraryMemory {
  #host: Host;
  /** What the database holds, once it was read; it is read and written by one at a time. */
  #known: { record: LibraryRecord; files: Map<string, StoredFile> } | null = null;
  #isRead = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
  }

  /** The server's answer, which is remembered as `keep` allows; where nobody answers, what is remembered. */
  async answer(
    request: Request,
    send: () => Promise<Response>,
    keep: (work: Promise<void>) => void,
  ): Promise<Response> {
    const before = await this.#host.account.state();
    const response = await send();
    const { current } = this.#host.account;
    // An answer that comes after somebody else signed in is neither theirs nor any longer the first one's.
    if (current.at !== 'signed-in' || current.epoch !== before.epoch) return response;
    if (isSilence(request, response)) {
      return (await this.#inTurn(() => this.#recall(current.account.id, request))) ?? response;
    }
    if (response.ok && response.status !== 202) {
      const copy = response.clone();
      keep(this.#inTurn(() => this.#learn(current.account.id, request, copy)));
    }
    return response;
  }

  /** Forgets what was heard for an account that has left. An expired session leaves it, unseen, for its return. */
  async accountChanged(): Promise<void> {
    const { current } = this.#host.account;
    if (current.at === 'unknown' || current.at === 'expired') return;
    const id = current.at === 'signed-in' ? current.account.id : null;
    await this.#inTurn(async () => {
      await this.#read();
      if (this.#known && this.#known.record.account !== id) await this.#forget();
    }).catch(() => this.#host.log('the library could not be forgotten'));
  }

  async #learn(account: string, request: Request, response: Response): Promise<void> {
    try {
      await this.#read();
      if (this.#host.account.current.at !== 'signed-in') return;
      const { pathname, searchParams } = new URL(request.url);
      const body: unknown = response.status === 204 ? null : await response.json();
      if (list.test(pathname)) await this.#learnList(account, searchParams, body);
      else await this.#learnOne(account, request.method, one.exec(pathname)?.[1] ?? '', body);
    } catch (cause) {
      // A memory that is full or broken must not take the library with it.
      this.#host.log(`the library is not remembered: ${cause instanceof Error ? cause.name : 'unknown'}`);
    }
  }

  async #learnList(account: string, query: URLSearchParams, body: unknown): Promise<void> {
    const parsed = v.safeParse(StoredFiles, body);
    if (!parsed.success) return;
    const { files, usedBytes, quotaBytes } = parsed.output;
    if (this.#known && this.#known.record.account !== account) await this.#forget();
    const record = { account, heardAt: this.#host.now(), usedBytes, quotaBytes };
    const known = this.#known?.files ?? new Map<string, StoredFile>();
    const drop = goneBy(
      known.values(),
      readLibraryAsk((name) => query.get(name)),
      parsed.output,
    );
    for (const id of drop) known.delete(id);
    const room = MAX_REMEMBERED_FILES - known.size;
    const fresh = files.filter(({ id }) => !known.has(id)).slice(0, room);
    const keep = [...files.filter((file) => isOther(known.get(file.id), file)), ...fresh];
    for (const file of keep) known.set(file.id, file);
    this.#known = { record, files: known };
    await this.#host.store.changeLibrary({ record, keep, drop });
  }

  async #learnOne(account: string, method: string, id: string, body: unknown): Promise<void> {
    const known = this.#known;
    if (known?.record.account !== account || !known.files.has(id)) return;
    if (method === 'DELETE') {
      known.files.delete(id);
      await this.#host.store.changeLibrary({ drop: [id] });
    }
    const parsed = v.safeParse(StoredFile, body);
    if (!parsed.success) return;
    known.files.set(id, parsed.output);
    await this.#host.store.changeLibrary({ keep: [parsed.output] });
  }

  async #recall(account: string, request: Request): Promise<Response | null> {
    await this.#read().catch(() => undefined);
    if (this.#known?.record.account !== account) return null;
    const { record, files } = this.#known;
    const { searchParams } = new URL(request.url);
    const { usedBytes, quotaBytes, heardAt } = record;
    const ask = readLibraryAsk((name) => searchParams.get(name));
    const found = recall(files.values(), ask, { usedBytes, quotaBytes });
    return found && Response.json(found, { headers: { [header.heardAt]: String(heardAt) } });
  }

  async #read(): Promise<void> {
    if (this.#isRead) return;
    const found = await this.#host.store.library();
    this.#known = found && {
      record: found.record,
      files: new Map(found.files.map((file) => [file.id, file])),
    };
    this.#isRead = true;
  }

  async #forget(): Promise<void> {
    this.#known = null;
    await this.#host.store.forgetLibrary();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** Whether the list was asked for and nobody answered, or something that is not our server did. */
function isSilence({ url, method }: Request, response: Response): boolean {
  if (method !== 'GET' || !list.test(new URL(url).pathname)) return false;
  const isJson = /^application\/([\w.-]+\+)?json\b/i.test(response.headers.get('Content-Type') ?? '');
  return !isJson || (response.status === 503 && response.headers.has(header.gateway));
}

function isOther(known: StoredFile | undefined, heard: StoredFile): boolean {
  return known !== undefined && (known.name !== heard.name || known.path !== heard.path);
}
