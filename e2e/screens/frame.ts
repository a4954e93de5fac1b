import { poll } from '../poll.ts';
import {
  beforeScripts,
  cdpOf,
  drag,
  FILM_BYTES,
  follow,
  forgetAll,
  openMenu,
  pick,
  refusal,
  releaseWorker,
  reloadPastWorker,
  type Screen,
  signedIn,
  signedInOnFullDevice,
  signedOut,
  slowly,
} from './steps.ts';

/** What is around every page. */
export const frameScreens: readonly Screen[] = [
  {
    name: 'account-menu',
    show: async (walk) => {
      await signedIn(walk);
      await openMenu(walk);
    },
  },
  {
    name: 'sign-out-question',
    show: async (walk) => {
      await signedInOnFullDevice(walk);
      await slowly(walk);
      await pick(walk, [['film.bin', FILM_BYTES]]);
      await walk.page.locator('[data-upload][data-safe=no]').waitFor();
      await openMenu(walk);
      await walk.page.click('[data-sign-out]');
      await walk.page.locator('[data-dialog=sign-out]').waitFor();
    },
  },
  {
    name: 'not-found',
    show: async (walk) => {
      await signedIn(walk);
      await follow(walk, '/nowhere');
      await walk.page.locator('#main a.button').waitFor();
    },
  },
  {
    name: 'shortcuts',
    show: async (walk) => {
      await signedIn(walk);
      await walk.page.keyboard.press('?');
      await walk.page.locator('[data-dialog=shortcuts]').waitFor();
    },
  },
  {
    name: 'update-offer',
    show: async (walk) => {
      await signedIn(walk);
      await releaseWorker(walk);
      await walk.page.locator('[data-do=update]').waitFor();
    },
  },
  {
    name: 'update-replaced',
    show: async (walk) => {
      await signedIn(walk);
      const other = await walk.page.context().newPage();
      await other.goto(`${walk.stage.origin}/app`);
      await releaseWorker(walk);
      await other.click('[data-do=update]');
      await walk.page.locator('[data-notice=replaced]').waitFor();
      await other.close();
    },
  },
  {
    name: 'loading',
    show: async (walk) => {
      await signedIn(walk);
      walk.box.rule = ({ url }) => (url?.startsWith('/api/files') ? new Promise(() => undefined) : null);
      await follow(walk, '/library');
      await walk.page.locator('.skeleton').waitFor();
    },
  },
  {
    name: 'not-loaded',
    show: async (walk) => {
      await signedIn(walk);
      // Neither the browser nor the server has it any more, as long after an update.
      walk.box.rule = ({ url }) => (url?.startsWith('/assets/library-page') ? { status: 404 } : null);
      await (await cdpOf(walk.page)).send('Network.clearBrowserCache');
      await walk.page.evaluate(async () => {
        for (const name of await caches.keys()) {
          const cache = await caches.open(name);
          for (const { url } of await cache.keys()) {
            if (url.includes('/library-page')) await cache.delete(url, { ignoreSearch: true });
          }
        }
      });
      await walk.page.click('.tabs a[href="/library"]');
      await walk.page.locator('main .message .button').waitFor();
    },
  },
  {
    name: 'no-texts',
    show: async (walk) => {
      await signedOut(walk);
      walk.box.rule = ({ url }) => (url?.endsWith('.json') ? { status: 503 } : null);
      await reloadPastWorker(walk);
      await walk.page.locator('#no-texts').waitFor();
    },
  },
  {
    name: 'worker-absent',
    show: async (walk) => {
      await signedIn(walk);
      await reloadPastWorker(walk);
      await walk.page.locator('[data-notice=worker-absent]').waitFor();
    },
  },
  {
    name: 'worker-unsupported',
    show: async (walk) => {
      await forgetAll(walk);
      await beforeScripts(walk, 'delete Navigator.prototype.serviceWorker;');
      await follow(walk, '/app');
      await walk.page.locator('[data-notice=worker-absent]').waitFor();
    },
  },
  {
    name: 'round-in-circles',
    show: async (walk) => {
      await signedIn(walk);
      // Of two servers behind one address, only one knows of the session.
      let isOther = false;
      walk.box.rule = ({ url }) => {
        if (url?.startsWith('/api/files')) isOther = true;
        else if (url === '/api/session' && isOther) isOther = false;
        else return null;
        return refusal('SESSION_EXPIRED');
      };
      await follow(walk, '/library');
      await poll('the page to stop', 30_000, async () => {
        // Whoever waits at sign-in asks now and then; here at once, as the circle has to be quick to be one.
        await walk.page.evaluate(() => fetch('/api/session').catch(() => null));
        return (await walk.page.locator('main .message .button').isVisible()) || undefined;
      });
    },
  },
  {
    name: 'dragged-over',
    show: async (walk) => {
      await signedIn(walk);
      await drag(walk, [['note.txt', 1000]], { held: true });
      await walk.page.locator('.drop-veil').waitFor();
    },
  },
];
