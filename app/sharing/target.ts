import { signal } from '@preact/signals';

/** What a person is about to share: files, by the name of the one, or a folder. */
export type ShareTarget =
  | { at: 'files'; ids: readonly string[]; name: string | null }
  | { at: 'folder'; path: string };

/** The question how to share is open. */
export const shareTarget = signal<ShareTarget | null>(null);

export function askToShare(target: ShareTarget): void {
  shareTarget.value = target;
}
