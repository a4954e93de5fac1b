import { createHash } from 'node:crypto';
import type { Database } from './database.ts';
import { Refusal } from './problem.ts';

/** So many uses of something within a time. */
export interface Budget {
  /** What is counted, and of whom; built with `hashed` where it names a person. */
  readonly name: string;
  readonly uses: number;
  readonly withinMs: number;
}

/** `value` as it may stand in a budget's name: nobody can read an address from it. */
export function hashed(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}

/**
 * Refuses when one of `budgets` is used up.
 *
 * @throws {Refusal} `RATE_LIMITED`, with the seconds until the oldest use no longer counts.
 */
export async function requireBudgets(db: Database, now: number, budgets: readonly Budget[]): Promise<void> {
  for (const { name, uses, withinMs } of budgets) {
    const recent = await db
      .selectFrom('budget_uses')
      .select('used_at')
      .where('name', '=', name)
      .where('used_at', '>', now - withinMs)
      .orderBy('used_at', 'desc')
      .limit(uses)
      .execute();
    const oldest = recent.at(uses - 1);
    if (!oldest) continue;
    const seconds = Math.max(1, Math.ceil((oldest.used_at + withinMs - now) / 1000));
    throw new Refusal('RATE_LIMITED', `Too many tries; again in ${seconds} s`, {
      headers: { 'Retry-After': String(seconds) },
    });
  }
}

/** Counts one use for each of `budgets`. */
export async function useBudgets(db: Database, now: number, budgets: readonly Budget[]): Promise<void> {
  const names = [...new Set(budgets.map(({ name }) => name))];
  await db
    .insertInto('budget_uses')
    .values(names.map((name) => ({ name, used_at: now })))
    .execute();
}

/** Drops the uses that no budget counts any more. */
export async function forgetUses(db: Database, before: number): Promise<void> {
  await db.deleteFrom('budget_uses').where('used_at', '<', before).execute();
}
