import { MAX_FILES_PER_CALL } from './api.ts';
import { type Link, MAX_IN_FLIGHT, nextSegment, sendNotBefore } from './pace.ts';
import { missingParts, spanOf, UNDO_MS, type Upload } from './upload.ts';

/** One upload and what the engine knows of it beside its checkpoint. */
export interface Standing {
  readonly upload: Upload;
  /** The server has confirmed what it holds, since this engine started. */
  readonly attached: boolean;
  /** The server has acknowledged parts that this device has not compared with its file: nothing goes out before. */
  readonly unverified: boolean;
  /** Another device or an older try of ours is at work: leave it alone until then (ms since the epoch). */
  readonly restUntil: number;
  /** Parts with a request in flight. */
  readonly busy: ReadonlySet<number>;
  /** Parts of which the server may hold more than we know: asked before anything is sent. */
  readonly doubtful: ReadonlySet<number>;
  /** Whether the bytes of a part are within reach. */
  readonly reaches: (part: number) => boolean;
}

/** One thing for the engine to do. */
export type Step =
  /** Tell the server of these files and learn what it has of each. */
  | { do: 'attach'; session: string; ids: string[] }
  /** Compare the file with those of its parts that were sent from elsewhere, or by a worker that forgot. */
  | { do: 'compare'; id: string }
  /** Ask how much of a part the server has. */
  | { do: 'look'; id: string; part: number }
  /** Send bytes of a part; `completes` when they reach its end. */
  | { do: 'send'; id: string; part: number; offset: number; length: number; completes: boolean }
  /** Have the bytes of a part ready, since it is among the next to be sent. */
  | { do: 'read'; id: string; part: number }
  /** Have the server free what it holds. */
  | { do: 'free'; id: string }
  /** No byte that is still to be sent is within reach. */
  | { do: 'lose'; id: string };

export interface PlanFacts {
  /** In the order a person added them, of the signed-in account only. */
  standings: Iterable<Standing>;
  link: Link;
  /** Requests of the engine under way. */
  inFlight: number;
  /** Sessions with an `attach` under way. */
  attaching: ReadonlySet<string>;
  /** A person wants nothing to be sent over a connection like this one; what is cancelled is still freed. */
  heldBack: boolean;
  /** Ms since the epoch. */
  now: number;
}

export interface Plan {
  steps: Step[];
  /** When to plan again though nothing happens, ms since the epoch; null when only an event can help. */
  wakeAt: number | null;
}

/** Parts to be read before it is their turn: one for each request that may end. */
const READ_AHEAD = MAX_IN_FLIGHT;

/**
 * What to do next: as many requests as there is room for, first file first, and what is needed for those after them.
 * While requests fail, one at a time is enough to find out whether the way is open again.
 */
export function planNext({ standings, link, inFlight, attaching, heldBack, now }: PlanFacts): Plan {
  const requests: Step[] = [];
  const aside: Step[] = [];
  let wakeAt: number | null = null;
  const wake = (at: number) => {
    wakeAt = wakeAt === null ? at : Math.min(wakeAt, at);
  };
  const mayAsk = sendNotBefore(link) <= now;
  const isOpen = mayAsk && link.failures <= 1;
  const free = mayAsk ? Math.max(0, (isOpen ? MAX_IN_FLIGHT : 1) - inFlight) : 0;
  let room = free;
  let ahead = isOpen ? READ_AHEAD : 0;
  const attach = new Map<string, string[]>();
  let wanted = false;

  for (const standing of standings) {
    const { upload } = standing;
    const { life } = upload;
    if (life.at === 'removed' || (life.at === 'cancelled' && !life.told)) {
      const due = life.at === 'removed' ? now : life.since + UNDO_MS;
      if (due > now) wake(due);
      else {
        wanted = true;
        if (room > 0 && standing.busy.size === 0) {
          requests.push({ do: 'free', id: upload.id });
          room--;
        }
      }
      continue;
    }
    if (life.at !== 'going' || heldBack) continue;
    if (standing.restUntil > now) {
      wake(standing.restUntil);
      continue;
    }
    wanted = true;
    if (!standing.attached) {
      // What is on its way may be acknowledged before an answer comes that knows nothing of that, and be sent again for it.
      if (standing.busy.size === 0 && !attaching.has(upload.session)) gather(attach, upload);
      continue;
    }
    if (room <= 0 && ahead <= 0) continue;
    for (const step of partSteps(standing, link)) {
      if (step.do === 'lose') aside.push(step);
      else if (room > 0) {
        room--;
        requests.push(step);
      } else if (step.do === 'send' && ahead > 0) {
        ahead--;
        aside.push({ do: 'read', id: step.id, part: step.part });
      }
      if (room <= 0 && ahead <= 0) break;
    }
  }
  // Registering comes first: it costs one request for up to 1,000 files, and says what need not be sent at all.
  const attachSteps = [...attach].map(([session, ids]): Step => ({ do: 'attach', session, ids }));
  const first = [...attachSteps, ...requests].slice(0, free);
  if (wanted && !mayAsk) wake(sendNotBefore(link));
  return { steps: [...first, ...aside], wakeAt };
}

function* partSteps(standing: Standing, link: Link): Generator<Step> {
  const { upload, busy, doubtful } = standing;
  const { id } = upload;
  if (standing.unverified) {
    if (busy.size === 0) yield { do: 'compare', id };
    return;
  }
  let unreached = false;
  let asked = busy.size > 0;
  for (const part of missingParts(upload)) {
    if (busy.has(part)) continue;
    if (doubtful.has(part)) {
      asked = true;
      yield { do: 'look', id, part };
      continue;
    }
    if (!standing.reaches(part)) {
      unreached = true;
      continue;
    }
    asked = true;
    const offset = upload.received[part] ?? 0;
    const missing = spanOf(upload, part).length - offset;
    const length = nextSegment(link, missing);
    yield { do: 'send', id, part, offset, length, completes: length === missing };
  }
  // Nobody is asked for a file while there is still something to do without it.
  if (unreached && !asked) yield { do: 'lose', id };
}

function gather(attach: Map<string, string[]>, { session, id }: Upload): void {
  const ids = attach.get(session) ?? [];
  if (ids.length < MAX_FILES_PER_CALL) ids.push(id);
  attach.set(session, ids);
}
