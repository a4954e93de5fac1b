import { type FileOrder, fileOrders, type StoredFile, type StoredFiles } from './api.ts';
import { nameSortKey } from './file-order.ts';
import { matchesSearch } from './file-search.ts';

/**
 * What a device remembers of the library: which of it a new answer proves wrong, and what is answered from it while the
 * server can't be reached.
 */

/** Files a device remembers, at most. */
export const MAX_REMEMBERED_FILES = 5000;
/** Cursors of answers from memory begin with this, so that no server takes them for its own. */
const CURSOR = 'remembered:';
const USUAL_LIMIT = 100;

/** What was asked for with `GET /api/files`. */
export interface LibraryAsk {
  readonly order: FileOrder;
  readonly q: string;
  readonly after: string | null;
  readonly limit: number;
}

/** What is known beside the files themselves. */
export interface LibraryFacts {
  readonly usedBytes: number;
  readonly quotaBytes: number;
}

/** The question in a query, given by name; what is missing or not understood is as the server has it by default. */
export function readLibraryAsk(query: (name: string) => string | null): LibraryAsk {
  const order = query('order');
  const limit = Number(query('limit') ?? USUAL_LIMIT);
  return {
    order: fileOrders.find((each) => each === order) ?? 'newest',
    q: query('q') ?? '',
    after: query('after'),
    limit: Number.isInteger(limit) && limit > 0 ? limit : USUAL_LIMIT,
  };
}

/** Which of two files comes first in `order`; two that are alike in it stand by their ids, as the server has them. */
export function compareFiles(order: FileOrder): (a: StoredFile, b: StoredFile) => number {
  const { by, down } = orders[order];
  return (a, b) => {
    const first = compare(by(a), by(b)) || compare(a.id, b.id);
    return down ? -first : first;
  };
}

/**
 * The ids of `known` files that `answer` proves to be gone: those that should stand between its first and its last
 * file, and do not. The first page begins where the list does, and the last one ends there.
 */
export function goneBy(known: Iterable<StoredFile>, ask: LibraryAsk, answer: StoredFiles): string[] {
  const inOrder = compareFiles(ask.order);
  const present = new Set(answer.files.map(({ id }) => id));
  const [first, last] = [answer.files[0], answer.files.at(-1)];
  const isWithin = (file: StoredFile) => {
    const isBehindFirst = ask.after === null || (first !== undefined && inOrder(file, first) > 0);
    const isBeforeLast = answer.next === null || (last !== undefined && inOrder(file, last) < 0);
    return isBehindFirst && isBeforeLast;
  };
  return [...known]
    .filter((file) => !present.has(file.id) && matchesSearch(file, ask.q) && isWithin(file))
    .map(({ id }) => id);
}

/** The answer to `ask` from what is remembered, or null when it goes on from a page that the server gave. */
export function recall(
  known: Iterable<StoredFile>,
  ask: LibraryAsk,
  facts: LibraryFacts,
): StoredFiles | null {
  const from = ask.after === null ? 0 : readCursor(ask.after);
  if (from === null) return null;
  const found = sorted(
    [...known].filter((file) => matchesSearch(file, ask.q)),
    ask.order,
  );
  const to = from + ask.limit;
  const next = to < found.length ? `${CURSOR}${to}` : null;
  return { files: found.slice(from, to), next, count: found.length, ...facts };
}

type Key = (file: StoredFile) => string | number;
const byDate: Key = ({ storedAt }) => storedAt;
const byName: Key = ({ name }) => nameSortKey(name);
const bySize: Key = ({ size }) => size;

const orders: Readonly<Record<FileOrder, { by: Key; down: boolean }>> = {
  newest: { by: byDate, down: true },
  oldest: { by: byDate, down: false },
  name: { by: byName, down: false },
  'name-down': { by: byName, down: true },
  largest: { by: bySize, down: true },
  smallest: { by: bySize, down: false },
};

/** Sorted by keys that are made once each: a name's costs more than comparing it. */
function sorted(files: readonly StoredFile[], order: FileOrder): StoredFile[] {
  const { by, down } = orders[order];
  const keyed = files.map((file) => ({ file, key: by(file) }));
  keyed.sort((a, b) => compare(a.key, b.key) || compare(a.file.id, b.file.id));
  const inOrder = keyed.map(({ file }) => file);
  return down ? inOrder.reverse() : inOrder;
}

function readCursor(cursor: string): number | null {
  const at = cursor.startsWith(CURSOR) ? Number(cursor.slice(CURSOR.length)) : Number.NaN;
  return Number.isInteger(at) && at >= 0 ? at : null;
}

function compare(a: string | number, b: string | number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
