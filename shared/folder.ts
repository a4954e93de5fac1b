/** What a search looks for to find all that is in the folder `path`, and below it. */
export function searchForFolder(path: string): string {
  return `${path}/`;
}

/**
 * The folder that `q` is the search for, as one of `paths` spells it; null when it is a search for something else.
 */
export function folderSearched(q: string, paths: Iterable<string>): string | null {
  if (!q.endsWith('/')) return null;
  const folder = q.slice(0, -1);
  for (const path of paths) if (path === folder || path.startsWith(q)) return folder;
  return null;
}

/** The folders on the way down to `path`, each with its name and its own path. */
export function stepsOf(path: string): { name: string; path: string }[] {
  if (path === '') return [];
  const names = path.split('/');
  return names.map((name, at) => ({ name, path: names.slice(0, at + 1).join('/') }));
}

/** `path`, which is `folder` or below it, as seen from there. */
export function pathBelow(folder: string, path: string): string {
  return path.slice(folder.length + 1);
}

/** The last of the names in a path. */
export function lastNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
