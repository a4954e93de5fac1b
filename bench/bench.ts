import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PlainBrowser } from '../e2e/browser.ts';
import type { Faults } from '../e2e/fault-proxy.ts';
import { forgetPeak, peakBytes, processorMs } from '../e2e/memory.ts';
import { makeFile } from '../e2e/test-file.ts';
import { watchBrowser } from './browser-cost.ts';
import { diskSpeed } from './disk-speed.ts';
import { type Measurement, type Outcome, report } from './report.ts';
import { type Entrant, holdfast, type Rival, raw, tus } from './rivals.ts';

const MIB = 1024 * 1024;
const LINK: Partial<Faults> = { bitsPerSecond: 40e6, latencyMs: 30 };
/** What a person with a broken network would give it; a rival that is not done by then has lost. */
const WITHIN_MS = 300_000;

interface Scenario {
  id: string;
  title: string;
  files: number;
  bytesEach: number;
  link: Partial<Faults>;
  runs: number;
  rivals: readonly Entrant[];
}

const everybody = [raw(1), tus(1, 1), tus(4, 1), holdfast];

const scenarios: readonly Scenario[] = [
  {
    id: 'clean-256',
    title: '256 MiB, clean loopback',
    files: 1,
    bytesEach: 256 * MIB,
    link: {},
    runs: 3,
    rivals: everybody,
  },
  {
    id: 'clean-1024',
    title: '1 GiB, clean loopback',
    files: 1,
    bytesEach: 1024 * MIB,
    link: {},
    runs: 2,
    rivals: everybody,
  },
  {
    id: 'link-64',
    title: '64 MiB at 40 Mbit/s, 60 ms',
    files: 1,
    bytesEach: 64 * MIB,
    link: LINK,
    runs: 1,
    rivals: everybody,
  },
  {
    id: 'reset-64',
    title: 'the same, every connection reset 5 s after it was opened',
    files: 1,
    bytesEach: 64 * MIB,
    link: { ...LINK, resetAfterMs: 5000 },
    runs: 1,
    // A whole-file PUT can't arrive here: it takes 13 s.
    rivals: [tus(1, 1), tus(4, 1), holdfast],
  },
  {
    id: 'small-200',
    title: '200 files of 50 KiB on that link',
    files: 200,
    bytesEach: 50 * 1024,
    link: LINK,
    runs: 2,
    rivals: [raw(3), raw(6), tus(1, 3), holdfast],
  },
];

/** Runs the scenarios that `args` name, prints what was measured, and keeps it under `bench/results/`. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { only: { type: 'string' }, runs: { type: 'string' }, rivals: { type: 'string' } },
  });
  const wanted = values.only?.split(',');
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const outcomes: Outcome[] = [];
  // Whatever else runs on the machine takes its cores from the rivals, and most from those that use both.
  const [loadBefore = 0] = loadavg();
  try {
    for (const scenario of scenarios.filter(({ id }) => !wanted || wanted.includes(id))) {
      const runs = Number(values.runs ?? scenario.runs);
      outcomes.push(await measure({ ...scenario, runs }, folder, values.rivals?.split(',')));
    }
    const machine = {
      cores: cpus().length,
      cpu: cpus()[0]?.model ?? '',
      loadBefore,
      diskMibPerSecond: await diskSpeed(folder),
    };
    await report(outcomes, machine);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** All rivals take turns, so that what the machine does meanwhile meets them alike. */
async function measure(scenario: Scenario, folder: string, only: string[] | undefined): Promise<Outcome> {
  console.log(`\n${scenario.title}`);
  const files = await Promise.all(
    Array.from({ length: scenario.files }, (_, n) =>
      makeFile(join(folder, scenario.id, `file-${n}.bin`), scenario.bytesEach, n + 1),
    ),
  );
  const paths = files.map(({ path }) => path);
  const measurements: Measurement[] = [];
  const rivals: (Rival & { name: string })[] = [];
  const browser = await PlainBrowser.launch();
  try {
    for (const { name, start } of scenario.rivals.filter(({ name }) => isWanted(name, only))) {
      rivals.push({ name, ...(await start(folder)) });
    }
    for (let run = 0; run < scenario.runs; run++) {
      for (const rival of rivals) {
        const measured = { rival: rival.name, ...(await measureOnce(rival, browser, scenario, paths)) };
        measurements.push(measured);
        console.log(`  ${rival.name}: ${measured.failure ?? `${measured.seconds.toFixed(2)} s`}`);
      }
    }
  } finally {
    await browser.close();
    for (const rival of rivals) await rival.close();
    await rm(join(folder, scenario.id), { recursive: true, force: true });
  }
  const bytes = scenario.files * scenario.bytesEach;
  const { bitsPerSecond } = scenario.link;
  const floorSeconds = bitsPerSecond ? (bytes * 8) / bitsPerSecond : null;
  return { id: scenario.id, title: scenario.title, bytes, floorSeconds, measurements };
}

function isWanted(name: string, only: string[] | undefined): boolean {
  return !only || only.some((word) => name.toLowerCase().startsWith(word.toLowerCase()));
}

async function measureOnce(
  rival: Rival,
  browser: PlainBrowser,
  scenario: Scenario,
  paths: readonly string[],
): Promise<Omit<Measurement, 'rival'>> {
  const { proxy } = rival;
  const tab = await rival.open(browser);
  // What earlier runs left to be written would be written during this one.
  execFileSync('sync');
  await proxy.set(scenario.link);
  proxy.forget();
  forgetPeak(rival.serverPid);
  const serverMsBefore = processorMs(rival.serverPid);
  const browserCost = watchBrowser(browser.pid);
  const measured = await rival.upload(tab, paths, WITHIN_MS).then(
    (seconds) => ({ seconds, failure: null }),
    (error: Error) => ({ seconds: Number.NaN, failure: error.message.slice(0, 200) }),
  );
  const measurement = {
    ...measured,
    wireBytes: proxy.counts.fromClients,
    requests: proxy.requests.length,
    connections: proxy.counts.connections,
    ...browserCost(),
    serverMs: processorMs(rival.serverPid) - serverMsBefore,
    serverPeakBytes: peakBytes(rival.serverPid),
  };
  await proxy.set({ bitsPerSecond: null, latencyMs: 0, resetAfterMs: null });
  await tab.close();
  return measurement;
}
