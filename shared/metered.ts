/** What the Network Information API says, of which Chromium alone has any, and on a desktop only `saveData`. */
export interface ConnectionFacts {
  readonly type?: string | undefined;
  /** A person has asked their system to use little data. */
  readonly saveData?: boolean | undefined;
}

const paidByTheByte: ReadonlySet<string> = new Set(['cellular', 'bluetooth', 'wimax']);
const flat: ReadonlySet<string> = new Set(['ethernet', 'wifi']);

/** Whether sending over this connection may cost by the byte; null where the browser does not tell. */
export function isMetered(connection: ConnectionFacts | null | undefined): boolean | null {
  const { type = '', saveData } = connection ?? {};
  if (saveData || paidByTheByte.has(type)) return true;
  return flat.has(type) ? false : null;
}

/**
 * Whether uploads are held back. Only a connection that is known to be metered holds them: on one that nobody knows
 * anything of, waiting might never end.
 */
export function isHeldBack(onlyUnmetered: boolean, metered: boolean | null): boolean {
  return onlyUnmetered && metered === true;
}
