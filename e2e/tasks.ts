import type { Cdp } from './cdp.ts';

/** One task of a page's main thread, in ms. */
export interface Task {
  /** From its beginning to its end, and what it waited for a processor in between. */
  wallMs: number;
  /** What it used of a processor: of a machine that does other things too, this is what is the page's own. */
  cpuMs: number;
}

/** A complete event of Chromium's trace format; times in µs, `tts` and `tdur` by the thread's own clock. */
interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  tts?: number;
  tdur?: number;
  args?: { name?: string; data?: { type?: string } };
}

const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline'];
/** No task that matters is shorter, in ms of wall clock. */
const LEAST_MS = 20;

/** The longer tasks of all pages while `work` runs, the longest first. */
export async function tasksDuring(cdp: Cdp, work: () => Promise<void>): Promise<Task[]> {
  await cdp.send('Tracing.start', {
    transferMode: 'ReturnAsStream',
    traceConfig: { includedCategories: CATEGORIES, traceBufferSizeInKb: 400_000 },
  });
  const complete = cdp.next<{ stream: string }, string>('Tracing.tracingComplete', ({ stream }) => stream);
  try {
    await work();
  } finally {
    await cdp.send('Tracing.end');
  }
  return tasksOf(await read(cdp, await complete));
}

/** Pieces of the stream end anywhere; it is one JSON document. */
async function read(cdp: Cdp, handle: string): Promise<TraceEvent[]> {
  const pieces: string[] = [];
  for (let eof = false; !eof; ) {
    const piece = await cdp.send<{ data: string; eof: boolean }>('IO.read', { handle, size: 4_000_000 });
    pieces.push(piece.data);
    eof = piece.eof;
  }
  await cdp.send('IO.close', { handle });
  return (JSON.parse(pieces.join('')) as { traceEvents: TraceEvent[] }).traceEvents;
}

function tasksOf(events: readonly TraceEvent[]): Task[] {
  const thread = ({ pid, tid }: TraceEvent) => `${pid}:${tid}`;
  const isNamed = ({ name, args }: TraceEvent) => name === 'thread_name' && args?.name === 'CrRendererMain';
  const pages = new Set(events.filter(isNamed).map(thread));
  const choices = events.filter(
    ({ name, args }) => name === 'EventDispatch' && args?.data?.type === 'change',
  );
  const tasks = events.flatMap((task) => {
    const { name, ph, ts, dur = 0, tts = 0, tdur = 0 } = task;
    if (name !== 'RunTask' || ph !== 'X' || dur < LEAST_MS * 1000 || !pages.has(thread(task))) return [];
    // The list of chosen files is made by the browser, in any page (0.3 ms for each): the page's own work begins behind it.
    const choice = choices.find((one) => thread(one) === thread(task) && one.ts >= ts && one.ts < ts + dur);
    const wall = choice ? ts + dur - choice.ts : dur;
    const cpu = choice ? tts + tdur - (choice.tts ?? tts) : tdur;
    return [{ wallMs: Math.round(wall / 1000), cpuMs: Math.round(cpu / 1000) }];
  });
  return tasks.toSorted((a, b) => b.cpuMs - a.cpuMs);
}
