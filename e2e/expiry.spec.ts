import { setTimeout as pass } from 'node:timers/promises';
import { expect } from '@playwright/test';
import { MAX_IN_FLIGHT } from '../shared/pace.ts';
import { readLog } from './diagnostics.ts';
import { type Journey, MIB, test } from './journey.ts';
import { poll } from './poll.ts';
import type { SeenRequest } from './request-heads.ts';
import type { Tab } from './tab.ts';
import { inFlightBytes, partPuts, wireOf } from './wire.ts';

const DAY_MS = 24 * 60 * 60_000;
/** Ten in every run, two hundred by `HOLDFAST_EXPIRIES=200 npm run e2e -- expiry`. */
const RUNS = Number(process.env.HOLDFAST_EXPIRIES ?? 10);
const TTL_SECONDS = 4;
const kinds = ['local', 'answered', 'reaped'] as const;

test.use({
  env: {
    SESSION_TTL_MINUTES: String(TTL_SECONDS / 60),
    GRACE_DAYS: '1',
    REAPER_INTERVAL_MINUTES: '0.01',
  },
});

test(`${RUNS} upload sessions that expire in mid-upload go on with the missing bytes only`, async ({
  journey,
}) => {
  test.setTimeout(60_000 + RUNS * 45_000);
  const { proxy } = journey.stage;
  const tab = await journey.signedInTab();
  let resent = 0;
  for (let run = 0; run < RUNS; run++) {
    const kind = kinds[run % kinds.length] ?? 'local';
    resent += await test.step(`${run}: ${kind}`, () => oneExpiry(journey, tab, run, kind));
  }
  await proxy.set({ bitsPerSecond: null });
  test
    .info()
    .annotations.push({ type: 'figure', description: `${RUNS} expiries, ${resent} bytes sent again` });
});

/** One batch that expires on its way; returns the bytes that went out twice. */
async function oneExpiry(
  journey: Journey,
  tab: Tab,
  run: number,
  kind: (typeof kinds)[number],
): Promise<number> {
  const { proxy } = journey.stage;
  const count = proxy.draw([1, 50]);
  const files = await Promise.all(
    Array.from({ length: count }, (_, n) => {
      const bytes = n === 0 ? 12 * MIB : proxy.draw([1, 400_000]);
      return journey.file(`run-${run}-${n}.bin`, bytes, run * 100 + n + 1);
    }),
  );
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  await proxy.set({ bitsPerSecond: 80e6, latencyMs: 2 });
  proxy.forget();
  await tab.pick(files.map(({ path }) => path));
  const until = proxy.draw([Math.floor(0.1 * total), Math.floor(0.8 * total)]);
  await poll('part of the batch', 60_000, () => proxy.counts.fromClients >= until || undefined, 10);

  const finished = await expire(journey, tab, kind);
  await tab.untilWithin(
    60_000,
    (n) => {
      const states = [...document.querySelectorAll<HTMLElement>('[data-upload]')].map(
        (row) => row.dataset.state,
      );
      return states.length === n && states.every((state) => state === 'stored');
    },
    count,
  );
  const { resentBytes } = wireOf(proxy.requests);
  // What the reaper took goes out again; besides that, only segments that were on their way when the time was up.
  if (kind !== 'reaped') expect(resentBytes).toBeLessThanOrEqual(inFlightBytes(proxy.requests, 410));
  const late = partPuts(proxy.requests).filter(({ status }) => status === 410);
  expect(late.length).toBeLessThanOrEqual(MAX_IN_FLIGHT);
  expect(resentOf(proxy.requests, finished)).toBe(0);
  const expected = files.map(({ bytes, sha256 }, n) => ({
    name: `run-${run}-${n}.bin`,
    size: bytes,
    sha256,
  }));
  const stored = await journey.library(tab, `run-${run}-`);
  expect(stored.toSorted(byName)).toEqual(expected.toSorted(byName));
  await tab.click('[data-do-all=remove]');
  await tab.until(() => !document.querySelector('[data-upload]'));
  return resentBytes;
}

/** Lets the session expire; says which files were finished by then, by their addresses. */
async function expire({ stage }: Journey, tab: Tab, kind: (typeof kinds)[number]): Promise<Set<string>> {
  const { proxy, server } = stage;
  if (kind === 'local') {
    await proxy.set({ hang: true });
    const stopped = finishedFiles(proxy.requests);
    const hungAt = Date.now();
    // The session's own time has to pass, in which nothing is acknowledged.
    await pass((TTL_SECONDS + 1) * 1000);
    await untilKnownHere(tab, hungAt);
    await proxy.set({ hang: false });
    return stopped;
  }
  await proxy.set({ refuse: true });
  proxy.resetAll();
  const stopped = finishedFiles(proxy.requests);
  if (kind === 'reaped') {
    await server.stop();
    server.ageUploadSessions(30 * DAY_MS);
    await server.start();
    await poll('the reaper', 10_000, () => server.openParts() === 0 || undefined);
  } else {
    server.ageUploadSessions(TTL_SECONDS * 2000);
  }
  await proxy.set({ refuse: false });
  return stopped;
}

/** Waits until the worker has found by the clock that a session is over: nobody else can have told it. */
async function untilKnownHere(tab: Tab, since: number): Promise<void> {
  await poll('the worker to know that the session is over', 10_000, async () => {
    const lines = await readLog(tab);
    return (
      lines.some(({ at, text }) => at >= since && text.startsWith('upload session expired')) || undefined
    );
  });
}

function finishedFiles(requests: readonly SeenRequest[]): Set<string> {
  return new Set(
    requests.filter(({ status }) => status === 201).map(({ path }) => path.replace(/\/parts\/\d+$/, '')),
  );
}

/** Bytes of these files that went out again after they were finished. */
function resentOf(requests: readonly SeenRequest[], finished: ReadonlySet<string>): number {
  const theirs = partPuts(requests).filter(({ path }) => finished.has(path.replace(/\/parts\/\d+$/, '')));
  return wireOf(theirs).resentBytes;
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
