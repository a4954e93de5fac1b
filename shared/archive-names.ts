import { freeName } from './file-name.ts';

/** What Windows takes in no name; a slash, a backslash and what is no character are in none of ours. */
const REFUSED = /[<>:"|?*]/g;
/** Nor does it keep these at an end. */
const TRAILING = /[. ]+$/;
/** Names of devices there, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/**
 * The names of files in an archive, with their folders, so that it can be unpacked on every system: none is refused, and no
 * two are one where `a` and `A` are the same. Such files are told apart as in a folder: `a (2)`.
 */
export function archiveNames(files: readonly { path: string; name: string }[]): string[] {
  const folders = files.map(({ path }) => (path === '' ? [] : path.split('/').map(safeName)));
  // A file can't be where a folder is.
  const taken = new Set<string>();
  for (const steps of folders)
    for (const n of steps.keys()) taken.add(keyOf(steps.slice(0, n + 1).join('/')));
  /** Where to look next for a free number: else each of ten thousand alike would try all those before it. */
  const numbers = new Map<string, number>();
  return files.map((file, n) => {
    const within = (name: string) => [...(folders[n] ?? []), name].join('/');
    const wanted = safeName(file.name);
    const key = keyOf(within(wanted));
    const from = numbers.get(key) ?? 2;
    const name = within(freeName(wanted, (candidate) => taken.has(keyOf(within(candidate))), from));
    if (name !== within(wanted)) numbers.set(key, from + 1);
    taken.add(keyOf(name));
    return name;
  });
}

function safeName(name: string): string {
  const safe = name.replace(REFUSED, '_').replace(TRAILING, (end) => '_'.repeat(end.length));
  return DEVICE.test(safe) ? `_${safe}` : safe;
}

/** macOS holds composed and decomposed letters for the same. */
function keyOf(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
