/** Bytes that had arrived by a time; `at` in ms. Samples are kept in order of time. */
export interface Sample {
  at: number;
  bytes: number;
}

/** How far back speed looks, in ms: segments of some 2 s would else make it jump. */
const WINDOW_MS = 12_000;
/** After this long without a sample when sending begins again, those before it are of another time, in ms. */
const PAUSE_MS = 2000;
/** Less than this says nothing, in ms. */
const LEAST_MS = 700;

/** `samples` with the newest added and those behind the window forgotten, but for one that marks its edge. */
export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const edge = samples.findLastIndex(({ at }) => at <= sample.at - WINDOW_MS);
  return [...samples.slice(Math.max(0, edge)), sample];
}

/**
 * `samples` as sending begins at `now`, nothing having been on its way just before. None are left after a pause: over an
 * hour's, what arrived before and after it would come to no speed at all. A gap while something is on its way is no
 * pause but a slow link.
 */
export function samplesAsSendingBegins(samples: readonly Sample[], now: number): readonly Sample[] {
  const last = samples.at(-1);
  return last && now - last.at > PAUSE_MS ? [] : samples;
}

/** Bytes per second over the window that ends at `now`, or null while there is too little to say. */
export function speedOf(samples: readonly Sample[], now: number): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || now - first.at < LEAST_MS) return null;
  const bytes = last.bytes - first.bytes;
  return bytes > 0 ? (bytes * 1000) / (now - first.at) : null;
}

/** Seconds until `bytes` more have arrived, at least 1; null when the speed is not known. */
export function secondsLeft(bytes: number, bytesPerSecond: number | null): number | null {
  return bytesPerSecond === null ? null : Math.max(1, Math.ceil(bytes / bytesPerSecond));
}
