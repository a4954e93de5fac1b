import { effect } from '@preact/signals';
import { takeHandles } from './intake.ts';
import { session } from './state.ts';

/** Files that were opened with the app, and wait until someone is signed in. */
let opened: FileSystemHandle[] = [];

/** Takes files that a person opens with the installed app (File Handling, Chromium on desktops only). */
export function watchLaunches(): void {
  globalThis.launchQueue?.setConsumer(({ files }) => {
    opened.push(...(files ?? []));
    takeOpened();
  });
  effect(() => {
    if (session.value.state === 'signed-in') takeOpened();
  });
}

function takeOpened(): void {
  if (opened.length === 0 || session.peek().state !== 'signed-in') return;
  const handles = opened;
  opened = [];
  void takeHandles(handles);
}
