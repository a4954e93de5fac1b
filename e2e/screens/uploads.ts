import { header, MAX_FILES_PER_CALL } from '../../shared/api.ts';
import { MIB } from '../journey.ts';
import { holdStore } from '../store-hold.ts';
import {
  cdpOf,
  doTo,
  drag,
  FILM_BYTES,
  follow,
  forgetAll,
  nobodyAnswers,
  onIphone,
  paste,
  pick,
  refusal,
  type Screen,
  savesData,
  sessionOf,
  shareInto,
  signedIn,
  signedInOnFullDevice,
  signIn,
  slowly,
  stopWorkers,
  type Walk,
  withUploads,
} from './steps.ts';

/** What is on its way, and what holds it up. */
export const uploadScreens: readonly Screen[] = [
  { name: 'uploads-empty', show: signedIn },
  {
    name: 'notification-offer',
    show: async (walk) => {
      await signedIn(walk);
      await walk.page.context().clearPermissions();
      await walk.page.reload();
      await pick(walk, [['film.bin', 1000]]);
      await walk.page.locator('[data-notice=notification-offer]').waitFor();
    },
  },
  {
    name: 'uploads-sending',
    show: async (walk) => {
      await signedIn(walk);
      await slowly(walk);
      await pick(walk, [
        ['film.bin', FILM_BYTES],
        ['second film with a name that is quite long.bin', FILM_BYTES],
      ]);
      await walk.page.locator('[data-upload][data-state=sending]').first().waitFor();
    },
  },
  {
    name: 'uploads-offline',
    show: async (walk) => {
      await signedIn(walk);
      walk.box.rule = nobodyAnswers;
      await pick(walk, [['film.bin', MIB]]);
      await walk.page.locator('[data-upload][data-state=waiting]').waitFor();
    },
  },
  {
    name: 'uploads-of-all-kinds',
    show: async (walk) => {
      await signedIn(walk);
      await pick(walk, [['stored.bin', 1000]]);
      await walk.page.locator('[data-upload][data-state=stored]').waitFor();
      await slowly(walk);
      await pick(walk, [
        ['paused.bin', FILM_BYTES],
        ['cancelled.bin', FILM_BYTES],
        ['sending.bin', FILM_BYTES],
        ['too large.bin', FILM_BYTES + 1],
      ]);
      await doTo(walk, 'paused.bin', 'pause', 'paused');
      await doTo(walk, 'cancelled.bin', 'cancel', 'cancelled');
      await walk.page.locator('[data-upload][data-state=failed]').waitFor();
    },
  },
  {
    name: 'uploads-need-their-file',
    show: async (walk) => {
      await onlyInThisTab(walk);
      await startAnew(walk);
      await walk.page.locator('[data-upload][data-state=needs-file]').waitFor();
    },
  },
  {
    name: 'uploads-known-already',
    show: async (walk) => {
      await onlyInThisTab(walk);
      await pick(walk, [['film.bin', FILM_BYTES]]);
      await walk.page.locator('[data-notice=known]').waitFor();
    },
  },
  {
    name: 'uploads-refused-files',
    show: async (walk) => {
      await withUploads(walk, ['film.bin']);
      await doTo(walk, 'film.bin', 'pause', 'paused');
      const others: [string, number][] = [
        ['another.bin', 1000],
        ['third.bin', 2000],
      ];
      await pick(walk, others, '[data-pick-again]');
      await walk.page.locator('[data-notice=refused]').waitFor();
    },
  },
  {
    name: 'uploads-shared-into',
    show: async (walk) => {
      await signedIn(walk);
      await shareInto(walk);
      await walk.page.locator('[data-inbox]').waitFor();
    },
  },
  {
    name: 'uploads-discarded',
    show: async (walk) => {
      await signedIn(walk);
      await shareInto(walk);
      await walk.page.click('[data-do=inbox-discard]');
      await walk.page.locator('[data-undo]').waitFor();
    },
  },
  {
    name: 'uploads-share-lost',
    show: async (walk) => {
      await signedIn(walk);
      await follow(walk, '/app?share=lost');
      await walk.page.locator('[data-notice=share-refused]').waitFor();
    },
  },
  {
    name: 'uploads-elsewhere',
    show: async (walk) => {
      const email = await withUploads(walk, ['film.bin']);
      await walk.page.locator('[data-upload][data-state=sending]').waitFor();
      await forgetAll(walk);
      await signIn(walk, email);
      await walk.page.locator('[data-elsewhere]').waitFor();
    },
  },
  {
    name: 'install-offer',
    show: async (walk) => {
      await signedIn(walk);
      await pick(walk, [['note.txt', 1000]]);
      await walk.page.locator('[data-upload][data-state=stored]').waitFor();
      await walk.page.evaluate(() => dispatchEvent(new Event('beforeinstallprompt')));
      await walk.page.locator('[data-notice=install-offer]').waitFor();
    },
  },
  {
    name: 'uploads-share-too-many',
    show: async (walk) => {
      await signedIn(walk);
      const names = Array.from({ length: MAX_FILES_PER_CALL + 1 }, (_, n) => [`picture ${n}.jpg`, 1]);
      await shareInto(walk, Object.fromEntries(names));
      await walk.page.locator('[data-notice=share-refused]').waitFor();
    },
  },
  {
    name: 'uploads-share-full',
    show: async (walk) => {
      await signedInOnFullDevice(walk);
      await shareInto(walk);
      await walk.page.locator('[data-notice=share-refused]').waitFor();
    },
  },
  {
    name: 'uploads-only-in-this-tab',
    show: async (walk) => {
      await onlyInThisTab(walk);
      await walk.page.locator('[data-safe-line=no]').waitFor();
    },
  },
  {
    name: 'uploads-only-in-another-tab',
    show: async (walk) => {
      await signedInOnFullDevice(walk);
      await slowly(walk);
      const other = await walk.page.context().newPage();
      await other.goto(`${walk.stage.origin}/app`);
      await pick({ ...walk, page: other }, [['film.bin', FILM_BYTES]]);
      await walk.page.bringToFront();
      await walk.page.locator('[data-safe-line=noElsewhere]').waitFor();
    },
  },
  {
    name: 'uploads-one-click',
    show: async (walk) => {
      await withHandle(walk);
      await walk.page.locator('[data-safe-line=oneClick]').waitFor();
    },
  },
  {
    name: 'uploads-need-leave',
    show: async (walk) => {
      await withHandle(walk);
      await walk.page.locator('[data-upload][data-state=sending]').waitFor();
      await startAnew(walk);
      await walk.page.locator('[data-upload][data-state=needs-permission]').waitFor();
    },
  },
  {
    name: 'uploads-session-ends',
    show: async (walk) => {
      await signedIn(walk);
      let says = refusal('EXPIRED_SESSION');
      walk.box.rule = (incoming) => {
        if (incoming.url?.includes('/parts/')) return says;
        const isRegistering = incoming.method === 'PUT';
        return isRegistering ? sessionOf(10, incoming, walk) : null;
      };
      await pick(walk, [['expired.bin', MIB]]);
      await walk.page.locator('[data-upload][data-state=expired]').waitFor();
      says = refusal('UNAVAILABLE', { 'Retry-After': '3600' });
      await pick(walk, [['told to wait.bin', MIB]]);
      await walk.page.locator('[data-upload][data-state=waiting] .row-ends').waitFor();
    },
  },
  {
    name: 'uploads-metered',
    show: async (walk) => {
      await signedIn(walk);
      await savesData(walk);
      await follow(walk, '/settings');
      await walk.page.click('[data-do=only-unmetered]');
      await follow(walk, '/app');
      await pick(walk, [['film.bin', FILM_BYTES]]);
      await walk.page.locator('[data-upload][data-state=waiting]').waitFor();
    },
  },
  {
    name: 'uploads-taken-in',
    show: async (walk) => {
      await signedIn(walk);
      // Nobody says what came of the last byte.
      let isSent = false;
      walk.box.rule = ({ url, method }) => {
        if (!url?.includes('/parts/'))
          return isSent && method === 'PUT' ? new Promise(() => undefined) : null;
        isSent = true;
        return { status: 204, headers: { [header.issuedAt]: String(Date.now()), [header.complete]: '?1' } };
      };
      await pick(walk, [['note.txt', 1000]]);
      await walk.page.locator('[data-upload][data-state=verifying]').waitFor();
      await walk.page.evaluate(holdStore);
      await pick(walk, [['film.bin', MIB]]);
      await walk.page.locator('[data-safe-line=taking]').waitFor();
    },
  },
  {
    name: 'uploads-many',
    show: async (walk) => {
      await signedIn(walk);
      const later = refusal('UNAVAILABLE', { 'Retry-After': '3600' });
      walk.box.rule = ({ url }) => (url?.includes('/parts/') ? later : null);
      const files = Array.from(
        { length: 220 },
        (_, n) => [`page ${n} of a long report.txt`, 1000] as [string, number],
      );
      await paste(walk, [['too large with a name that is quite long.bin', FILM_BYTES + 1], ...files]);
      await walk.page.locator('[data-long] [data-state=failed]').waitFor();
    },
  },
  {
    name: 'uploads-on-an-iphone',
    show: async (walk) => {
      await signedIn(walk);
      await onIphone(walk);
      await walk.page.reload();
      await pick(walk, [['note.txt', 1000]]);
      await walk.page.locator('[data-upload][data-state=stored]').waitFor();
      await slowly(walk);
      await pick(walk, [['film.bin', FILM_BYTES]]);
      await walk.page.locator('[data-safe-line=yes]').waitFor();
      await walk.page.locator('[data-notice=install-offer]').waitFor();
    },
  },
];

/** A film on its way, of which nothing can be kept. */
async function onlyInThisTab(walk: Walk): Promise<void> {
  await signedInOnFullDevice(walk);
  await slowly(walk);
  await pick(walk, [['film.bin', FILM_BYTES]]);
  await walk.page.locator('[data-upload][data-state=sending]').waitFor();
}

/** The same, but the browser can read it again once somebody lets it. */
async function withHandle(walk: Walk): Promise<void> {
  await signedInOnFullDevice(walk);
  await slowly(walk);
  await drag(walk, [['film.bin', FILM_BYTES]]);
}

/** With the page the files go, and with the worker what it had of them. */
async function startAnew(walk: Walk): Promise<void> {
  await walk.page.goto('about:blank');
  await stopWorkers(await cdpOf(walk.page));
  await walk.page.goto(`${walk.stage.origin}/app`);
}
