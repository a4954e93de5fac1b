import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poll } from '../poll.ts';
import { freePort } from '../server.ts';
import { type Engine, EngineTab } from './engine.ts';

/** A browser of our own around it: see there. */
const BROWSER = join(import.meta.dirname, 'webkit-window.py');
/** Of an element, in answers of the protocol (W3C WebDriver, §12.1). */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
/** The Enter key (§17.4.2). */
const ENTER = '\uE007';

type Command = <T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<T>;

/** WebKitGTK on a screen of its own, driven by Debian's `WebKitWebDriver`. It is Safari's engine, and no more of Safari. */
export class WebKit implements Engine {
  readonly name: string;
  readonly #folder: string;
  readonly #processes: readonly ChildProcess[];
  readonly #ask: Command;
  #session: string;
  /** One window has the driver's attention at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    folder: string,
    processes: readonly ChildProcess[],
    ask: Command,
    { sessionId, capabilities }: NewSession,
  ) {
    this.name = `${capabilities.browserName} ${capabilities.browserVersion}`;
    this.#folder = folder;
    this.#processes = processes;
    this.#ask = ask;
    this.#session = sessionId;
  }

  static async launch(): Promise<WebKit> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-webkit-'));
    const { screen, display } = await startScreen();
    const port = await freePort();
    const driver = spawn('WebKitWebDriver', ['--host=127.0.0.1', `--port=${port}`], {
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH,
        DISPLAY: display,
        HOME: folder,
        XDG_RUNTIME_DIR: folder,
        GSETTINGS_BACKEND: 'memory',
        LIBGL_ALWAYS_SOFTWARE: '1',
        NO_AT_BRIDGE: '1',
        WEBKIT_DISABLE_DMABUF_RENDERER: '1',
        // The sandbox does not work for root.
        ...(process.getuid?.() === 0 ? { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' } : {}),
      },
    });
    const ask = commands(`http://127.0.0.1:${port}`);
    await poll('the driver to start', 20_000, () =>
      ask('GET', '/status').then(
        () => true,
        () => undefined,
      ),
    );
    return new WebKit(folder, [driver, screen], ask, await newSession(ask, folder));
  }

  async open(url: string): Promise<EngineTab> {
    const { handle } = await this.#command<{ handle: string }>('POST', '/window/new', { type: 'tab' });
    const tab = new WebKitTab((method, path, body) => this.#inWindow(handle, method, path, body));
    await tab.go(url);
    return tab;
  }

  async crash(): Promise<void> {
    process.kill(Number(await readFile(join(this.#folder, 'profile', 'pid'), 'utf8')), 'SIGKILL');
    await this.#command('DELETE', '').catch(() => undefined); // there is nothing left to end
    this.#session = (await newSession(this.#ask, this.#folder)).sessionId;
  }

  async close(): Promise<void> {
    await this.#command('DELETE', '').catch(() => undefined); // it may have crashed
    for (const child of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  #inWindow<T>(handle: string, method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
    const answer = this.#turn.then(async () => {
      await this.#command('POST', '/window', { handle });
      return this.#command<T>(method, path, body);
    });
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  #command<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
    return this.#ask<T>(method, `/session/${this.#session}${path}`, body);
  }
}

interface NewSession {
  sessionId: string;
  capabilities: { browserName: string; browserVersion: string };
}

function newSession(ask: Command, folder: string): Promise<NewSession> {
  const options = { binary: BROWSER, args: [join(folder, 'profile')] };
  return ask<NewSession>('POST', '/session', {
    capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } },
  });
}

/** A screen that nobody sees. The server picks a number that is free, and tells it. */
async function startScreen(): Promise<{ screen: ChildProcess; display: string }> {
  const screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [number] = (await once(screen.stdout, 'data')) as [Buffer];
  return { screen, display: `:${number.toString().trim()}` };
}

function commands(driver: string): Command {
  return async <T>(method: string, path: string, body?: object) => {
    const init = method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {};
    const answer = await fetch(driver + path, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...init,
    });
    const { value } = (await answer.json()) as { value: T & { error?: string; message?: string } };
    if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}, ${value.message}`);
    return value as T;
  };
}

class WebKitTab extends EngineTab {
  readonly #command: Command;

  constructor(command: Command) {
    super();
    this.#command = command;
  }

  async go(url: string): Promise<void> {
    await this.#command('POST', '/url', { url });
  }

  async reload(): Promise<void> {
    await this.#command('POST', '/refresh');
  }

  async choose(selector: string, file: string): Promise<void> {
    await this.#command('POST', `/element/${await this.#find(selector)}/value`, { text: file });
  }

  protected async type(selector: string, text: string): Promise<void> {
    const field = await this.#find(selector);
    await this.#command('POST', `/element/${field}/clear`);
    await this.#command('POST', `/element/${field}/value`, { text: text + ENTER });
  }

  protected async run(expression: string): Promise<unknown> {
    const script = `const done = arguments[0];
      new Promise((resolve) => resolve(${expression})).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value, error } = await this.#command<{ value?: unknown; error?: string }>(
      'POST',
      '/execute/async',
      {
        script,
        args: [],
      },
    );
    if (error !== undefined) throw new Error(error);
    return value;
  }

  async #find(selector: string): Promise<string> {
    const query = { using: 'css selector', value: selector };
    return (await this.#command<{ [ELEMENT]: string }>('POST', '/element', query))[ELEMENT];
  }
}
