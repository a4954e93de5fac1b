import type { Place } from './order.ts';
import type { Rows } from './window.ts';

/** A row, by its index in the group. */
export interface RowLine {
  at: number;
  index: number;
}

/** What stands above the `count` rows of a batch. */
export interface HeadLine {
  at: number;
  batchAt: number;
  count: number;
}

/** Those of `batches` that began in one minute with another: only seconds tell them apart. */
export function batchesOfOneMinute(batches: Iterable<number>): ReadonlySet<number> {
  const firsts = new Map<number, number>();
  const found = new Set<number>();
  for (const batchAt of batches) {
    const minute = Math.floor(batchAt / 60_000);
    const first = firsts.get(minute) ?? batchAt;
    firsts.set(minute, first);
    if (first !== batchAt) found.add(first).add(batchAt);
  }
  return found;
}

/**
 * How a group of a long list is drawn: line by line, each as high as a row. Above the rows of each batch a line says which
 * it is; where there is only one batch, that need not be said.
 */
export class Lines {
  readonly #places: readonly Pick<Place, 'batchAt'>[];
  /** Indexes of the rows that have a heading above them. */
  readonly #headed: readonly number[];

  constructor(places: readonly Pick<Place, 'batchAt'>[]) {
    this.#places = places;
    const begins: number[] = [];
    let batch: number | null = null;
    for (const [index, { batchAt }] of places.entries()) {
      if (batchAt !== batch) begins.push(index);
      batch = batchAt;
    }
    this.#headed = begins.length > 1 ? begins : [];
  }

  /** The batches that have a line, by when they began. */
  get batches(): number[] {
    return this.#headed.map((index) => this.#places[index]?.batchAt ?? 0);
  }

  get count(): number {
    return this.#places.length + this.#headed.length;
  }

  /** The line of the row `index`. */
  lineOf(index: number): number {
    return index + this.#firstAbove((begin) => begin > index);
  }

  /** The lines from `from` up to, not including, `to`. */
  *within({ from, to }: Rows): Generator<RowLine | HeadLine> {
    // The n-th heading stands in the line `begin + n`.
    let heads = this.#firstAbove((begin, n) => begin + n >= from);
    for (let at = from; at < Math.min(to, this.count); at++) {
      const index = at - heads;
      if (this.#headed[heads] === index) {
        heads++;
        const end = this.#headed[heads] ?? this.#places.length;
        yield { at, batchAt: this.#places[index]?.batchAt ?? 0, count: end - index };
      } else {
        yield { at, index };
      }
    }
  }

  /** How many headings come before the first that `isAbove`, by halving: there can be as many as rows. */
  #firstAbove(isAbove: (begin: number, n: number) => boolean): number {
    let low = 0;
    let high = this.#headed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isAbove(this.#headed[middle] ?? 0, middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
