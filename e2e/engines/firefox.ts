import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser, type ElementHandle, type Page } from 'puppeteer-core';
import { type Engine, EngineTab } from './engine.ts';

/** No traffic of the browser's own. */
const PREFERENCES = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'dom.push.connection.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

/** The Firefox at `FIREFOX_PATH`, or Debian's, driven by WebDriver BiDi. */
export class Firefox implements Engine {
  readonly name: string;
  readonly #profile: string;
  #browser: Browser;

  private constructor(name: string, profile: string, browser: Browser) {
    this.name = name;
    this.#profile = profile;
    this.#browser = browser;
  }

  static async launch(): Promise<Firefox> {
    const profile = await mkdtemp(join(tmpdir(), 'holdfast-firefox-'));
    const browser = await start(profile);
    return new Firefox(await browser.version(), profile, browser);
  }

  async open(url: string): Promise<EngineTab> {
    const tab = new FirefoxTab(await this.#browser.newPage());
    await tab.go(url);
    return tab;
  }

  async crash(): Promise<void> {
    await this.#kill();
    this.#browser = await start(this.#profile);
  }

  async close(): Promise<void> {
    await this.#kill();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async #kill(): Promise<void> {
    const child = this.#browser.process();
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL'); // its other processes end with it
    await ended;
  }
}

function start(profile: string): Promise<Browser> {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr',
    headless: true,
    userDataDir: profile,
    extraPrefsFirefox: PREFERENCES,
  });
}

class FirefoxTab extends EngineTab {
  readonly #page: Page;

  constructor(page: Page) {
    super();
    this.#page = page;
    // "Leave this page?" A person who reloads or closes a tab says yes.
    page.on('dialog', (dialog) => void dialog.accept());
  }

  async go(url: string): Promise<void> {
    await this.#page.goto(url);
  }

  async reload(): Promise<void> {
    await this.#page.reload();
  }

  async choose(selector: string, file: string): Promise<void> {
    const input = (await this.#page.$(selector)) as ElementHandle<HTMLInputElement>; // it was just seen
    await input.uploadFile(file);
  }

  protected async type(selector: string, text: string): Promise<void> {
    await this.evaluate((at) => document.querySelector<HTMLInputElement>(at)?.select(), selector);
    await this.#page.keyboard.type(text);
    await this.#page.keyboard.press('Enter');
  }

  protected run(expression: string): Promise<unknown> {
    return this.#page.evaluate(expression);
  }
}
