import { type Context, Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { SharedFiles, UnlockShare } from '../shared/api.ts';
import type { ApiErrorCode } from '../shared/errors.ts';
import { cleanFileName } from '../shared/file-name.ts';
import { archiveOf } from './archive.ts';
import { type Budget, hashed, requireBudgets, useBudgets } from './budgets.ts';
import { clientNetwork } from './client-address.ts';
import {
  type ContentAsk,
  type ContentPlan,
  contentAnswer,
  contentAskOf,
  planContent,
  type StoredContent,
  thumbnailAnswer,
} from './content.ts';
import { readJson } from './json-body.ts';
import { answers } from './openapi.ts';
import { Refusal } from './problem.ts';
import type { ServerEnv, Services } from './services.ts';
import { shareName } from './share-name.ts';
import { isPassword } from './share-password.ts';
import {
  countDownload,
  findShare,
  findShared,
  listShared,
  type OpenShare,
  sharedFile,
} from './shared-files.ts';

type C = Context<ServerEnv>;

const HOUR_MS = 3_600_000;
/** Not for longer: a share that was ended is soon to be nowhere, not even in a browser's cache. */
const THUMBNAIL_CACHING = 'private, max-age=300';
const closed = ['NOT_FOUND', 'SHARE_LOCKED', 'RATE_LIMITED'] satisfies ApiErrorCode[];

/**
 * What has been shared, for anybody who has the link.
 *
 * A link that never was, has ended, is used up or was taken back leads nowhere, in the same words and by the same
 * steps. Each such miss is counted of its client, and with too many of them even a good link is refused for a while.
 */
export function sharedApi(services: Services): Hono<ServerEnv> {
  const { db, config, store, thumbnails, archiver, shareKeys, now } = services;
  const api = new Hono<ServerEnv>();
  /** Passwords are tried one after the other: a guess counts before the next is made, and hashing is dear. */
  let guesses: Promise<unknown> = Promise.resolve();

  api.use('/api/shared/*', async (c, next) => {
    await next();
    c.header('Referrer-Policy', 'no-referrer'); // the address is all it takes
    c.header('X-Robots-Tag', 'noindex');
  });

  api.get(
    '/api/shared/:token',
    describeRoute({
      summary: 'What is shared by a link; no account is needed',
      ...answers({ 200: SharedFiles }, closed),
    }),
    async (c) => {
      const share = await openShare(c);
      const { givenName, expiresAt, downloadsLeft } = share;
      const files = (await listShared(db, share)).map(sharedFile);
      const name = shareName(givenName, files[0]?.name ?? null, files.length);
      return c.json({ name, files, expiresAt, downloadsLeft, now: now() } satisfies SharedFiles);
    },
  );

  api.post(
    '/api/shared/:token/unlock',
    describeRoute({
      summary: 'Give the password of a share; the answer brings a cookie for this share alone',
      ...answers({ body: UnlockShare, 204: null }, [
        ...closed,
        'INVALID_INPUT',
        'WRONG_CONTENT_TYPE',
        'ORIGIN_REFUSED',
      ]),
    }),
    async (c) => {
      const { password } = await readJson(c, UnlockShare, config);
      const share = await findOrMiss(c);
      if (share.password === null) return c.body(null, 204);
      const turn = guesses.then(() => guess(c, share, password));
      guesses = turn.catch(() => {}); // who guessed hears of it; the next in line need not
      await turn;
      return c.body(null, 204, { 'Set-Cookie': shareKeys.unlocking(tokenIn(c), share, now()) });
    },
  );

  api.get(
    '/api/shared/:token/files/:id/content',
    describeRoute({
      summary: 'The bytes of a shared file; counts as a download unless it goes on with one',
      ...answers({ 200: null, 206: null, 304: null }, [...closed, 'RANGE_NOT_SATISFIABLE']),
    }),
    async (c) => {
      const { share, content } = await openFile(c);
      const ask = contentAskOf(c);
      const plan = planContent(content.file, ask);
      return counted(c, share, ask, plan, 1, () => contentAnswer(store, content, ask, plan));
    },
  );

  api.get(
    '/api/shared/:token/archive',
    describeRoute({
      summary:
        'All of a share as one ZIP; counts as a download of each of its files unless it goes on with one',
      ...answers({ 200: null, 206: null, 304: null }, [...closed, 'RANGE_NOT_SATISFIABLE']),
    }),
    async (c) => {
      const share = await openShare(c);
      const files = await listShared(db, share);
      if (files.length === 0) return miss(c); // deleted since the share was found
      const name = shareName(share.givenName, files[0]?.file.name ?? null, files.length);
      const archive = archiveOf(cleanFileName(name), files);
      const ask = contentAskOf(c);
      const plan = planContent(archive, ask);
      return counted(c, share, ask, plan, files.length, () => archiver.answer(archive, ask, plan));
    },
  );

  api.get(
    '/api/shared/:token/files/:id/thumbnail',
    describeRoute({
      summary: 'A small WebP of a shared picture',
      responses: {
        200: { description: 'Done', content: { 'image/webp': {} } },
        ...answers({ 304: null }, closed).responses,
      },
    }),
    async (c) => {
      const { content } = await openFile(c);
      const answer = await thumbnailAnswer(thumbnails, content, contentAskOf(c));
      answer.headers.set('Cache-Control', THUMBNAIL_CACHING);
      return answer;
    },
  );

  return api;

  /** The share that the address names, for whoever may see it. @throws {Refusal} `NOT_FOUND`, `SHARE_LOCKED` */
  async function openShare(c: C): Promise<OpenShare> {
    const share = await findOrMiss(c);
    if (!shareKeys.isUnlocked(c.req.header('Cookie'), share, now())) throw locked();
    return share;
  }

  /** One file of it. */
  async function openFile(c: C): Promise<{ share: OpenShare; content: StoredContent }> {
    const share = await openShare(c);
    const content = await findShared(db, share, c.req.param('id') ?? '');
    if (!content) return miss(c);
    return { share, content };
  }

  /** What `answer` gives, once the download that it begins is counted: of so many `files`, unless it goes on with one. */
  async function counted(
    c: C,
    share: OpenShare,
    ask: ContentAsk,
    plan: ContentPlan,
    files: number,
    answer: () => Promise<Response>,
  ): Promise<Response> {
    const goesOn = plan.at === 'bytes' && plan.start > 0 && isCountedFor(c, share);
    if (plan.at === 'unchanged' || ask.method !== 'GET' || goesOn) return answer();
    if (!(await countDownload(db, share, files, now()))) {
      // A page that was loaded before others downloaded may ask for more than is left: that guesses at nothing.
      if (share.downloadsLeft !== 0) throw leadsNowhere();
      return miss(c);
    }
    const response = await answer();
    response.headers.append('Set-Cookie', shareKeys.counting(tokenIn(c), share, whatIn(c), now()));
    return response;
  }

  async function findOrMiss(c: C): Promise<OpenShare> {
    await requireBudgets(db, now(), [missesOf(c)]);
    const share = await findShare(db, shareKeys.idOf(tokenIn(c)), now());
    // Used up is over, but for those who are in the middle of what was counted.
    if (!share || (share.downloadsLeft === 0 && !isCountedFor(c, share))) return miss(c);
    return share;
  }

  function isCountedFor(c: C, share: OpenShare): boolean {
    return shareKeys.isCounted(c.req.header('Cookie'), share, whatIn(c), now());
  }

  async function guess(c: C, share: OpenShare, password: string): Promise<void> {
    const budgets = [guessesAt(share), missesOf(c)];
    await requireBudgets(db, now(), budgets);
    if (await isPassword(password, share.password ?? '')) return;
    await useBudgets(db, now(), budgets);
    throw locked();
  }

  async function miss(c: C): Promise<never> {
    await useBudgets(db, now(), [missesOf(c)]);
    throw leadsNowhere();
  }

  function missesOf(c: C): Budget {
    const client = hashed(clientNetwork(c.get('clientAddress')));
    return { name: `share miss from ${client}`, uses: config.shareMissesPerHourPerClient, withinMs: HOUR_MS };
  }

  function guessesAt({ id }: OpenShare): Budget {
    return { name: `share guess ${hashed(id)}`, uses: config.shareGuessesPerHour, withinMs: HOUR_MS };
  }
}

function tokenIn(c: C): string {
  return c.req.param('token') ?? '';
}

/** What of a share is asked for, as its address says it: all that comes after the token. */
function whatIn(c: C): string {
  return c.req.path.split('/').slice(4).join('/');
}

function leadsNowhere(): Refusal {
  return new Refusal('NOT_FOUND', 'This link leads nowhere');
}

function locked(): Refusal {
  return new Refusal('SHARE_LOCKED', 'This link has a password');
}
