import { poll } from './poll.ts';
import type { Place } from './sign-in.ts';
import type { Tab } from './tab.ts';

/** Ends all sign-ins, and waits until the server says so to whoever is signed in in `tab`. */
export async function endSessions(stage: Place, tab: Tab): Promise<void> {
  const cookie = await tab.cookieHeader(stage.origin);
  await stage.server.endSessions();
  // It looks a session up once a second.
  await poll('the server to know', 10_000, async () => {
    const answer = await fetch(`http://127.0.0.1:${stage.server.port}/api/session`, { headers: { cookie } });
    return answer.status === 401 || undefined;
  });
}

/** Ends all sign-ins, has `tab` ask for something, and waits until each of `tabs` is at sign-in. */
export async function expire(stage: Place, tab: Tab, tabs: readonly Tab[] = [tab]): Promise<void> {
  await endSessions(stage, tab);
  await askForFiles(tab);
  for (const one of tabs) await one.waitForPath('/signin');
}

/** Has the page of `tab` ask for the library; the status of the answer, 0 where there was none. */
export function askForFiles(tab: Tab): Promise<number> {
  return tab.evaluate(() =>
    fetch('/api/files').then(
      ({ status }) => status,
      () => 0,
    ),
  );
}

/** In the page: notes when each expiry notice comes up, in `noticedAt`. Works before the document has a body. */
export function countNotices(): void {
  const noticedAt: number[] = [];
  Reflect.set(globalThis, 'noticedAt', noticedAt);
  let shown = 0;
  const look = () => {
    const now = document.querySelectorAll('[data-notice="session-expired"]').length;
    for (let n = shown; n < now; n++) noticedAt.push(Date.now());
    shown = now;
  };
  look();
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
}

/** How many expiry notices came up in `tab` since `countNotices` was run in it. */
export function noticeCount(tab: Tab): Promise<number> {
  return tab.evaluate(() => (Reflect.get(globalThis, 'noticedAt') as number[]).length);
}
