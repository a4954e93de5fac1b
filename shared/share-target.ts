/** What became of files that another app has shared. `lost`: no worker was there to keep them. */
export const shareOutcomes = ['kept', 'full', 'too-many', 'unreadable', 'lost'] as const;
export type ShareOutcome = (typeof shareOutcomes)[number];

/** Where the browser is sent after a share: the page that says what became of it. */
export function sharedAddress(outcome: ShareOutcome): string {
  return `/app?share=${outcome}`;
}

/** The outcome that an address's `share` names, or null. */
export function shareOutcome(share: string | null | undefined): ShareOutcome | null {
  return shareOutcomes.find((outcome) => outcome === share) ?? null;
}
