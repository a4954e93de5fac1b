import type { Page } from '@playwright/test';
import type { Stage } from './stage.ts';

/** Where a person signs in, and whose mail they read. */
export type Place = Pick<Stage, 'origin' | 'server' | 'person'>;

/** What both a `Tab` and a Playwright page can do. */
export interface Driver {
  go(url: string): Promise<void>;
  /** Types into a field and presses Enter. */
  enter(selector: string, text: string): Promise<void>;
  waitForPath(path: string): Promise<void>;
  /** Waits until a worker is in charge of the page: on a first visit to a slow machine that takes longer than a page waits. */
  waitForWorker(): Promise<void>;
}

/** Signs in as a person does, by the code in the mail, and arrives at `/app`. */
export async function signIn(driver: Driver, stage: Place, email = stage.person): Promise<void> {
  await driver.go(`${stage.origin}/signin`);
  await enterCode(driver, stage, email);
  await driver.waitForPath('/app');
}

/** The same on a sign-in page that is open already; where it leads is the page's business. */
export async function enterCode(driver: Driver, stage: Place, email = stage.person): Promise<void> {
  await driver.waitForWorker();
  const askedAt = Date.now();
  await driver.enter('[data-sign-in="email"] input[name=email]', email);
  const code = await stage.server.codeFor(email, askedAt);
  await driver.enter('[data-sign-in="email"] input[name=code]', code);
}

/** A Playwright page as a driver. */
export function pageDriver(page: Page): Driver {
  return {
    go: async (url) => void (await page.goto(url)),
    enter: async (selector, text) => {
      await page.fill(selector, text);
      await page.press(selector, 'Enter');
    },
    waitForWorker: async () => void (await page.waitForFunction(() => navigator.serviceWorker.controller)),
    waitForPath: (path) => page.waitForURL((url) => url.pathname === path),
  };
}
