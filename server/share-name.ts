const MAX_UNITS = 200;

/**
 * What a share is called: as its owner or its folder named it, or else after the files that are there now, of which
 * `first` is the first. Files are renamed and deleted, so this is never stored. Empty when there is nothing to name it by.
 */
export function shareName(given: string, first: string | null, files: number): string {
  if (given !== '') return given;
  return shortName(first ?? '', files > 1 ? ` + ${files - 1}` : '');
}

/** `name`, followed by `more` in any case, no longer than the name of a share may be. */
export function shortName(name: string, more = ''): string {
  return name.slice(0, MAX_UNITS - more.length).toWellFormed() + more;
}
