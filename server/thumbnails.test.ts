import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reap } from './reaper.ts';
import {
  problemOf,
  signIn,
  startTestServer,
  storeFile,
  type TestAccount,
  type TestServer,
} from './testing.ts';

let server: TestServer;
let me: TestAccount;
beforeAll(async () => {
  server = await startTestServer({ MAX_THUMBNAIL_PIXELS: '1000000' });
  me = await signIn(server);
});
afterAll(() => server.stop());

type Colour = 'red' | 'blue';
const colour = (width: number, height: number, background: Colour = 'red') =>
  sharp({ create: { width, height, channels: 3, background } });
const thumbnail = (id: string, headers: Record<string, string> = {}, by = me) =>
  by.request('GET', `/api/files/${id}/thumbnail`, undefined, headers);
const kept = async () => (await readdir(join(server.dataDir, 'thumbnails'))).sort();

async function facts(answer: Response) {
  expect(answer.status).toBe(200);
  const { format, width, height, exif, icc, orientation, pages } = await sharp(
    Buffer.from(await answer.arrayBuffer()),
  ).metadata();
  return { format, width, height, exif, icc, orientation, pages };
}

test('each kind of picture gets a small WebP, and a small picture is not blown up', async () => {
  const plain = { exif: undefined, icc: undefined, orientation: undefined, pages: undefined };
  for (const kind of ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const) {
    const bytes = await colour(800, 400).toFormat(kind).toBuffer();
    const { id } = await storeFile(me, bytes, { name: `a.${kind}`, type: `image/${kind}` });
    expect([kind, await facts(await thumbnail(id))]).toEqual([
      kind,
      { ...plain, format: 'webp', width: 320, height: 160 },
    ]);
  }
  const tiny = await storeFile(me, await colour(3, 2).png().toBuffer(), { name: 'tiny.png' });
  expect(await facts(await thumbnail(tiny.id))).toMatchObject({ width: 3, height: 2 });
});

test('it stands upright, and says nothing of where it was taken', async () => {
  const bytes = await colour(800, 400)
    .withExif({ IFD0: { Copyright: 'secret' }, IFD3: { GPSLatitudeRef: 'N' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const { id } = await storeFile(me, bytes, { name: 'turned.jpg' });
  expect(await facts(await thumbnail(id))).toMatchObject({
    width: 160,
    height: 320,
    exif: undefined,
    icc: undefined,
    orientation: undefined,
  });
});

test('of one that moves, it is the first frame', async () => {
  const frames = [await colour(40, 40).png().toBuffer(), await colour(40, 40, 'blue').png().toBuffer()];
  const bytes = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer();
  expect((await sharp(bytes).metadata()).pages).toBe(2);
  const { id } = await storeFile(me, bytes, { name: 'moving.gif' });
  const small = sharp(Buffer.from(await (await thumbnail(id)).arrayBuffer()));
  expect((await small.metadata()).pages).toBeUndefined();
  const { dominant } = await small.stats();
  expect(dominant.r).toBeGreaterThan(dominant.b);
});

test('it may be kept, by whoever was let in, and nothing runs in it', async () => {
  const bytes = await colour(10, 10).png().toBuffer();
  const { id, etag } = await storeFile(me, bytes, { name: 'kept.png' });
  const answer = await thumbnail(id);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'image/webp',
    'content-length': String((await answer.arrayBuffer()).byteLength),
    'cache-control': 'private, max-age=604800, immutable',
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    etag: `"t-${etag}"`,
  });
  expect(answer.headers.get('vary')).toContain('Cookie');
  expect((await thumbnail(id, { 'If-None-Match': `"t-${etag}"` })).status).toBe(304);
  const head = await me.request('HEAD', `/api/files/${id}/thumbnail`);
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'image/webp']);
  expect(await problemOf(await thumbnail(id, {}, await signIn(server)))).toBe('404 NOT_FOUND');
});

test('what is no picture has none, which is remembered', async () => {
  const png = await colour(500, 500).png().toBuffer();
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>';
  const broken: [string, Uint8Array][] = [
    ['noise.png', Buffer.from('not a picture')],
    ['cut.png', png.subarray(0, png.length / 2)],
    ['svg.png', Buffer.from(svg)],
    ['pdf.jpg', Buffer.from('%PDF-1.4\n%%EOF')],
    ['large.png', await colour(1100, 1000).png().toBuffer()],
  ];
  for (const [name, bytes] of broken) {
    const before = await kept();
    const { id } = await storeFile(me, bytes, { name });
    expect([name, await problemOf(await thumbnail(id))]).toEqual([name, '404 NOT_FOUND']);
    const added = (await kept()).filter((file) => !before.includes(file));
    expect([name, added.map((file) => file.slice(file.indexOf('.')))]).toEqual([name, ['.none']]);
    expect(await problemOf(await thumbnail(id))).toBe('404 NOT_FOUND');
  }
});

test('what cannot have one is not even read', async () => {
  const before = await kept();
  for (const name of ['a.txt', 'a.svg', 'a.html', 'a.mp4', 'a']) {
    const { id } = await storeFile(me, 10, { name });
    expect(await problemOf(await thumbnail(id))).toBe('404 NOT_FOUND');
  }
  const empty = await storeFile(me, 0, { name: 'empty.png' });
  expect(await problemOf(await thumbnail(empty.id))).toBe('404 NOT_FOUND');
  expect(await kept()).toEqual(before);
});

test('however many ask at once, each picture is made once', async () => {
  const ids: string[] = [];
  for (let at = 0; at < 5; at++) {
    const bytes = await colour(100 + at, 100)
      .png()
      .toBuffer();
    ids.push((await storeFile(me, bytes, { name: 'many.png' })).id);
  }
  const { store } = server.services;
  const read = store.read;
  let reads = 0;
  store.read = (...args) => {
    reads++;
    return read.apply(store, args);
  };
  const answers = await Promise.all([...ids, ...ids, ...ids].map((id) => thumbnail(id)));
  store.read = read;
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(reads).toBe(5);
});

test('it goes for good with its file', async () => {
  const before = await kept();
  const bytes = await colour(10, 10).png().toBuffer();
  const { id } = await storeFile(me, bytes, { name: 'going.png' });
  expect((await thumbnail(id)).status).toBe(200);
  await me.request('DELETE', `/api/files/${id}`);
  expect((await kept()).length).toBe(before.length + 1);
  server.advance(61 * 60_000);
  await reap(server.services, server.now());
  expect(await kept()).toEqual(before);
});
