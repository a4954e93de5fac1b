/** Sorted, disjoint, non-adjacent runs of whole numbers, both ends included: `[[0, 4], [7, 7]]`. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** `ranges` with `n` added. */
export function addToRanges(ranges: Ranges, n: number): Ranges {
  return uniteRanges(ranges, [[n, n]]);
}

/** Every number that is in one of both. */
export function uniteRanges(a: Ranges, b: Ranges): Ranges {
  const sorted = [...a, ...b].sort((x, y) => x[0] - y[0]);
  const united: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = united.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else united.push([from, to]);
  }
  return united;
}

/** Whether `n` is in `ranges`. */
export function inRanges(ranges: Ranges, n: number): boolean {
  return ranges.some(([from, to]) => from <= n && n <= to);
}

/** How many numbers `ranges` holds. */
export function countRanges(ranges: Ranges): number {
  return ranges.reduce((count, [from, to]) => count + to - from + 1, 0);
}

/** The ranges that hold exactly `numbers`, given in any order. */
export function toRanges(numbers: Iterable<number>): Ranges {
  return uniteRanges(
    [],
    [...numbers].map((n) => [n, n] as const),
  );
}
