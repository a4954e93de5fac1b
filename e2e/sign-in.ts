import type { Page } from '@playwright/test';
import type { Stage } from './stage.ts';

/** What both a `Tab` and a Playwright page can do. */
export interface Driver {
  go(url: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
  waitForPath(path: string): Promise<void>;
}

/** Signs in as a person does, by the code in the mail, and arrives at `/app`. */
export async function signIn(driver: Driver, stage: Stage, email = 'ada@example.org'): Promise<void> {
  await driver.go(`${stage.origin}/signin`);
  await enterCode(driver, stage, email);
  await driver.waitForPath('/app');
}

/** The same on a sign-in page that is open already; where it leads is the page's business. */
export async function enterCode(driver: Driver, stage: Stage, email = 'ada@example.org'): Promise<void> {
  await driver.fill('input[name=email]', email);
  const askedAt = Date.now();
  await driver.click('[data-sign-in="email"]');
  const code = await stage.server.codeFor(email, askedAt);
  await driver.fill('input[name=code]', code);
  await driver.click('[data-sign-in="email"]');
}

/** A Playwright page as a driver. */
export function pageDriver(page: Page): Driver {
  return {
    go: async (url) => void (await page.goto(url)),
    fill: (selector, text) => page.fill(selector, text),
    click: (selector) => page.click(selector),
    waitForPath: (path) => page.waitForURL((url) => url.pathname === path),
  };
}
