import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** A process of a browser. Linux only, as all of this: it reads `/proc`. */
export interface BrowserProcess {
  pid: number;
  /** As Chromium names it: `renderer`, `gpu-process`, `utility`; `browser` for the first one. */
  type: string;
}

/** All processes of the browser whose first one is `pid`, that one included. */
export function browserProcesses(pid: number): BrowserProcess[] {
  const parents = new Map(processIds().map((id) => [id, parentOf(id)]));
  const isOurs = (id: number | undefined): boolean =>
    id === pid || (id !== undefined && isOurs(parents.get(id)));
  return [...parents.keys()].filter(isOurs).map((id) => ({ pid: id, type: typeOf(id) }));
}

/** Resident bytes of a process at their highest, since it began or since `forgetPeak`; 0 when it is gone. */
export function peakBytes(pid: number): number {
  return statusKib(pid, 'VmHWM') * 1024;
}

/** Resident bytes of a process now; 0 when it is gone. */
export function residentBytes(pid: number): number {
  return statusKib(pid, 'VmRSS') * 1024;
}

/** Processor time of a process since it began, in ms; 0 when it is gone. */
export function processorMs(pid: number): number {
  // Fields 14 and 15 of proc(5), in ticks of 10 ms, counted from after the name in parentheses.
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return 10 * (Number(fields[11] ?? 0) + Number(fields[12] ?? 0));
}

/** Lets the peak begin anew at what is resident now. */
export function forgetPeak(pid: number): void {
  // 5 resets the high-water mark (proc(5), clear_refs); a process that just ended has none.
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {}
}

function processIds(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function parentOf(pid: number): number | undefined {
  // The second field is the name in parentheses, which may hold anything; the parent is two fields after it.
  const afterName = /\) \S+ (\d+)/.exec(read(`/proc/${pid}/stat`))?.[1];
  return afterName === undefined || afterName === '0' ? undefined : Number(afterName);
}

function typeOf(pid: number): string {
  return /--type=([\w-]+)/.exec(read(`/proc/${pid}/cmdline`))?.[1] ?? 'browser';
}

function statusKib(pid: number, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** Empty for a process that ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
