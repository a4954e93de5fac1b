import * as v from 'valibot';

/** An email address, in the one form that accounts are known by: trimmed, in lower case. */
export const emailAddress = v.pipe(v.string(), v.trim(), v.toLowerCase(), v.maxLength(254), v.email());
