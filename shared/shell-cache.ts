/** Each build of the app keeps its own files in a cache of its own, so that a page of the last one finds its lazy parts. */
const PREFIX = 'holdfast-shell-';

/** The name of the cache with the files of `build`. */
export function shellCacheName(build: string): string {
  return PREFIX + build;
}

/**
 * Of the caches in `names`, those of builds that are neither the `current` one nor shown by any open page. `shown` has
 * a build for each page, null for one that has not said yet: until all have, nothing has ended.
 */
export function endedShellCaches(
  names: readonly string[],
  current: string,
  shown: readonly (string | null)[],
): string[] {
  if (shown.includes(null)) return [];
  const kept = new Set([current, ...shown].map((build) => shellCacheName(build ?? '')));
  return names.filter((name) => name.startsWith(PREFIX) && !kept.has(name));
}
