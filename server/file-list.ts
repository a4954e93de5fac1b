import { sql } from 'kysely';
import * as v from 'valibot';
import { type FileOrder, fileOrders, type StoredFiles } from '../shared/api.ts';
import { foldForSearch, MAX_SEARCH_UNITS } from '../shared/file-search.ts';
import { hashed } from './budgets.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';
import { storedFile } from './file-row.ts';
import { usedBytes } from './library.ts';
import { Refusal } from './problem.ts';

/** Which page of the library is asked for. */
export interface ListAsk {
  readonly order: FileOrder;
  /** What is searched for; empty for everything. */
  readonly q: string;
  /** The last row of the page before; null for the first page. */
  readonly after: Place | null;
  readonly limit: number;
}

/** Where a row stands in an order: the value it is sorted by, and its id, which decides between equals. */
interface Place {
  readonly key: number | string;
  readonly id: string;
}

const DEFAULT_LIMIT = 100;
/** Files on one page, at most. */
export const MAX_LIMIT = 1000;
/** The longest cursor we make is a good deal shorter. */
const MAX_CURSOR_CHARACTERS = 2000;
const HASH_CHARACTERS = 16;

const columns = {
  newest: { name: 'stored_at', down: true },
  oldest: { name: 'stored_at', down: false },
  name: { name: 'sort_name', down: false },
  'name-down': { name: 'sort_name', down: true },
  largest: { name: 'size', down: true },
  smallest: { name: 'size', down: false },
} as const satisfies Record<FileOrder, { name: string; down: boolean }>;

// Names may hold none of these either; to a database, NUL may be the end of the text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are refused
const control = /[\u0000-\u001f\u007f-\u009f]/;
const Cursor = v.tuple([
  v.picklist(fileOrders),
  v.string(),
  v.union([v.pipe(v.number(), v.safeInteger()), v.string()]),
  v.pipe(v.string(), v.uuid()),
]);

/** Reads the query of `GET /api/files`. @throws {Refusal} `INVALID_INPUT` naming the parameter */
export function readListAsk(query: (name: string) => string | undefined): ListAsk {
  const order = query('order') ?? 'newest';
  if (!v.is(v.picklist(fileOrders), order))
    throw new Refusal('INVALID_INPUT', `order: expected ${fileOrders.join(', ')}`);
  const q = (query('q') ?? '').trim();
  if (q.length > MAX_SEARCH_UNITS || control.test(q) || !q.isWellFormed())
    throw new Refusal('INVALID_INPUT', `q: expected up to ${MAX_SEARCH_UNITS} characters of plain text`);
  return { order, q, after: readCursor(query('after'), order, q), limit: readLimit(query('limit')) };
}

/**
 * A page of the library, and how many files there are of what is asked for.
 *
 * Pages go on behind the last row of the page before, by its value and not by its number, so that what is added,
 * renamed or deleted meanwhile makes no other row come twice or not at all.
 */
export async function listFiles(
  db: Database,
  config: Config,
  accountId: string,
  { order, q, after, limit }: ListAsk,
): Promise<StoredFiles> {
  const { name, down } = columns[order];
  let query = found(db, accountId, q)
    .selectAll()
    .orderBy(name, down ? 'desc' : 'asc')
    .orderBy('id', down ? 'desc' : 'asc')
    .limit(limit + 1);
  if (after) {
    const beyond = sql.raw(down ? '<' : '>');
    query = query.where(sql<boolean>`(${sql.ref(name)}, id) ${beyond} (${after.key}, ${after.id})`);
  }
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const { count } = await found(db, accountId, q)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return {
    files: page.map(storedFile),
    next: rows.length > limit && last ? writeCursor(order, q, { key: last[name], id: last.id }) : null,
    count: Number(count),
    usedBytes: await usedBytes(db, accountId),
    quotaBytes: config.quotaBytes,
  };
}

function found(db: Database, accountId: string, q: string) {
  const files = db.selectFrom('files').where('account_id', '=', accountId);
  if (q === '') return files;
  const pattern = `%${foldForSearch(q).replace(/[\\%_]/g, '\\$&')}%`;
  return files.where(sql<boolean>`search like ${pattern} escape '\\'`);
}

function writeCursor(order: FileOrder, q: string, { key, id }: Place): string {
  return Buffer.from(JSON.stringify([order, searchHash(q), key, id])).toString('base64url');
}

/** A cursor goes on with the very list it comes from. */
function readCursor(text: string | undefined, order: FileOrder, q: string): Place | null {
  if (text === undefined) return null;
  const result = v.safeParse(Cursor, decoded(text));
  if (result.success) {
    const [ofOrder, ofSearch, key, id] = result.output;
    const isOfColumn = (typeof key === 'string') === (columns[order].name === 'sort_name');
    if (ofOrder === order && ofSearch === searchHash(q) && isOfColumn) return { key, id };
  }
  throw new Refusal('INVALID_INPUT', 'after: not a cursor of this list');
}

function decoded(text: string): unknown {
  if (text.length > MAX_CURSOR_CHARACTERS || !/^[\w-]+$/.test(text)) return null;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return null; // not something we wrote
  }
}

function searchHash(q: string): string {
  return q === '' ? '' : hashed(foldForSearch(q)).slice(0, HASH_CHARACTERS);
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw new Refusal('INVALID_INPUT', `limit: expected 1 to ${MAX_LIMIT}`);
  return limit;
}
