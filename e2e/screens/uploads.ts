import { MIB } from '../journey.ts';
import {
  cdpOf,
  doTo,
  FILM_BYTES,
  follow,
  forgetAll,
  keepNothing,
  nobodyAnswers,
  pick,
  type Screen,
  shareInto,
  signedIn,
  signIn,
  slowly,
  stopWorkers,
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
      await signedIn(walk);
      await keepNothing(walk);
      await slowly(walk);
      await pick(walk, [['film.bin', FILM_BYTES]]);
      await walk.page.locator('[data-upload][data-state=sending]').waitFor();
      // With the page the file goes, and with the worker what it had of it.
      await walk.page.goto('about:blank');
      await stopWorkers(await cdpOf(walk.page));
      await walk.page.goto(`${walk.stage.origin}/app`);
      await walk.page.locator('[data-upload][data-state=needs-file]').waitFor();
    },
  },
  {
    name: 'uploads-known-already',
    show: async (walk) => {
      await withUploads(walk, ['film.bin']);
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
];
