import { once } from 'node:events';

/** A parsed message of the Chrome DevTools Protocol; what is in it depends on the method. */
type Message = {
  id?: number;
  method?: string;
  sessionId?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
};

/**
 * A connection to a browser by the Chrome DevTools Protocol, no more of it than the tests need. Nothing is
 * attached by itself: a session with a service worker would keep it alive and slow down what it sends.
 */
export class Cdp {
  readonly #socket: WebSocket;
  readonly #calls = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Set<(method: string, params: unknown) => void>();
  #lastId = 0;
  #questions = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', (event) => this.#receive(JSON.parse(event.data) as Message));
    socket.addEventListener('close', () => {
      for (const { reject } of this.#calls.values()) reject(new Error('The browser is gone'));
      this.#calls.clear();
    });
  }

  /** `url` is the browser's WebSocket address. */
  static async connect(url: string): Promise<Cdp> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new Cdp(socket);
  }

  /** The result of one method, for the browser or for one of its sessions. */
  send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error('The browser is gone'));
    const id = ++this.#lastId;
    const result = new Promise<unknown>((resolve, reject) => this.#calls.set(id, { resolve, reject }));
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    // The protocol's own description fixes the type for each method; callers name it.
    return result as Promise<T>;
  }

  /** The next event `method` for which `choose` returns something, and that. */
  next<P, T>(method: string, choose: (params: P) => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const listen = (happened: string, params: unknown) => {
        // The protocol's own description fixes the type for each method; callers name it.
        const chosen = happened === method ? choose(params as P) : undefined;
        if (chosen === undefined) return;
        this.#listeners.delete(listen);
        resolve(chosen);
      };
      this.#listeners.add(listen);
    });
  }

  /** How often pages of this browser had it ask whether to leave them. Each time it is told yes. */
  get questions(): number {
    return this.#questions;
  }

  close(): void {
    this.#socket.close();
  }

  #receive({ id, result, error, method, sessionId, params }: Message): void {
    if (method) for (const listen of this.#listeners) listen(method, params);
    // "Leave this page?": a person who reloads or closes a tab says yes, and until then the page stands still.
    if (method === 'Page.javascriptDialogOpening') {
      this.#questions++;
      void this.send('Page.handleJavaScriptDialog', { accept: true }, sessionId).catch(() => undefined);
    }
    if (id === undefined) return;
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error) call?.reject(new Error(error.message));
    else call?.resolve(result);
  }
}
