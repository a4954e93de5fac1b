import type { Selectable } from 'kysely';
import type { StoredFile } from '../shared/api.ts';
import { nameSortKey } from '../shared/file-order.ts';
import { type SearchedFile, searchTextOf } from '../shared/file-search.ts';
import type { Tables } from './database.ts';

/** One row of `files`. */
export type FileRow = Selectable<Tables['files']>;

/** A row as the API tells of it. */
export function storedFile(row: Omit<FileRow, 'search' | 'sort_name'>): StoredFile {
  const { id, path, name, size, type, last_modified, stored_at, etag } = row;
  return { id, path, name, size, type, lastModified: last_modified, storedAt: stored_at, etag };
}

/** What a file's row holds so that it can be found and sorted; written wherever its name is. */
export function searchColumns(file: SearchedFile): Pick<FileRow, 'search' | 'sort_name'> {
  return { search: searchTextOf(file), sort_name: nameSortKey(file.name) };
}
