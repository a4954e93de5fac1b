import type { Account } from './account.ts';

interface Host {
  caches: CacheStorage;
  account: Account;
}

const path = /^\/api\/files\/[^/]+\/thumbnail$/;
/** Caches of other accounts are told by their names. */
const PREFIX = 'thumbnails:';
/** About 10 MiB. */
const MAX_KEPT = 600;

/** Whether `request` is for the small picture of a file. */
export function isThumbnail({ url, method }: Request): boolean {
  return method === 'GET' && path.test(new URL(url).pathname);
}

/**
 * Thumbnails that were seen, kept for the account that is signed in. The bytes of a file never change, so neither does
 * its thumbnail: one that is kept is shown without asking.
 */
export class Thumbnails {
  #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** The picture that is kept, or the server's, which is then kept as `keep` allows. */
  async answer(
    request: Request,
    send: () => Promise<Response>,
    keep: (work: Promise<void>) => void,
  ): Promise<Response> {
    const state = await this.#host.account.state();
    if (state.at !== 'signed-in') return send(); // to be refused
    const { pathname } = new URL(request.url);
    const cache = await this.#host.caches.open(PREFIX + state.account.id).catch(() => null); // not in every window
    const kept = await cache?.match(pathname);
    if (kept) return kept;
    const response = await send();
    if (cache && response.status === 200 && this.#host.account.current.epoch === state.epoch) {
      keep(put(cache, pathname, response.clone()).catch(() => undefined)); // no room: asked for again
    }
    return response;
  }

  /** Drops the pictures of accounts that have left. */
  async accountChanged(): Promise<void> {
    const { current } = this.#host.account;
    if (current.at === 'unknown' || current.at === 'expired') return;
    const own = current.at === 'signed-in' ? PREFIX + current.account.id : null;
    const names = await this.#host.caches.keys().catch(() => []);
    const others = names.filter((name) => name.startsWith(PREFIX) && name !== own);
    await Promise.all(others.map((name) => this.#host.caches.delete(name)));
  }
}

/** The oldest make room: a cache lists its keys in the order they were put. */
async function put(cache: Cache, pathname: string, response: Response): Promise<void> {
  await cache.put(pathname, response);
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - MAX_KEPT)).map((key) => cache.delete(key)));
}
