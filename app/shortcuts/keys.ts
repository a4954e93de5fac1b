/** What a person can do by a key or two, in the order it is listed. */
export const shortcuts = ['upload', 'search', 'library', 'uploads', 'help'] as const;
export type Shortcut = (typeof shortcuts)[number];

/** The keys of each; two are pressed one after the other. */
export const keysOf: Readonly<Record<Shortcut, readonly [string] | readonly [string, string]>> = {
  upload: ['u'],
  search: ['/'],
  library: ['g', 'l'],
  uploads: ['g', 'u'],
  help: ['?'],
};

/** The second of two keys comes within this, in ms. */
const PAIR_MS = 1500;

/** A key that was pressed. */
export interface Press {
  key: string;
  /** The key by its place on the keyboard (`KeyU`), for scripts that have no such letter. */
  code: string;
  /** With Control, Alt or Command, held down, or while something is being typed: then it is not ours. */
  isForeign: boolean;
  /** Ms, on any clock that only goes forward. */
  at: number;
}

/** The first of two keys, and when it was pressed. */
export interface Begun {
  key: string;
  at: number;
}

/** What `press` asks for, after `begun`, and what it may have begun itself. */
export function nextPress(begun: Begun | null, press: Press): { does: Shortcut | null; begun: Begun | null } {
  if (press.isForeign) return { does: null, begun: null };
  const key = letterOf(press);
  const first = begun && press.at - begun.at <= PAIR_MS ? begun.key : null;
  const isAsked =
    (...keys: string[]) =>
    (one: Shortcut) =>
      keysOf[one].join(' ') === keys.join(' ');
  const does = (first && shortcuts.find(isAsked(first, key))) || shortcuts.find(isAsked(key));
  if (does) return { does, begun: null };
  const begins = shortcuts.some((one) => keysOf[one].length === 2 && keysOf[one][0] === key);
  return { does: null, begun: begins ? { key, at: press.at } : null };
}

/** On a keyboard of another script, the letter that a Latin one has in that place. */
export function letterOf({ key, code }: Pick<Press, 'key' | 'code'>): string {
  const place = code.match(/^Key([A-Z])$/)?.[1];
  return place !== undefined && !/^[\u0020-\u007e]$/.test(key) ? place.toLowerCase() : key;
}
