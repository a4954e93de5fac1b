import type { LogEntry } from '../shared/protocol.ts';
import type { Tab } from './tab.ts';

/** The diagnostics log, oldest line first, as the worker gives it to the page that shows it. */
export function readLog(tab: Tab): Promise<LogEntry[]> {
  return tab.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<LogEntry[]>((resolve) => {
      port1.onmessage = ({ data }) => resolve((data as { value: LogEntry[] }).value);
    });
    active?.postMessage({ type: 'log.read' }, [port2]);
    return answer;
  });
}

/** The texts of those lines of the log that begin with `start`. */
export async function linesOf(tab: Tab, start: string): Promise<string[]> {
  return (await readLog(tab)).map(({ text }) => text).filter((text) => text.startsWith(start));
}
