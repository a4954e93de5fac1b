import type { IncomingMessage } from 'node:http';
import type { PartWriter } from './part-store.ts';

/** How the reading of a body ended. */
export type BodyEnd =
  | { at: 'end'; bytes: number }
  /** The connection died: there is nobody to answer. */
  | { at: 'cut' }
  /** No byte came for too long. */
  | { at: 'stalled' }
  /** The request was told to stop. */
  | { at: 'stopped' }
  /** More bytes came than may. */
  | { at: 'overrun' }
  /** The bytes could not be written. */
  | { at: 'failed' };

/** Where a body's bytes go, and what bounds it. */
export interface BodyTarget {
  readonly writer: Pick<PartWriter, 'add' | 'drained' | 'failure'>;
  readonly hash: { update(chunk: Buffer): unknown };
  readonly maxBytes: number;
  readonly stallMs: number;
  readonly stopped: AbortSignal;
}

/**
 * Reads a body from Node's own stream into a writer and a hash. A web stream in between costs a third of the speed,
 * and loses what it had buffered when the connection is cut.
 *
 * Nothing is awaited for a chunk: the socket is only paused when the disk is megabytes behind.
 */
export function receiveBody(incoming: IncomingMessage, target: BodyTarget): Promise<BodyEnd> {
  const { writer, hash, maxBytes, stallMs, stopped } = target;
  return new Promise((resolve) => {
    let bytes = 0;
    let over = false;
    const stall = setTimeout(() => done({ at: 'stalled' }), stallMs);
    const take = (chunk: Buffer) => {
      stall.refresh();
      bytes += chunk.length;
      if (bytes > maxBytes) return done({ at: 'overrun' });
      hash.update(chunk);
      if (!writer.add(chunk)) wait();
      if (writer.failure) done({ at: 'failed' });
    };
    const wait = () => {
      incoming.pause();
      writer.drained().then(() => {
        if (writer.failure) return done({ at: 'failed' });
        stall.refresh();
        incoming.resume();
      });
    };
    const end = () => done({ at: 'end', bytes });
    const cut = () => {
      // What arrived before the connection died may still lie in the stream, which then no longer flows.
      incoming.off('data', take);
      for (let chunk = incoming.read(); chunk !== null && !over; chunk = incoming.read()) take(chunk);
      done({ at: 'cut' });
    };
    const stop = () => done({ at: 'stopped' });
    const done = (how: BodyEnd) => {
      if (over) return;
      over = true;
      clearTimeout(stall);
      stopped.removeEventListener('abort', stop);
      incoming.off('data', take).off('end', end).off('close', cut).off('error', cut);
      incoming.on('error', () => {}); // a cut after the end is nobody's news
      if (how.at !== 'end') incoming.pause();
      resolve(how);
    };
    if (stopped.aborted) return stop();
    if (incoming.destroyed && !incoming.readableEnded) return cut();
    stopped.addEventListener('abort', stop);
    incoming.on('data', take).on('end', end).on('close', cut).on('error', cut);
  });
}

/** Reads a body of at most `maxBytes` and throws it away; false if it was longer, was cut, or stopped coming. */
export async function discardBody(
  incoming: IncomingMessage,
  maxBytes: number,
  stallMs: number,
): Promise<boolean> {
  const end = await receiveBody(incoming, {
    writer: { add: () => true, drained: () => Promise.resolve(), failure: null },
    hash: { update: () => {} },
    maxBytes,
    stallMs,
    stopped: new AbortController().signal,
  });
  return end.at === 'end';
}
