import { sql, type Transaction } from 'kysely';
import type { FileChoice } from '../shared/api.ts';
import type { Tables } from './database.ts';
import { Refusal } from './problem.ts';

/** A file that was chosen, and the folder it is in. */
interface Chosen {
  readonly id: string;
  readonly path: string;
}

/**
 * The files that are meant and are still there: these, in their order, or all that is in a folder now, below it too.
 *
 * @param most as many may be chosen, by the name of the limit
 * @throws {Refusal} `NOT_FOUND` when there is none, `TOO_LARGE`
 */
export async function chosenFiles(
  step: Transaction<Tables>,
  accountId: string,
  of: FileChoice,
  [limitName, most]: readonly [string, number],
): Promise<Chosen[]> {
  const ofAccount = step.selectFrom('files').select(['id', 'path']).where('account_id', '=', accountId);
  if ('files' in of) {
    const ids = [...new Set(of.files)];
    const rows = await ofAccount.where('id', 'in', ids).execute();
    if (rows.length === 0) throw new Refusal('NOT_FOUND', 'This account has no such file');
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }
  const { folder } = of;
  const rows = await ofAccount
    // Below it is what begins with `folder/`; `0` is the character after the slash.
    .where(sql<boolean>`(path = ${folder} or (path > ${`${folder}/`} and path < ${`${folder}0`}))`)
    .limit(most + 1)
    .execute();
  if (rows.length === 0) throw new Refusal('NOT_FOUND', 'This account has no such folder');
  if (rows.length > most) {
    throw new Refusal('TOO_LARGE', 'There are too many files in the folder', { limit: most, limitName });
  }
  return rows;
}
