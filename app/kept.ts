/**
 * What a person chose on this device. Where a browser keeps nothing for this site it is forgotten with the page, and
 * asking for it is no reason to fail: whoever follows a shared link may be in such a browser.
 */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps `value` for the next start, or nothing if it is null. */
export function keepFor(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // It holds for this page, then.
  }
}
