/** Builds page and worker into `dist/`, unless they were built from these very sources. Throws when it fails. */
export function buildIfChanged(): void;
