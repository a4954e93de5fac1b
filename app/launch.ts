import { effect } from '@preact/signals';
import { keepOpened } from './inbox.ts';
import { takeHandles } from './intake.ts';
import { session } from './state.ts';

/** Who is signed in is known within this, in ms, unless only a server that does not answer could tell. */
const PATIENCE_MS = 4_000;
/** In a tab's storage: what was opened in it waits in the inbox. */
const KEPT = 'holdfast.opened';

/** Files that were opened with the app, until it is known whether anyone is signed in. */
let opened: FileSystemHandle[] = [];

/**
 * Takes files that a person opens with the installed app (File Handling, Chromium on desktops only): they are sent, or
 * wait in the inbox while nobody is signed in.
 */
export function watchLaunches(): void {
  let isFirst = true;
  globalThis.launchQueue?.setConsumer(({ files }) => {
    const isOldNews = isFirst && isReload() && sessionStorage.getItem(KEPT) !== null;
    isFirst = false;
    // Chromium hands a page that is reloaded what was opened in it last once more, whatever was decided about that since.
    if (isOldNews) return;
    opened.push(...(files ?? []));
    takeOpened();
    setTimeout(() => takeOpened(true), PATIENCE_MS);
  });
  effect(() => {
    if (session.value.state !== 'unknown') takeOpened();
  });
}

function takeOpened(isPatienceOver = false): void {
  const { state } = session.peek();
  if (opened.length === 0 || (state === 'unknown' && !isPatienceOver)) return;
  const handles = opened;
  opened = [];
  void (state === 'signed-in' ? takeHandles(handles) : keepForLater(handles));
}

async function keepForLater(handles: readonly FileSystemHandle[]): Promise<void> {
  if (await keepOpened(handles)) sessionStorage.setItem(KEPT, '');
}

function isReload(): boolean {
  const [loaded] = performance.getEntriesByType('navigation');
  return loaded instanceof PerformanceNavigationTiming && loaded.type === 'reload';
}
