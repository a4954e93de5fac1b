import { browserProcesses, forgetPeak, peakBytes, processorMs } from '../e2e/memory.ts';

/** A renderer that did less during an upload had no part in it: the browser keeps spare ones, and some of its own. */
const WORKING_MS = 50;

/** What an upload cost the browser. */
export interface BrowserCost {
  /** Resident, at its peak, of the page and of its worker; nearly always one process. */
  rendererPeakBytes: number;
  /** Processor time of all renderers. */
  rendererMs: number;
  /** Processor time of the rest: the browser itself, its network and storage processes, its painter. */
  browserMs: number;
}

/** Begins to watch a browser; what it returns ends that and answers what it cost meanwhile. */
export function watchBrowser(browserPid: number): () => BrowserCost {
  const before = new Map(browserProcesses(browserPid).map(({ pid }) => [pid, processorMs(pid)]));
  for (const pid of before.keys()) forgetPeak(pid);
  return () => {
    const all = browserProcesses(browserPid)
      .map(({ pid, type }) => ({ pid, type, ms: processorMs(pid) - (before.get(pid) ?? 0) }))
      .sort((a, b) => b.ms - a.ms);
    const renderers = all.filter(({ type }) => type === 'renderer');
    // When none worked, as when the browser itself sends a whole file, the one that did most stands for the page.
    const working = renderers.filter(({ ms }, rank) => rank === 0 || ms >= WORKING_MS);
    return {
      rendererPeakBytes: working.reduce((sum, { pid }) => sum + peakBytes(pid), 0),
      rendererMs: totalMs(renderers),
      browserMs: totalMs(all) - totalMs(renderers),
    };
  };
}

function totalMs(processes: readonly { ms: number }[]): number {
  return processes.reduce((sum, { ms }) => sum + ms, 0);
}
