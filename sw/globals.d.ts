/** 12 hex digits, the same in page and worker of one build. */
declare const __BUILD__: string;
/** Origin of the API, or empty when it is the app's own. */
declare const __API_ORIGIN__: string;

/** Background Sync, Chromium only and not in TypeScript's library. */
interface ServiceWorkerRegistration {
  readonly sync?: { getTags(): Promise<string[]> };
}
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
  /** The browser will not try again. */
  readonly lastChance: boolean;
}
