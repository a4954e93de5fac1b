import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely';

/**
 * Our own tables; better-auth keeps its own beside them and is asked only through its functions.
 *
 * Everything is keyed by account first, so another account's id is simply not there. Times are ms since the epoch.
 * The SQL stays within what SQLite and PostgreSQL share.
 */
export interface Tables {
  upload_sessions: {
    account_id: string;
    id: string;
    device: string;
    created_at: number;
    issued_at: number;
  };
  uploads: {
    account_id: string;
    id: string;
    session_id: string;
    /** Order in which the client announced its files. */
    position: number;
    path: string;
    name: string;
    size: number;
    type: string;
    last_modified: number;
    part_bytes: number;
    /** `reaped`: the parts were freed, and the next `PUT` of the session opens it again from zero. */
    state: 'open' | 'reaped' | 'stored' | 'cancelled';
    /** Bytes held free for it in the account's quota. */
    reserved_bytes: number;
    /** Where its bytes are; a new one each time it starts from zero. Never made from what a client sent. */
    storage_key: string;
    /** The `StoredFile` it became, as JSON: the answer to whoever missed the first one. */
    outcome: string | null;
  };
  /** Acknowledged parts. A row is written after its bytes are on stable storage. */
  parts: {
    account_id: string;
    upload_id: string;
    number: number;
    /** SHA-256 in base64. */
    digest: string;
  };
  files: {
    account_id: string;
    id: string;
    path: string;
    name: string;
    size: number;
    type: string;
    last_modified: number;
    stored_at: number;
    etag: string;
    storage_key: string;
    /** Folder and name as searches compare them (`searchTextOf`). */
    search: string;
    /** What the name is sorted by (`nameSortKey`). */
    sort_name: string;
  };
  /** Files that were deleted and can still be restored; they are in no list, and their names are free. */
  deleted_files: Omit<Tables['files'], 'search' | 'sort_name'> & { deleted_at: number };
  shares: {
    account_id: string;
    /** Random; the link holds an HMAC beside it, so it cannot be made from what is here. */
    id: string;
    /** As its owner or its folder named it; empty when it is called after its files. */
    name: string;
    created_at: number;
    expires_at: number | null;
    /** `scrypt$salt$hash`. */
    password: string | null;
    max_downloads: number | null;
    downloads: number;
    /** When it was used up, or lost its last file; null while neither has happened. */
    ended_at: number | null;
  };
  /** Files of shares. One may be deleted, and come back by being restored. */
  share_files: {
    account_id: string;
    share_id: string;
    file_id: string;
    /** The folder it is shown in. */
    path: string;
  };
  /** What is to be downloaded as one, for a day. */
  archives: {
    account_id: string;
    id: string;
    created_at: number;
    /** The folder that it is of; empty for single files. */
    folder: string;
    /** The ids of its files, as JSON. Those that are deleted meanwhile are left out. */
    files: string;
  };
  /** Storage that nothing refers to any more; freed after the transaction, or at the next start. */
  garbage: { storage_key: string };
  /** Sign-ins that wait for their second request. Ids and browsers are hashes. */
  sign_in_steps: { id: string; kind: string; browser: string; facts: string; expires_at: number };
  passkeys: {
    id: string;
    account_id: string;
    /** The authenticator's own name for it, in base64url. */
    credential_id: string;
    /** COSE key in base64url. */
    public_key: string;
    counter: number;
    /** JSON: how the browser may reach it, as hints for the next time. */
    transports: string;
    /** 1 if its maker keeps copies of it on other devices. */
    backed_up: number;
    name: string;
    created_at: number;
    last_used_at: number | null;
  };
  /** Accounts that are deleted or being so: nothing new is written for them, and a start finishes what was begun. */
  closed_accounts: { account_id: string; email: string | null; closed_at: number };
  /** One row for each use of a budget: a code sent, a wrong guess. `name` holds hashes, never an address. */
  budget_uses: { name: string; used_at: number };
}

/** The database. Inside a transaction, await nothing but it: there is one connection. */
export type Database = Kysely<Tables>;

/** Opens (or makes) the SQLite database in `file`. A commit is on stable storage when it returns. */
export function openDatabase(file: string, onStatement?: (sql: string) => void): Database {
  const sqlite = new DatabaseSync(file, { timeout: 5000, enableForeignKeyConstraints: true });
  sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  return new Kysely<Tables>({
    dialect: new SqliteDialect({ database: forKysely(sqlite) }),
    ...(onStatement ? { log: ({ query }) => onStatement(query.sql) } : {}),
  });
}

/** node:sqlite in the shape of better-sqlite3, which is the one that Kysely knows. */
function forKysely(sqlite: DatabaseSync): SqliteDatabase {
  return {
    close: () => sqlite.close(),
    prepare(sql) {
      const statement = sqlite.prepare(sql);
      const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
}
