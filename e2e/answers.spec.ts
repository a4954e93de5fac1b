import { expect } from '@playwright/test';
import { test } from './boxed.ts';
import { test as base, type Journey, MIB, rowIs } from './journey.ts';
import { poll } from './poll.ts';
import type { SeenRequest } from './request-heads.ts';
import { partPuts } from './wire.ts';

test('"later" is waited out as told, and the upload goes on', async ({ journey, box }) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 12 * MIB);
  const tab = await journey.signedInTab();
  let refusedAt = 0;
  box.rule = ({ method, url }) => {
    if (refusedAt > 0 || method !== 'PUT' || !url?.includes('/parts/')) return null;
    refusedAt = Date.now();
    return { status: 503, headers: { 'Retry-After': '5' } };
  };
  await tab.pick([file.path]);
  await rowIs(tab, 'waiting');
  await rowIs(tab, 'stored');
  const after = partPuts(proxy.requests).filter(({ startedAt }) => startedAt > refusedAt + 500);
  expect(Math.min(...after.map(({ startedAt }) => startedAt)) - refusedAt).toBeGreaterThanOrEqual(5000);
  await expectWhole(journey, tab, file);
});

test('a proxy that refuses large bodies gets smaller ones', async ({ journey, box }) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 20 * MIB);
  const tab = await journey.signedInTab();
  box.rule = ({ headers }) => {
    if (Number(headers['content-length'] ?? 0) <= MIB) return null;
    return {
      status: 413,
      headers: { 'Content-Type': 'text/html' },
      body: '<h1>413 Request Entity Too Large</h1>',
    };
  };
  await tab.pick([file.path]);
  await rowIs(tab, 'stored');
  const refused = partPuts(proxy.requests).filter(({ status }) => status === 413);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThanOrEqual(9);
  await expectWhole(journey, tab, file);
});

test('a captive portal stops nothing for good, and signs nobody out', async ({ journey, box }) => {
  const file = await journey.file('film.bin', 12 * MIB);
  const tab = await journey.signedInTab();
  let portal: 'page' | 'redirect' | 'refusal' | null = 'page';
  box.rule = ({ url }) => {
    if (!portal || !url?.startsWith('/api/')) return null;
    if (portal === 'redirect') return { status: 302, headers: { Location: 'http://portal.test/login' } };
    const status = portal === 'refusal' ? 401 : 200;
    return { status, headers: { 'Content-Type': 'text/html' }, body: '<h1>Welcome to the hotel</h1>' };
  };
  await tab.pick([file.path]);
  await rowIs(tab, 'waiting');
  portal = 'redirect';
  await poll('a request to be redirected', 40_000, () => {
    return journey.stage.proxy.requests.some(({ status }) => status === 302) || undefined;
  });
  portal = 'refusal';
  await poll('requests to be refused', 40_000, () => {
    return journey.stage.proxy.requests.filter(({ status }) => status === 401).length > 2 || undefined;
  });
  expect(await tab.evaluate(() => location.pathname)).toBe('/app');
  portal = null;
  await rowIs(tab, 'stored');
  await expectWhole(journey, tab, file);
});

test('bytes that change on the way are never stored', async ({ journey, box }) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 20 * MIB);
  const tab = await journey.signedInTab();
  let flips = 0;
  box.rule = ({ method, url, headers }) => {
    const isLast = method === 'PUT' && url?.includes('/parts/') && headers['upload-complete'] === '?1';
    return isLast && flips++ < 2 ? 'flip-a-bit' : null;
  };
  await tab.pick([file.path]);
  await rowIs(tab, 'stored');
  expect(partPuts(proxy.requests).filter(({ status }) => status === 422)).toHaveLength(2);
  await expectWhole(journey, tab, file);
});

base('a black hole is noticed, and left when it ends', async ({ journey }) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 24 * MIB);
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 64e6 });
  await tab.pick([file.path]);
  await rowIs(tab, 'sending');
  await poll('some bytes', 20_000, () => proxy.counts.fromClients > 4 * MIB || undefined);
  await proxy.set({ hang: true });
  const hungAt = Date.now();
  const known = new Set<SeenRequest>(proxy.requests);
  // 15 s without an answer, and what it takes to show it.
  await rowIs(tab, 'waiting', 18_000);
  const noticedMs = Date.now() - hungAt;
  await proxy.set({ hang: false });
  await rowIs(tab, 'stored');
  base.info().annotations.push({ type: 'figure', description: `shown after ${noticedMs} ms` });
  expect(proxy.requests.some((request) => !known.has(request))).toBe(true);
  await expectWhole(journey, tab, file);
});

base.describe('with little room', () => {
  base.use({ env: { QUOTA_BYTES: String(10 * MIB) } });

  base('a file that does not fit says so, and others go on', async ({ journey }) => {
    const large = await journey.file('large.bin', 12 * MIB, 1);
    const small = await journey.file('small.bin', 3 * MIB, 2);
    const tab = await journey.signedInTab();
    await tab.pick([large.path, small.path]);
    await rowIs(tab, 'stored');
    await rowIs(tab, 'failed');
    const words = await tab.evaluate(() => document.querySelector('[data-state=failed]')?.textContent);
    expect(words).toContain('large.bin');
    expect(await journey.library(tab)).toEqual([
      { name: 'small.bin', size: small.bytes, sha256: small.sha256 },
    ]);
  });
});

async function expectWhole(
  journey: Journey,
  tab: Parameters<Journey['library']>[0],
  { bytes, sha256 }: { bytes: number; sha256: string },
): Promise<void> {
  expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: bytes, sha256 }]);
}
