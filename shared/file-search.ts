/** What of a file a search looks at. */
export interface SearchedFile {
  /** The folder it is in; empty for the top. */
  readonly path: string;
  readonly name: string;
}

/** The longest text that can be searched for, in UTF-16 units. */
export const MAX_SEARCH_UNITS = 255;

/**
 * `text` as searches compare it: without regard to case, and to the ways in which Unicode spells one thing.
 *
 * Upper case comes before lower case because it takes `ß` apart, and because lower case makes another letter of a `Σ`
 * at the end of a word than within one.
 */
export function foldForSearch(text: string): string {
  const folded = text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
  return folded.normalize('NFKC');
}

/** What a search looks through: folder and name in one, folded, so that `holiday/beach` finds a file by both. */
export function searchTextOf({ path, name }: SearchedFile): string {
  return foldForSearch(path === '' ? name : `${path}/${name}`);
}

/** Whether `file` is found by `q`; an empty or blank `q` finds everything. */
export function matchesSearch(file: SearchedFile, q: string): boolean {
  return searchTextOf(file).includes(foldForSearch(q.trim()));
}
