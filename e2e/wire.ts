import type { SeenRequest } from './request-heads.ts';

/** Bytes of parts that went out, and how many of them had gone out before. */
export interface Wire {
  sentBytes: number;
  resentBytes: number;
}

const partPath = /\/files\/([^/]+)\/parts\/(\d+)$/;

/** The requests among `requests` that carry bytes of parts. */
export function partPuts(requests: readonly SeenRequest[]): SeenRequest[] {
  return requests.filter(({ method, path }) => method === 'PUT' && partPath.test(path));
}

/** What `requests` put on the wire of parts, byte by byte of each part. */
export function wireOf(requests: readonly SeenRequest[]): Wire {
  const seen = new Map<string, [from: number, to: number][]>();
  let sentBytes = 0;
  let resentBytes = 0;
  for (const { path, headers, bodyBytes } of partPuts(requests)) {
    const from = Number(headers['upload-offset']);
    const to = from + bodyBytes;
    const spans = seen.get(path) ?? [];
    sentBytes += bodyBytes;
    resentBytes += overlap(spans, from, to);
    seen.set(path, [...spans, [from, to]]);
  }
  return { sentBytes, resentBytes };
}

/**
 * Body bytes that were on their way in requests without an answer, and in those that came too late: refused with the
 * status `late`, since the session they had left in was over.
 */
export function inFlightBytes(requests: readonly SeenRequest[], late: 401 | 410 | null = null): number {
  return partPuts(requests)
    .filter(({ status }) => status === null || status === late)
    .reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
}

/** Bytes between `from` and `to` that one of `spans` has, each counted once. */
function overlap(spans: readonly [number, number][], from: number, to: number): number {
  const cuts = spans
    .map(([a, b]): [number, number] => [Math.max(a, from), Math.min(b, to)])
    .filter(([a, b]) => a < b)
    .sort((x, y) => x[0] - y[0]);
  let bytes = 0;
  let end = from;
  for (const [a, b] of cuts) {
    bytes += Math.max(0, b - Math.max(a, end));
    end = Math.max(end, b);
  }
  return bytes;
}
