import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserCost } from './browser-cost.ts';

const MIB = 1024 * 1024;

/** One upload of all the files of a scenario by one rival. */
export interface Measurement extends BrowserCost {
  rival: string;
  /** NaN when it failed. */
  seconds: number;
  failure: string | null;
  /** From the browser, heads and all. */
  wireBytes: number;
  requests: number;
  connections: number;
  /** Resident, at its peak. */
  serverPeakBytes: number;
  /** Processor time. */
  serverMs: number;
}

export interface Outcome {
  id: string;
  title: string;
  /** Of all files together. */
  bytes: number;
  /** What the link needs for these bytes alone; null where there is no limit. */
  floorSeconds: number | null;
  measurements: readonly Measurement[];
}

/** What of a measurement is a number. */
type Figure = Exclude<keyof Measurement, 'rival' | 'failure'>;

interface Machine {
  cores: number;
  cpu: string;
  /** Average of the minute before it all began: processes that wanted a core. */
  loadBefore: number;
  diskMibPerSecond: number;
}

/** Prints the tables and writes them, with every single measurement, to `bench/results/<date>.{md,json}`. */
export async function report(outcomes: readonly Outcome[], machine: Machine): Promise<void> {
  const at = new Date().toISOString();
  const text = [
    `# Benchmark of ${at.slice(0, 16).replace('T', ' ')} UTC`,
    `${machine.cores} cores of ${machine.cpu}, load ${machine.loadBefore.toFixed(1)} before it began; the disk takes ${machine.diskMibPerSecond.toFixed(0)} MiB/s in synced parts of 8 MiB.`,
    'Medians of the runs of each; all in one plainly started Chromium, each through the same kind of proxy.',
    ...outcomes.map(table),
  ].join('\n\n');
  console.log(`\n${text}\n`);
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  const name = join(folder, at.slice(0, 19).replaceAll(':', '-'));
  await writeFile(`${name}.md`, `${text}\n`);
  await writeFile(`${name}.json`, `${JSON.stringify({ at, machine, outcomes }, null, 2)}\n`);
}

function table({ title, bytes, floorSeconds, measurements }: Outcome): string {
  const rivals = [...new Set(measurements.map(({ rival }) => rival))];
  const rows = rivals.map((rival) => summary(measurements.filter((one) => one.rival === rival)));
  const rawSeconds = rows.find(({ rival }) => rival.startsWith('raw'))?.seconds ?? Number.NaN;
  const head = [
    '',
    'seconds',
    '× raw',
    '× floor',
    '× bytes',
    'requests',
    'connections',
    'renderer MiB',
    'server MiB',
    'CPU s: renderer + browser + server',
    'runs',
  ];
  const lines = rows.map((row) => [
    row.rival,
    row.failure ? 'failed' : row.seconds.toFixed(2),
    ratio(row.seconds / rawSeconds),
    ratio(row.seconds / (floorSeconds ?? Number.NaN)),
    ratio(row.wireBytes / bytes, 4),
    String(row.requests),
    String(row.connections),
    (row.rendererPeakBytes / MIB).toFixed(0),
    (row.serverPeakBytes / MIB).toFixed(0),
    [row.rendererMs, row.browserMs, row.serverMs].map((ms) => (ms / 1000).toFixed(1)).join(' + '),
    row.all,
  ]);
  const floor = floorSeconds === null ? '' : ` (the link's floor: ${floorSeconds.toFixed(2)} s)`;
  return [`## ${title}${floor}`, '', ...markdown([head, head.map(() => '---'), ...lines])].join('\n');
}

function summary(runs: readonly Measurement[]): Measurement & { all: string } {
  const first = runs[0];
  if (!first) throw new Error('A rival in the table has at least one run');
  const whole = runs.filter(({ failure }) => failure === null);
  const of = (field: Figure) => median((whole.length > 0 ? whole : runs).map((run) => run[field]));
  return {
    rival: first.rival,
    failure: whole.length > 0 ? null : first.failure,
    seconds: of('seconds'),
    wireBytes: of('wireBytes'),
    requests: of('requests'),
    connections: of('connections'),
    rendererPeakBytes: of('rendererPeakBytes'),
    rendererMs: of('rendererMs'),
    browserMs: of('browserMs'),
    serverPeakBytes: of('serverPeakBytes'),
    serverMs: of('serverMs'),
    all: runs.map((run) => (run.failure ? 'failed' : run.seconds.toFixed(2))).join(' '),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  const lower = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  return (upper + lower) / 2;
}

function ratio(value: number, digits = 2): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–';
}

function markdown(rows: readonly (readonly string[])[]): string[] {
  return rows.map((cells) => `| ${cells.join(' | ')} |`);
}
