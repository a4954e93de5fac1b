/** Path of the Chromium that the tests and the benchmark drive, or null when there is none. */
export function findBrowser(): Promise<string | null>;
