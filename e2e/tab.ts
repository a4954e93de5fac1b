import { writeFile } from 'node:fs/promises';
import type { LogEntry } from '../shared/protocol.ts';
import type { Cdp } from './cdp.ts';
import { poll } from './poll.ts';
import type { SetCookie } from './server.ts';

const DEADLINE_MS = 30_000;
/** A question to a document that goes away before it has answered may stay without an answer; asked again after this, in ms. */
const ASK_AGAIN_MS = 10_000;
/** What is asked of a page and still has no answer after this never has one, in ms: the test says what that was. */
const ANSWER_MS = 100_000;

/** A page that hears of a drop does at once; in ms. */
const DROP_MS = 5_000;

/** Those that a browser goes by where a key has no letter. */
const virtualKeys: Readonly<Record<string, number>> = {
  Tab: 9,
  Enter: 13,
  Escape: 27,
  ArrowRight: 39,
  ArrowDown: 40,
};

type Evaluated<T> = {
  result: { value: T; objectId?: string };
  exceptionDetails?: { text: string; exception?: { description?: string } };
};

/** One tab of a plainly started browser. */
export class Tab {
  readonly #cdp: Cdp;
  readonly #targetId: string;
  readonly #sessionId: string;

  private constructor(cdp: Cdp, targetId: string, sessionId: string) {
    this.#cdp = cdp;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
  }

  static async attach(cdp: Cdp, targetId: string): Promise<Tab> {
    const { sessionId } = await cdp.send<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    await cdp.send('Page.enable', {}, sessionId);
    return new Tab(cdp, targetId, sessionId);
  }

  /** Goes to `url` and waits until that document has loaded. */
  async go(url: string): Promise<void> {
    const { errorText } = await this.#send<{ errorText?: string }>('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await this.until(() => document.readyState === 'complete');
  }

  /** Loads the page anew. A browser that asks whether to leave is told yes, and this is then `asked`. */
  async reload(): Promise<'gone' | 'asked'> {
    const { questions } = this.#cdp;
    // The old document would pass for the new one until it is gone.
    await this.evaluate(() => Reflect.set(globalThis, 'isOldDocument', true));
    await this.#send('Page.reload');
    await this.until(() => !Reflect.has(globalThis, 'isOldDocument') && document.readyState === 'complete');
    return this.#cdp.questions > questions ? 'asked' : 'gone';
  }

  /** What `work` returns in the page, or what its promise does; it sees its arguments and the page, nothing else. */
  async evaluate<A extends unknown[], T>(work: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    return (await this.#evaluate<T>(`(${work})(...${JSON.stringify(args)})`, true)).result.value;
  }

  /** Waits until `holds` is true in the page, over navigations too. */
  async until<A extends unknown[]>(holds: (...args: A) => unknown, ...args: A): Promise<void> {
    await this.untilWithin(DEADLINE_MS, holds, ...args);
  }

  async untilWithin<A extends unknown[]>(
    withinMs: number,
    holds: (...args: A) => unknown,
    ...args: A
  ): Promise<void> {
    const expression = `Boolean((${holds})(...${JSON.stringify(args)}))`;
    const what = `${holds} ${JSON.stringify(args)} in the page`;
    const waited = poll(what, withinMs, async () => (await this.#askOnce<boolean>(expression)) || undefined);
    await waited.catch(async (error: Error) => {
      const seen = await this.#askOnce<string>(`(${outline})()`).catch(() => null);
      throw new Error(`${error.message}\n${seen ?? 'The page does not answer.'}`, { cause: error });
    });
  }

  /** Puts `text` where a person would type it, instead of what was there. */
  async fill(selector: string, text: string): Promise<void> {
    await this.until((at) => document.querySelector(at), selector);
    await this.evaluate((at) => {
      const input = document.querySelector<HTMLInputElement>(at);
      input?.focus();
      input?.select();
    }, selector);
    await this.#send('Input.insertText', { text });
  }

  /** The same, and Enter. */
  async enter(selector: string, text: string): Promise<void> {
    await this.fill(selector, text);
    await this.press('Enter');
  }

  /** Presses a key, as a person does: what has the focus gets it. */
  async press(key: string, { ctrl = false } = {}): Promise<void> {
    const isLetter = /^[a-z]$/.test(key);
    const facts = {
      key,
      code: isLetter ? `Key${key.toUpperCase()}` : key,
      windowsVirtualKeyCode: virtualKeys[key] ?? key.toUpperCase().charCodeAt(0),
      modifiers: ctrl ? 2 : 0,
    };
    const text = key === 'Enter' ? '\r' : key.length === 1 && !ctrl ? key : undefined;
    await this.#send('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', text, ...facts });
    await this.#send('Input.dispatchKeyEvent', { type: 'keyUp', ...facts });
  }

  /** Clicks with a user's activation, as soon as the element is there and enabled. */
  async click(selector: string): Promise<void> {
    await this.until((at) => document.querySelector(`${at}:not(:disabled)`), selector);
    await this.evaluate((at) => document.querySelector<HTMLElement>(at)?.click(), selector);
  }

  /** Waits until the address has this path. */
  async waitForPath(path: string): Promise<void> {
    await this.until((wanted) => location.pathname === wanted, path);
  }

  /** Waits until a service worker is in charge of the page. */
  async waitForWorker(): Promise<void> {
    await this.until(() => navigator.serviceWorker.controller);
  }

  /** Selects files in a file input, `input[data-pick]` unless said otherwise. */
  async pick(files: readonly string[], selector = 'input[type=file][data-pick]'): Promise<void> {
    await this.until((at) => document.querySelector(at), selector);
    const { result } = await this.#evaluate(`document.querySelector(${JSON.stringify(selector)})`, false);
    await this.#send('DOM.setFileInputFiles', { files, objectId: result.objectId });
    // The app empties an input whose files it has taken: these were chosen, and nobody heard.
    const { result: left } = await this.#send<Evaluated<string>>('Runtime.callFunctionOn', {
      functionDeclaration: String(function (this: HTMLInputElement) {
        return `${this.files?.length} files left, ${this.isConnected ? 'in' : 'no longer in'} the page`;
      }),
      objectId: result.objectId,
      returnByValue: true,
    });
    if (!left.value.startsWith('0 ')) throw new Error(`${selector}: ${left.value}`);
  }

  /**
   * Drops files and folders from a file manager into the middle of the page, again where the browser swallowed that: a
   * tab that something else has come in front of hears nothing. What the page does not take, the browser would open.
   * `onOver` is done while they are held over the page.
   */
  async drop(paths: readonly string[], onOver: () => Promise<void> = async () => undefined): Promise<void> {
    const data = { items: [], files: paths, dragOperationsMask: 1 };
    for (let times = 0; times < 3; times++) {
      await this.bringToFront();
      await this.until(() => document.visibilityState === 'visible');
      const { x, y } = await this.evaluate(() => {
        Reflect.set(globalThis, 'isDropped', false);
        addEventListener('drop', () => Reflect.set(globalThis, 'isDropped', true), { capture: true });
        return { x: innerWidth / 2, y: innerHeight / 2 };
      });
      for (const type of ['dragEnter', 'dragOver', 'drop']) {
        await this.#send('Input.dispatchDragEvent', { type, x, y, data });
        if (type === 'dragOver') await onOver();
      }
      const heard = this.untilWithin(DROP_MS, () => Reflect.get(globalThis, 'isDropped'));
      const isHeard = await heard.then(
        () => true,
        () => false,
      );
      if (isHeard) return;
      const { targetInfos } = await this.#cdp.send<{ targetInfos: { url: string }[] }>('Target.getTargets');
      const addresses = targetInfos.map(({ url }) => url);
      if (addresses.some((url) => url.startsWith('file:'))) throw new Error(`It was opened: ${addresses}`);
      await this.#send('Input.dispatchDragEvent', { type: 'dragCancel', x, y, data });
    }
    throw new Error('The page has heard of no drop');
  }

  async setCookies(cookies: readonly SetCookie[]): Promise<void> {
    await this.#send('Network.setCookies', { cookies });
  }

  /** The `Cookie` header that the browser would send to `url`, HttpOnly ones too. */
  async cookieHeader(url: string): Promise<string> {
    const { cookies } = await this.#send<{ cookies: { name: string; value: string }[] }>(
      'Network.getCookies',
      {
        urls: [url],
      },
    );
    return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  /** Stops every service worker of this browser, as the browser does when it needs the memory. */
  async stopWorkers(): Promise<void> {
    await this.#send('ServiceWorker.enable');
    await this.#send('ServiceWorker.stopAllWorkers');
    await this.#send('ServiceWorker.disable');
  }

  /** JavaScript heap of the page in use, in bytes, with what has not been collected yet. */
  async heapBytes(): Promise<number> {
    return (await this.#send<{ usedSize: number }>('Runtime.getHeapUsage')).usedSize;
  }

  /** Has downloads land in `folder`, without a question. */
  async downloadTo(folder: string): Promise<void> {
    await this.#send('Page.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
  }

  /** What stands in the way of installing the app, and what the browser finds wrong with its manifest. */
  async installability(): Promise<{ errors: string[]; manifestErrors: string[] }> {
    const { installabilityErrors } = await this.#send<{ installabilityErrors: { errorId: string }[] }>(
      'Page.getInstallabilityErrors',
    );
    const { errors } = await this.#send<{ errors: { message: string }[] }>('Page.getAppManifest');
    return {
      errors: installabilityErrors.map(({ errorId }) => errorId),
      manifestErrors: errors.map(({ message }) => message),
    };
  }

  /** Has the browser dispatch a sync event to the worker of `origin`, as when the network comes back. */
  async dispatchSync(origin: string, tag: string, lastChance = false): Promise<void> {
    type Updated = { registrations: { registrationId: string; scopeURL: string; isDeleted: boolean }[] };
    const registered = this.#cdp.next<Updated, string>(
      'ServiceWorker.workerRegistrationUpdated',
      ({ registrations }) => {
        return registrations.find(({ scopeURL, isDeleted }) => scopeURL.startsWith(origin) && !isDeleted)
          ?.registrationId;
      },
    );
    await this.#send('ServiceWorker.enable');
    const registrationId = await registered;
    await this.#send('ServiceWorker.dispatchSyncEvent', { origin, registrationId, tag, lastChance });
    await this.#send('ServiceWorker.disable');
  }

  /**
   * Has the browser tell of the sync events it dispatches from now on, in any tab of the same site, and gives a function
   * that waits for the next one that ended in `how`, with what the browser says of it.
   */
  async watchSync(): Promise<(how: string) => Promise<Record<string, string>>> {
    const service = { service: 'backgroundSync' };
    await this.#send('BackgroundService.startObserving', service);
    await this.#send('BackgroundService.setRecording', { shouldRecord: true, ...service });
    type Received = {
      backgroundServiceEvent: { eventName: string; eventMetadata: { key: string; value: string }[] };
    };
    return (how) =>
      this.#cdp.next<Received, Record<string, string>>(
        'BackgroundService.backgroundServiceEventReceived',
        ({ backgroundServiceEvent: { eventName, eventMetadata } }) =>
          eventName.toLowerCase().includes(how)
            ? Object.fromEntries(eventMetadata.map(({ key, value }) => [key, value]))
            : undefined,
      );
  }

  /**
   * Clears what scripts of `origin` have stored, as a browser does that needs the room; cookies stay. Or only what the
   * worker keeps of uploads, under its hands.
   */
  async forgetStorage(origin: string, { keepsWorker = false } = {}): Promise<void> {
    const storageTypes = keepsWorker
      ? 'indexeddb'
      : 'indexeddb,cache_storage,local_storage,service_workers,file_systems';
    await this.#send('Storage.clearDataForOrigin', { origin, storageTypes });
  }

  /** Everything of `origin`, its workers too, all cookies, and the browser's own cache; or all but worker and caches. */
  async forgetAll(origin: string, { keepsWorker = false } = {}): Promise<void> {
    // First, or a worker that starts meanwhile would learn who is signed in once more.
    await this.#send('Network.clearBrowserCookies');
    const storageTypes = keepsWorker ? 'indexeddb,local_storage,file_systems' : 'all';
    // What a worker that runs knows would outlive what is stored, and the parting word of a tab starts it once more.
    for (let times = 0; times < 2; times++) {
      if (keepsWorker) await this.stopWorkers();
      await this.#send('Storage.clearDataForOrigin', { origin, storageTypes });
    }
    if (!keepsWorker) await this.#send('Network.clearBrowserCache');
  }

  /** Empties the browser's own HTTP cache, which is not to answer for what the worker keeps. */
  async forgetHttpCache(): Promise<void> {
    await this.#send('Network.clearBrowserCache');
  }

  /** Frozen, as the browser does with tabs that nobody looks at; or active again. */
  async setFrozen(isFrozen: boolean): Promise<void> {
    await this.#send('Page.setWebLifecycleState', { state: isFrozen ? 'frozen' : 'active' });
  }

  /** Has `work` run in each document of this tab before the document's own scripts. */
  async beforeScripts<A extends unknown[]>(work: (...args: A) => void, ...args: A): Promise<void> {
    const source = `(${work})(...${JSON.stringify(args)})`;
    await this.#send('Page.addScriptToEvaluateOnNewDocument', { source });
  }

  /** Gives this tab an authenticator, such as a fingerprint reader, whose person says yes whenever `isPresent`. */
  async addAuthenticator(): Promise<{ setPresent: (isPresent: boolean) => Promise<void> }> {
    await this.#send('WebAuthn.enable');
    const options = {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    };
    const { authenticatorId } = await this.#send<{ authenticatorId: string }>(
      'WebAuthn.addVirtualAuthenticator',
      { options },
    );
    return {
      setPresent: (isPresent) =>
        this.#send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: isPresent }),
    };
  }

  /** In front of the other tabs. */
  async bringToFront(): Promise<void> {
    await this.#send('Page.bringToFront');
  }

  /** A PNG of what is seen. */
  async screenshot(file: string): Promise<void> {
    const { data } = await this.#send<{ data: string }>('Page.captureScreenshot', { format: 'png' });
    await writeFile(file, Buffer.from(data, 'base64'));
  }

  /** Sets the size of the page, in CSS pixels. */
  async resize(width: number, height: number): Promise<void> {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: false };
    await this.#send('Emulation.setDeviceMetricsOverride', metrics);
  }

  async close(): Promise<void> {
    await this.#cdp.send('Target.closeTarget', { targetId: this.#targetId });
  }

  /** What the page answers; null if it is just going away, has not begun, or keeps silent. */
  async #askOnce<T>(expression: string): Promise<T | null> {
    const asked = this.#evaluate<T>(expression, true).catch((error: Error) => {
      if (/The browser is gone|Session with given id/.test(error.message)) throw error;
      return null;
    });
    const answer = await Promise.race([asked, after(ASK_AGAIN_MS)]);
    return answer?.result.value ?? null;
  }

  async #evaluate<T>(expression: string, returnByValue: boolean): Promise<Evaluated<T>> {
    const asked = this.#send<Evaluated<T>>('Runtime.evaluate', {
      expression,
      returnByValue,
      awaitPromise: true,
      userGesture: true,
    });
    const evaluated = await Promise.race([asked, after(ANSWER_MS)]);
    if (!evaluated) throw new Error(`The page has not answered for ${ANSWER_MS} ms: ${expression}`);
    const { exceptionDetails } = evaluated;
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return evaluated;
  }

  #send<T>(method: string, params: object = {}): Promise<T> {
    return this.#cdp.send<T>(method, params, this.#sessionId);
  }
}

/** In the page: where it is, what has the focus, what a person reads, and what the worker did, for whoever reads why a test failed. */
async function outline(): Promise<string> {
  const { activeElement: focused, title, visibilityState, body } = document;
  const opening = focused?.outerHTML.match(/^<[^>]*>/)?.[0];
  return [
    `At ${location.pathname}${location.search} (${title}, ${visibilityState}), focus on ${opening}:`,
    // biome-ignore lint/performance/useDomNodeTextContent: what is hidden is not what a person reads
    ...body.innerText
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(0, 40),
    ...(await workersLog()),
  ].join('\n    ');

  async function workersLog(): Promise<string[]> {
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<{ value?: LogEntry[] } | null>((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      setTimeout(() => resolve(null), 2000);
    });
    navigator.serviceWorker?.controller?.postMessage({ type: 'log.read' }, [port2]);
    const entries = (await answer)?.value ?? [];
    return entries.slice(-60).map(({ at, worker, source, text }) => {
      return `${new Date(at).toISOString().slice(11, 23)} ${worker} ${source}: ${text}`;
    });
  }
}

function after(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, ms, null).unref());
}
