import * as v from 'valibot';

/**
 * What a tab keeps while it is away at a provider of single sign-on: where it was, and who had left. It belongs to
 * one sign-in, by the `state` of OpenID Connect, with which the browser comes back.
 */
const Kept = v.object({
  state: v.string(),
  returnTo: v.nullable(v.string()),
  leftBy: v.nullable(v.string()),
});
export type Kept = v.InferOutput<typeof Kept>;

const KEY = 'holdfast.sso';

type Place = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Keeps `kept` in this tab's storage, in place of what an earlier sign-in left there. */
export function keepReturn(place: Place, kept: Kept): void {
  place.setItem(KEY, JSON.stringify(kept));
}

/** What was kept for the sign-in with this `state`; null when it began elsewhere or another one came after it. */
export function recallReturn(place: Place, state: string | null): Kept | null {
  const kept = v.safeParse(Kept, parse(place.getItem(KEY)));
  return kept.success && kept.output.state === state ? kept.output : null;
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
