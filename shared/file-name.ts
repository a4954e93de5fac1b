/** The longest name of a file or folder, in UTF-16 units. */
export const MAX_NAME_UNITS = 255;
/** The longest folder path, in UTF-16 units. */
export const MAX_PATH_UNITS = 2048;

// C0, DEL, C1: no file manager shows them, and NUL ends a string in half the world's software.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are refused
const forbidden = /[\u0000-\u001f\u007f-\u009f/\\]/u;

/** Whether `name` can be the name of one file or folder: no separator, no control character, not `.` or `..`. */
export function isFileName(name: string): boolean {
  return (
    name.length > 0 &&
    name.length <= MAX_NAME_UNITS &&
    name !== '.' &&
    name !== '..' &&
    !forbidden.test(name) &&
    name.isWellFormed()
  );
}

/** Whether `path` is a folder path: empty for the top, else names joined by single slashes. */
export function isFolderPath(path: string): boolean {
  if (path === '') return true;
  return path.length <= MAX_PATH_UNITS && path.split('/').every(isFileName);
}

/** A name like `name` that the server takes: what a device allows and we do not becomes `_`. */
export function cleanFileName(name: string): string {
  const cleaned = [...name.toWellFormed()].map((char) => (forbidden.test(char) ? '_' : char)).join('');
  const short = shorten(cleaned);
  return isFileName(short) ? short : '_';
}

/** `path` with each of its names cleaned; empty steps and steps that lead up or nowhere are left out. */
export function cleanFolderPath(path: string): string {
  const names = path.split('/').filter((name) => name !== '' && name !== '.' && name !== '..');
  const whole = names.map(cleanFileName).join('/');
  // Cut between two names: half a name could be `..`, or end in half a character.
  return whole.length <= MAX_PATH_UNITS ? whole : whole.slice(0, whole.lastIndexOf('/', MAX_PATH_UNITS));
}

/**
 * The first of `name`, `name (2)`, `name (3)`… that `isTaken` does not know; `from` is the first number to try. The number goes before the last
 * extension, so a file stays what it was: `photo (2).jpg`.
 */
export function freeName(name: string, isTaken: (name: string) => boolean, from = 2): string {
  if (!isTaken(name)) return name;
  const { stem, extension } = splitExtension(name);
  for (let n = from; ; n++) {
    const suffix = ` (${n})${extension}`;
    const candidate = stem.slice(0, MAX_NAME_UNITS - suffix.length).toWellFormed() + suffix;
    if (!isTaken(candidate)) return candidate;
  }
}

function splitExtension(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.');
  // A leading dot is part of the name (`.profile`), and an "extension" of 20 characters is none.
  if (dot <= 0 || name.length - dot > 20) return { stem: name, extension: '' };
  return { stem: name.slice(0, dot), extension: name.slice(dot) };
}

function shorten(name: string): string {
  if (name.length <= MAX_NAME_UNITS) return name;
  const { stem, extension } = splitExtension(name);
  // A cut through a surrogate pair leaves half a character; toWellFormed replaces it by U+FFFD.
  return stem.slice(0, MAX_NAME_UNITS - extension.length).toWellFormed() + extension;
}
