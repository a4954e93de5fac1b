import {
  follow,
  MEDIA,
  nobodyAnswers,
  preview,
  refusal,
  type Screen,
  selectTwo,
  signedIn,
  withFolder,
  withLibrary,
  withMedia,
} from './steps.ts';

/** What has arrived. */
export const libraryScreens: readonly Screen[] = [
  {
    name: 'library-empty',
    show: async (walk) => {
      await signedIn(walk);
      await follow(walk, '/library');
      await walk.page.locator('#main a.button').waitFor();
    },
  },
  { name: 'library', show: withLibrary },
  {
    name: 'library-rename',
    show: async (walk) => {
      await withLibrary(walk);
      await walk.page.locator('[data-file] [data-do=rename]').first().click();
      await walk.page.fill('[data-file] .rename input', 'a/b');
      await walk.page.locator('#rename-hint:not(:empty)').waitFor();
    },
  },
  {
    name: 'library-delete',
    show: async (walk) => {
      await withLibrary(walk);
      await walk.page.locator('[data-file] [data-do=delete]').first().click();
      await walk.page.locator('[data-do=delete-now]').waitFor();
    },
  },
  {
    name: 'library-offline',
    show: async (walk) => {
      await withLibrary(walk);
      walk.box.rule = nobodyAnswers;
      await walk.page.locator('[data-file] [data-do=delete]').first().click();
      await walk.page.click('[data-do=delete-now]');
      await walk.page.locator('[data-queued=delete]').waitFor();
    },
  },
  {
    name: 'library-grid',
    show: async (walk) => {
      await withMedia(walk);
      await walk.page.click('[data-view=grid]');
      await walk.page.locator('.thumb img').first().waitFor();
    },
  },
  {
    name: 'library-nothing-found',
    show: async (walk) => {
      await withLibrary(walk);
      await walk.page.fill('[data-search]', 'harbour');
      await walk.page.locator('[data-do=show-all]').waitFor();
    },
  },
  { name: 'library-folder', show: withFolder },
  {
    name: 'library-selection',
    show: async (walk) => {
      await withLibrary(walk);
      await selectTwo(walk);
    },
  },
  {
    name: 'library-selection-delete',
    show: async (walk) => {
      await withLibrary(walk);
      await selectTwo(walk);
      await walk.page.click('[data-do-all=delete]');
      await walk.page.locator('[data-do-all=delete-now]').waitFor();
    },
  },
  {
    name: 'library-deleted',
    show: async (walk) => {
      await withLibrary(walk);
      await walk.page.locator('[data-file] [data-do=delete]').first().click();
      await walk.page.click('[data-do=delete-now]');
      await walk.page.locator('[data-undo]').waitFor();
    },
  },
  {
    name: 'library-deleted-and-selected',
    show: async (walk) => {
      await withLibrary(walk);
      await walk.page.locator('[data-file] [data-do=delete]').first().click();
      await walk.page.click('[data-do=delete-now]');
      await walk.page.locator('[data-undo]').waitFor();
      await walk.page.locator('[data-file] [data-do=pick]').first().click();
      await walk.page.locator('[data-selection]').waitFor();
    },
  },
  {
    name: 'preview-picture',
    show: (walk) => preview(walk, MEDIA.picture, '.preview img'),
  },
  {
    name: 'preview-sound',
    show: (walk) => preview(walk, MEDIA.sound, '.preview audio'),
  },
  {
    name: 'preview-text',
    show: (walk) => preview(walk, MEDIA.text, '.preview pre'),
  },
  {
    name: 'preview-nothing',
    show: (walk) => preview(walk, MEDIA.other, '.preview .unseen'),
  },
  {
    name: 'preview-film',
    show: async (walk) => {
      await preview(walk, MEDIA.film, '.preview video');
      await walk.page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) > 1);
    },
  },
  {
    name: 'preview-paper',
    show: (walk) => preview(walk, MEDIA.paper, '.preview iframe'),
  },
  {
    name: 'preview-broken',
    show: (walk) => preview(walk, MEDIA.broken, '.preview .unseen'),
  },
  {
    name: 'library-remembered',
    show: async (walk) => {
      await withLibrary(walk);
      walk.box.rule = nobodyAnswers;
      await walk.page.reload();
      await walk.page.locator('[data-stale]').waitFor();
    },
  },
  {
    name: 'library-unreachable',
    show: async (walk) => {
      await signedIn(walk);
      walk.box.rule = nobodyAnswers;
      await follow(walk, '/library');
      await walk.page.locator('main .message .button').waitFor();
    },
  },
  {
    name: 'library-change-dropped',
    show: async (walk) => {
      await withLibrary(walk);
      walk.box.rule = nobodyAnswers;
      await walk.page.locator('[data-file] [data-do=delete]').first().click();
      await walk.page.click('[data-do=delete-now]');
      await walk.page.locator('[data-queued=delete]').waitFor();
      walk.box.rule = ({ method }) => (method === 'DELETE' ? refusal('WRONG_ACCOUNT') : null);
      await walk.page.evaluate(() => dispatchEvent(new Event('online')));
      await walk.page.locator('[data-notice=outbox-dropped]').waitFor();
      await walk.page.reload(); // said until somebody has seen it
      await walk.page.locator('[data-notice=outbox-dropped]').waitFor();
    },
  },
];
