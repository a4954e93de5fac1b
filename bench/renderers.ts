import { browserProcesses, forgetPeak, peakBytes, processorMs } from '../e2e/memory.ts';

/** A process that did less during an upload had no part in it: the browser keeps spare ones, and some of its own. */
const WORKING_MS = 50;

/**
 * Begins to watch the renderers of a browser. What it returns ends that, and answers the peak of resident bytes, all
 * of those together that worked meanwhile: the page, and the worker where it has a process of its own. When none
 * did, as when the browser itself sends a whole file, it is that of the one that did most.
 */
export function watchRenderers(browserPid: number): () => number {
  const before = new Map(renderers(browserPid).map((pid) => [pid, processorMs(pid)]));
  for (const pid of before.keys()) forgetPeak(pid);
  return () => {
    const worked = renderers(browserPid)
      .map((pid) => ({ ms: processorMs(pid) - (before.get(pid) ?? 0), peak: peakBytes(pid) }))
      .sort((a, b) => b.ms - a.ms);
    const working = worked.filter(({ ms }, rank) => rank === 0 || ms >= WORKING_MS);
    return working.reduce((sum, { peak }) => sum + peak, 0);
  };
}

function renderers(browserPid: number): number[] {
  return browserProcesses(browserPid)
    .filter(({ type }) => type === 'renderer')
    .map(({ pid }) => pid);
}
