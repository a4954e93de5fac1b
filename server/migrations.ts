import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Database } from './database.ts';
import { searchColumns } from './file-row.ts';

/** Brings our tables to the newest version, or to the step `upTo`. better-auth migrates its own (`openAuth`). */
export async function migrate(db: Database, upTo?: string): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await (upTo === undefined ? migrator.migrateToLatest() : migrator.migrateTo(upTo));
  if (error) throw new Error('The database could not be migrated', { cause: error });
}

/** Each step leads from one released version to the next, in the order of the names, and is never edited afterwards. */
const migrations: Record<string, Migration> = {
  '0001-uploads-and-library': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('upload_sessions')
        .addColumn('account_id', 'text', (col) => col.notNull())
        .addColumn('id', 'text', (col) => col.notNull())
        .addColumn('device', 'text', (col) => col.notNull())
        .addColumn('created_at', 'bigint', (col) => col.notNull())
        .addColumn('issued_at', 'bigint', (col) => col.notNull())
        .addPrimaryKeyConstraint('upload_sessions_pk', ['account_id', 'id'])
        .execute();
      await db.schema
        .createTable('uploads')
        .addColumn('account_id', 'text', (col) => col.notNull())
        .addColumn('id', 'text', (col) => col.notNull())
        .addColumn('session_id', 'text', (col) => col.notNull())
        .addColumn('position', 'integer', (col) => col.notNull())
        .addColumn('path', 'text', (col) => col.notNull())
        .addColumn('name', 'text', (col) => col.notNull())
        .addColumn('size', 'bigint', (col) => col.notNull())
        .addColumn('type', 'text', (col) => col.notNull())
        .addColumn('last_modified', 'bigint', (col) => col.notNull())
        .addColumn('part_bytes', 'bigint', (col) => col.notNull())
        .addColumn('state', 'text', (col) => col.notNull())
        .addColumn('reserved_bytes', 'bigint', (col) => col.notNull())
        .addColumn('storage_key', 'text', (col) => col.notNull().unique())
        .addColumn('outcome', 'text')
        .addPrimaryKeyConstraint('uploads_pk', ['account_id', 'id'])
        .addForeignKeyConstraint('uploads_session', ['account_id', 'session_id'], 'upload_sessions', [
          'account_id',
          'id',
        ])
        .execute();
      await db.schema
        .createIndex('uploads_by_session')
        .on('uploads')
        .columns(['account_id', 'session_id', 'position'])
        .execute();
      // Only what is unfinished is asked for by state, and of that there is little.
      await db.schema
        .createIndex('uploads_open')
        .on('uploads')
        .columns(['account_id', 'session_id', 'reserved_bytes'])
        .where(sql.ref('state'), '=', sql.lit('open'))
        .execute();
      await db.schema
        .createTable('parts')
        .addColumn('account_id', 'text', (col) => col.notNull())
        .addColumn('upload_id', 'text', (col) => col.notNull())
        .addColumn('number', 'integer', (col) => col.notNull())
        .addColumn('digest', 'text', (col) => col.notNull())
        .addPrimaryKeyConstraint('parts_pk', ['account_id', 'upload_id', 'number'])
        .addForeignKeyConstraint('parts_upload', ['account_id', 'upload_id'], 'uploads', ['account_id', 'id'])
        .execute();
      await db.schema
        .createTable('files')
        .addColumn('account_id', 'text', (col) => col.notNull())
        .addColumn('id', 'text', (col) => col.notNull())
        .addColumn('path', 'text', (col) => col.notNull())
        .addColumn('name', 'text', (col) => col.notNull())
        .addColumn('size', 'bigint', (col) => col.notNull())
        .addColumn('type', 'text', (col) => col.notNull())
        .addColumn('last_modified', 'bigint', (col) => col.notNull())
        .addColumn('stored_at', 'bigint', (col) => col.notNull())
        .addColumn('etag', 'text', (col) => col.notNull())
        .addColumn('storage_key', 'text', (col) => col.notNull().unique())
        .addPrimaryKeyConstraint('files_pk', ['account_id', 'id'])
        .addUniqueConstraint('files_name', ['account_id', 'path', 'name'])
        .execute();
      await db.schema
        .createIndex('files_newest')
        .on('files')
        .columns(['account_id', 'stored_at', 'id'])
        .execute();
      await db.schema
        .createTable('garbage')
        .addColumn('storage_key', 'text', (col) => col.primaryKey())
        .execute();
      await db.schema
        .createTable('budget_uses')
        .addColumn('name', 'text', (col) => col.notNull())
        .addColumn('used_at', 'bigint', (col) => col.notNull())
        .execute();
      await db.schema
        .createIndex('budget_uses_by_name')
        .on('budget_uses')
        .columns(['name', 'used_at'])
        .execute();
    },
  },
  '0002-passkeys-and-sso': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('sign_in_steps')
        .addColumn('id', 'text', (col) => col.primaryKey())
        .addColumn('kind', 'text', (col) => col.notNull())
        .addColumn('browser', 'text', (col) => col.notNull())
        .addColumn('facts', 'text', (col) => col.notNull())
        .addColumn('expires_at', 'bigint', (col) => col.notNull())
        .execute();
      await db.schema
        .createTable('passkeys')
        .addColumn('id', 'text', (col) => col.primaryKey())
        .addColumn('account_id', 'text', (col) => col.notNull())
        .addColumn('credential_id', 'text', (col) => col.notNull().unique())
        .addColumn('public_key', 'text', (col) => col.notNull())
        .addColumn('counter', 'bigint', (col) => col.notNull())
        .addColumn('transports', 'text', (col) => col.notNull())
        .addColumn('backed_up', 'integer', (col) => col.notNull())
        .addColumn('name', 'text', (col) => col.notNull())
        .addColumn('created_at', 'bigint', (col) => col.notNull())
        .addColumn('last_used_at', 'bigint')
        .execute();
      await db.schema
        .createIndex('passkeys_of_account')
        .on('passkeys')
        .columns(['account_id', 'created_at'])
        .execute();
      await db.schema
        .createTable('closed_accounts')
        .addColumn('account_id', 'text', (col) => col.primaryKey())
        .addColumn('email', 'text')
        .addColumn('closed_at', 'bigint', (col) => col.notNull())
        .execute();
    },
  },
  '0003-ordered-library': {
    async up(db: Kysely<unknown>) {
      const text = (col: ColumnDefinitionBuilder) => col.notNull().defaultTo('');
      await db.schema.alterTable('files').addColumn('search', 'text', text).execute();
      await db.schema.alterTable('files').addColumn('sort_name', 'text', text).execute();
      const files = (db as Kysely<{ files: { account_id: string; id: string; path: string; name: string } }>)
        .selectFrom('files')
        .select(['account_id', 'id', 'path', 'name']);
      for (const { account_id, id, path, name } of await files.execute()) {
        const { search, sort_name } = searchColumns({ path, name });
        const row = sql`account_id = ${account_id} and id = ${id}`;
        await sql`update files set search = ${search}, sort_name = ${sort_name} where ${row}`.execute(db);
      }
      for (const column of ['sort_name', 'size']) {
        await db.schema
          .createIndex(`files_by_${column}`)
          .on('files')
          .columns(['account_id', column, 'id'])
          .execute();
      }
    },
  },
  '0004-deleted-files': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('deleted_files')
        .addColumn('account_id', 'text', (col) => col.notNull())
        .addColumn('id', 'text', (col) => col.notNull())
        .addColumn('path', 'text', (col) => col.notNull())
        .addColumn('name', 'text', (col) => col.notNull())
        .addColumn('size', 'bigint', (col) => col.notNull())
        .addColumn('type', 'text', (col) => col.notNull())
        .addColumn('last_modified', 'bigint', (col) => col.notNull())
        .addColumn('stored_at', 'bigint', (col) => col.notNull())
        .addColumn('etag', 'text', (col) => col.notNull())
        .addColumn('storage_key', 'text', (col) => col.notNull().unique())
        .addColumn('deleted_at', 'bigint', (col) => col.notNull())
        .addPrimaryKeyConstraint('deleted_files_pk', ['account_id', 'id'])
        .execute();
      await db.schema
        .createIndex('deleted_files_by_age')
        .on('deleted_files')
        .columns(['deleted_at'])
        .execute();
    },
  },
  '0005-shares': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('shares')
        .addColumn('account_id', 'text', (col) => col.notNull())
        .addColumn('id', 'text', (col) => col.primaryKey())
        .addColumn('name', 'text', (col) => col.notNull())
        .addColumn('created_at', 'bigint', (col) => col.notNull())
        .addColumn('expires_at', 'bigint')
        .addColumn('password', 'text')
        .addColumn('max_downloads', 'bigint')
        .addColumn('downloads', 'bigint', (col) => col.notNull())
        .addColumn('ended_at', 'bigint')
        .execute();
      await db.schema
        .createIndex('shares_of_account')
        .on('shares')
        .columns(['account_id', 'created_at'])
        .execute();
      await db.schema
        .createTable('share_files')
        .addColumn('account_id', 'text', (col) => col.notNull())
        .addColumn('share_id', 'text', (col) => col.notNull())
        .addColumn('file_id', 'text', (col) => col.notNull())
        .addColumn('path', 'text', (col) => col.notNull())
        .addPrimaryKeyConstraint('share_files_pk', ['share_id', 'file_id'])
        .execute();
      await db.schema
        .createIndex('share_files_by_file')
        .on('share_files')
        .columns(['account_id', 'file_id'])
        .execute();
    },
  },
  '0006-archives': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('archives')
        .addColumn('account_id', 'text', (col) => col.notNull())
        .addColumn('id', 'text', (col) => col.notNull())
        .addColumn('created_at', 'bigint', (col) => col.notNull())
        .addColumn('folder', 'text', (col) => col.notNull())
        // The last, since it can be long: what stands behind it is slow to read.
        .addColumn('files', 'text', (col) => col.notNull())
        .addPrimaryKeyConstraint('archives_pk', ['account_id', 'id'])
        .execute();
    },
  },
};
