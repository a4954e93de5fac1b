import { DEFAULT_RETURN, safeReturnTo } from '../../shared/return-url.ts';

/** Where a page goes from sign-in, and what the log should say of that. */
export interface Landing {
  to: string;
  note: string | null;
}

/**
 * Where a page goes once `account` is signed in: to the `wanted` address, which anyone may have written, if it is
 * safe, and if whoever left for sign-in (`leftBy`, null when nobody was known) is who came back. The note never
 * holds the address.
 */
export function landingFor(
  wanted: string | null,
  leftBy: string | null,
  account: string | null,
  origin: string,
): Landing {
  const { to, refused } = safeReturnTo(wanted, origin);
  const why = wanted === null ? 'missing' : 'refused';
  const isOther = leftBy !== null && leftBy !== account;
  return { to: isOther ? DEFAULT_RETURN : to, note: refused ? `Warning: the return URL was ${why}` : null };
}

/** The address of the sign-in page that leads back to `returnTo`. */
export function signInUrl(returnTo: string | null): string {
  return returnTo === null ? '/signin' : `/signin?returnTo=${encodeURIComponent(returnTo)}`;
}
