import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { searchColumns } from '../server/file-row.ts';
import type { Stage } from './stage.ts';
import type { Tab } from './tab.ts';

const DAY_MS = 86_400_000;

/**
 * Writes `count` files into the library of the person in `tab`, past the server: their rows alone, since nobody looks
 * at their bytes. The newest is `file 00000.bin`, and every tenth is in a folder.
 */
export async function seedLibrary(stage: Stage, tab: Tab, count: number): Promise<void> {
  const accountId = await tab.evaluate(async () => {
    const answer = (await (await fetch('/api/session')).json()) as { account: { id: string } };
    return answer.account.id;
  });
  const db = new DatabaseSync(join(stage.server.dataDir, 'holdfast.sqlite'), { timeout: 5000 });
  try {
    const insert = db.prepare(
      `INSERT INTO files (account_id, id, path, name, size, type, last_modified, stored_at, etag, storage_key, search, sort_name)
       VALUES (?, ?, ?, ?, ?, 'application/octet-stream', 0, ?, ?, ?, ?, ?)`,
    );
    const now = Date.now() - DAY_MS;
    db.exec('BEGIN');
    for (let n = 0; n < count; n++) {
      const file = { path: n % 10 === 0 ? 'Tens' : '', name: `file ${String(n).padStart(5, '0')}.bin` };
      const { search, sort_name } = searchColumns(file);
      const id = randomUUID();
      insert.run(accountId, id, file.path, file.name, n, now - n * 1000, id, id, search, sort_name);
    }
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}
