/**
 * What a tab keeps while it is away at a provider of single sign-on: where it was, and who had left. It belongs to
 * one sign-in, by the `state` of OpenID Connect, with which the browser comes back.
 */
export interface Kept {
  state: string;
  returnTo: string | null;
  leftBy: string | null;
}

const KEY = 'holdfast.sso';

type Place = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Keeps `kept` in this tab's storage, in place of what an earlier sign-in left there. */
export function keepReturn(place: Place, kept: Kept): void {
  place.setItem(KEY, JSON.stringify(kept));
}

/** What was kept for the sign-in with this `state`; null when it began elsewhere or another one came after it. */
export function recallReturn(place: Place, state: string | null): Kept | null {
  const kept = parse(place.getItem(KEY));
  return isKept(kept) && kept.state === state ? kept : null;
}

/** Drops what was kept, once it has led somewhere. */
export function dropReturn(place: Place): void {
  place.removeItem(KEY);
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null; // not ours, or of another release
  }
}

/** By hand: every page reads this, and none needs a library for it. */
function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  if (!('state' in value && 'returnTo' in value && 'leftBy' in value)) return false;
  return typeof value.state === 'string' && [value.returnTo, value.leftBy].every(isTextOrNull);
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}
