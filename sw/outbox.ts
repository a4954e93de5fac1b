import type { News } from '../shared/protocol.ts';
import type { Account } from './account.ts';
import type { ApiRequest } from './gateway.ts';
import type { Intent, Store } from './store.ts';

interface Host {
  store: Store;
  account: Account;
  send: (request: ApiRequest) => Promise<Response>;
  post: (news: News) => void;
  /** Something waits that did not. */
  onWork: () => void;
  pause: (ms: number) => Promise<void>;
  log: (text: string) => void;
}

/** Between two tries while nobody answers, in ms: as often as pages have it tried. */
const AGAIN_MS = 15_000;

const path = /^\/api\/files\/[^/]+$/;
const restore = /^\/api\/files\/[^/]+\/restore$/;

/** Whether a request may wait until there is a network: small changes to the library, safe to carry out late. */
export function mayWait({ method, path: target }: ApiRequest): boolean {
  return (method === 'PATCH' || method === 'DELETE') && path.test(target);
}

/** Which deletion `request` takes back, as its path, or null when it is no such request. */
export function takesBack({ method, path: target }: ApiRequest): string | null {
  return method === 'POST' && restore.test(target) ? target.replace(/\/restore$/, '') : null;
}

/**
 * Small changes that were asked for while nobody answered. Each is kept with the account it belongs to, built anew when
 * it is sent, sent once, and dropped when a 401 or another account stands in the way. That is said until somebody has
 * seen it: no page may be open as it happens.
 */
export class Outbox {
  #host: Host;
  #flushing: Promise<void> | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Keeps `request` for later, for the account that is signed in now; false when nobody is. */
  async add({ method, path: target, body }: ApiRequest): Promise<boolean> {
    const text = body instanceof ArrayBuffer ? new TextDecoder().decode(body) : null;
    return this.#keep([{ method, path: target, body: text }]);
  }

  /** Deletes these files of the library for the account that is signed in now, whatever becomes of whoever asked. */
  async deleteAll(ids: readonly string[]): Promise<void> {
    await this.#host.account.state();
    const deletions = ids.map((id) => ({ method: 'DELETE', path: `/api/files/${id}`, body: null }));
    if (await this.#keep(deletions)) await this.flush();
  }

  /** Whether something waits that could go out as things are: without a session only signing in helps. */
  async hasWork(): Promise<boolean> {
    const { at } = await this.#host.account.state();
    return at === 'signed-in' && (await this.#host.store.intents()).length > 0;
  }

  /** Drops the deletion of `target` that still waits here; false when the server has heard of it, or none was asked for. */
  async takeBack(target: string): Promise<boolean> {
    // What is just being sent is the server's to take back.
    await this.#flushing;
    const waiting = await this.#host.store.intents();
    const found = waiting.filter(({ intent }) => intent.method === 'DELETE' && intent.path === target);
    for (const { key } of found) await this.#host.store.removeIntent(key);
    return found.length > 0;
  }

  /** How many changes were dropped that nobody has seen to be dropped. */
  dropped(): Promise<number> {
    return this.#host.store.countDropped();
  }

  /** Somebody has seen it: no tab says it any longer. */
  async noteSeen(): Promise<void> {
    await this.#host.store.forgetDropped();
    this.#host.post({ type: 'outbox-dropped', count: 0 });
  }

  /** Carries out what waits, in order, as far as the network goes. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  /** Flushes again and again until nothing waits that could go out, or time is up. */
  async keepFlushing(signal: AbortSignal): Promise<void> {
    await this.flush();
    while (await this.hasWork()) {
      await this.#host.pause(AGAIN_MS);
      if (signal.aborted) return;
      await this.flush();
    }
  }

  async #keep(changes: readonly Pick<Intent, 'method' | 'path' | 'body'>[]): Promise<boolean> {
    const state = this.#host.account.current;
    if (state.at !== 'signed-in') return false;
    const { id: account } = state.account;
    await this.#host.store.addIntents(changes.map((change) => ({ ...change, account, at: Date.now() })));
    this.#host.log(`${changes.length} changes wait to be made`);
    this.#host.post({ type: 'outbox-waits' });
    this.#host.onWork();
    return true;
  }

  async #flush(): Promise<void> {
    const { account, store } = this.#host;
    if ((await account.state()).at !== 'signed-in') return;
    let dropped = 0;
    let made = 0;
    for (const { key, intent } of await store.intents()) {
      // Looked at anew each time: another account may have signed in while a request was under way.
      const { current } = account;
      const isOthers = current.at === 'signed-in' && current.account.id !== intent.account;
      const outcome = isOthers ? 'dropped' : await this.#carryOut(intent);
      if (outcome === 'later') break;
      await (outcome === 'dropped' ? store.dropIntent(key) : store.removeIntent(key));
      if (outcome === 'dropped') dropped++;
      else made++;
    }
    if (made > 0) this.#host.post({ type: 'library' });
    if (dropped > 0) {
      this.#host.log(`${dropped} changes dropped`);
      this.#host.post({ type: 'outbox-dropped', count: await store.countDropped() });
    }
  }

  async #carryOut({ method, path: target, body }: Intent): Promise<'done' | 'dropped' | 'later'> {
    const headers = new Headers(body === null ? {} : { 'Content-Type': 'application/json' });
    const { status } = await this.#host.send({ method, path: target, headers, body });
    // What is gone already needs no deleting.
    if ((status >= 200 && status < 300) || (status === 404 && method === 'DELETE')) return 'done';
    return status === 408 || status === 429 || status >= 500 || status === 0 ? 'later' : 'dropped';
  }
}
