/** Where a person lands when the return URL is missing or refused. */
export const DEFAULT_RETURN = '/app';

const MAX_UNITS = 8192;
const MAX_DECODES = 3;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f]/;
/** An encoded separator right beside a dot segment: `..%2f`, `%5c.`, where decoders disagree on the path. */
const separatorByDots = /(^|\/|%2f|%5c)(\.|%2e){1,2}(%2f|%5c)|(%2f|%5c)(\.|%2e){1,2}($|\/|%2f|%5c)/i;
/** `/signin` and `/api` are no pages to come back to: the one loops, the other is not for people. */
const noPage = /^\/(signin|api)(\/|$)/i;

/**
 * The own path and search to go to after signing in, from a `returnTo` that anyone may have written.
 *
 * Nothing but `pathname + search` of `origin` ever comes out, never a scheme or host. `refused` tells apart a
 * bad input from a good one that happens to be the default; a missing one counts as refused too. Never throws,
 * and its own output goes through it unchanged.
 */
export function safeReturnTo(input: string | null, origin: string): { to: string; refused: boolean } {
  const to = input === null ? null : accept(input, origin);
  return to === null ? { to: DEFAULT_RETURN, refused: true } : { to, refused: false };
}

function accept(input: string, origin: string): string | null {
  if (!isPlainText(input)) return null;
  // Only the path decides where a browser goes; the search is data of that page and is never decoded.
  const path = input.slice(0, firstOf(input, /[?#]/));
  if (!forms(path).every((form) => isOwnPath(form, origin))) return null;
  const url = parse(input, origin);
  if (url === null || noPage.test(fullyDecoded(url.pathname))) return null;
  const output = url.pathname + url.search;
  // `/.//evil.test` parses to our own origin, but its pathname is `//evil.test`: looked at again as a whole.
  return output.length <= MAX_UNITS && isOwnPath(url.pathname, origin) ? output : null;
}

function isPlainText(input: string): boolean {
  return (
    input !== '' &&
    input.length <= MAX_UNITS &&
    input.isWellFormed() &&
    input.trim() === input &&
    !control.test(input)
  );
}

/** The path as it is, as up to three decoders would read it, and as Unicode-folding software would. */
function forms(path: string): string[] {
  const all = [path];
  for (let n = 0; n < MAX_DECODES; n++) {
    const last = all.at(-1) ?? path;
    const decoded = decoded1(last);
    if (decoded === null || decoded === last) break;
    all.push(decoded);
  }
  return [...all, path.normalize('NFKC')];
}

function isOwnPath(path: string, origin: string): boolean {
  if (!path.startsWith('/') || path.startsWith('//') || path.includes('\\')) return false;
  if (control.test(path) || separatorByDots.test(path)) return false;
  const url = parse(path.replace(/[?#]/g, encodeURIComponent), origin);
  return url !== null && url.origin === origin && !url.pathname.startsWith('//');
}

function fullyDecoded(path: string): string {
  return forms(path).at(-2) ?? path;
}

function decoded1(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // A lone `%` is legal in a path; there is just nothing more to decode.
  }
}

function parse(path: string, origin: string): URL | null {
  try {
    return new URL(path, origin);
  } catch {
    return null;
  }
}

function firstOf(text: string, pattern: RegExp): number {
  const at = text.search(pattern);
  return at < 0 ? text.length : at;
}
