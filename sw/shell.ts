import { PrecacheController, type PrecacheEntry, PrecacheRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { endedShellCaches, shellCacheName } from '../shared/shell-cache.ts';

declare const self: ServiceWorkerGlobalScope;

/**
 * Files fetched at a time while a worker is installed. Workbox fetches one after the other, which on a phone takes as
 * many round trips as there are files; the page has connections left for what it asks meanwhile.
 */
const LANES = 4;

/**
 * The app's own files: kept in a cache, and every page is answered from it, so that it opens without a network. The
 * files of the builds before stay for as long as a page of theirs is open, which may load a part of itself late.
 */
export class Shell {
  /** The build that each page shows, as it has said. */
  readonly #builds = new Map<string, string>();
  /** There may be caches of builds before this one. */
  #isUntidy = true;

  /** To be made while the worker's script is first run: it listens for `install`, `activate` and `fetch`. */
  constructor(manifest: (PrecacheEntry | string)[]) {
    const files = precacheOf(manifest);
    self.addEventListener('install', (event) => {
      for (let lane = 0; lane < LANES; lane++) {
        void precacheOf(manifest.filter((_, n) => n % LANES === lane)).install(event);
      }
    });
    registerRoute(new PrecacheRoute(files, { cleanURLs: false }));
    const page = files.createHandlerBoundToURL('/index.html');
    // A shared link has a page of its own, which needs no worker: whoever opens it may have no account.
    registerRoute(new NavigationRoute(page, { denylist: [/^\/api\//, /^\/s\//] }));
    // Named after their content, so whichever build's cache has one has the right one.
    registerRoute(
      ({ url, sameOrigin }) => sameOrigin && url.pathname.startsWith('/assets/'),
      async ({ request }) => (await caches.match(request)) ?? fetch(request),
    );
  }

  /** A page says what it shows; what no page shows any more is let go. */
  async notePage(clientId: string, build: string): Promise<void> {
    this.#builds.set(clientId, build);
    if (!this.#isUntidy) return;
    const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
    const shown = pages.map(({ id }) => this.#builds.get(id) ?? null);
    const names = await caches.keys();
    // What a newer worker has brought for when it takes over is no page's yet, and not this one's to judge.
    if (self.registration.installing || self.registration.waiting) return;
    const ended = endedShellCaches(names, __BUILD__, shown);
    await Promise.all(ended.map((name) => caches.delete(name)));
    this.#isUntidy = endedShellCaches(names, __BUILD__, []).length > ended.length;
  }
}

/** Each build has a cache of its own, so that nothing in it is ever outdated, and `activate` has nothing to do. */
function precacheOf(files: (PrecacheEntry | string)[]): PrecacheController {
  const precache = new PrecacheController({ cacheName: shellCacheName(__BUILD__) });
  precache.addToCacheList(files);
  return precache;
}
