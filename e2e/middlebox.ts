import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';

/** An answer that the box gives itself. */
export interface OwnAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** What the box does with a request: answer it, change a byte of its body on the way, or just pass it on. */
export type Rule = (incoming: IncomingMessage) => Verdict | Promise<Verdict>;

/** A promise of one holds the request for as long as it takes. */
export type Verdict = OwnAnswer | 'flip-a-bit' | null;

/**
 * Something between proxy and server that understands HTTP, as captive portals, gateways and broken hardware do. Point the
 * fault proxy's `targetPort` at it.
 */
export class Middlebox {
  rule: Rule = () => null;
  readonly #targetPort: number;
  readonly #server: Server;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((incoming, outgoing) => void this.#handle(incoming, outgoing));
  }

  static async start(targetPort: number): Promise<Middlebox> {
    const box = new Middlebox(targetPort);
    box.#server.listen(0, '127.0.0.1');
    await once(box.#server, 'listening');
    return box;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const own = await this.rule(incoming);
    if (outgoing.destroyed) return; // it was held, and who asked is gone
    if (own !== null && own !== 'flip-a-bit') {
      incoming.resume();
      outgoing.writeHead(own.status, own.headers).end(own.body);
      return;
    }
    const { method, url, headers } = incoming;
    const onward = request(
      { host: '127.0.0.1', port: this.#targetPort, method, path: url, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    if (own === 'flip-a-bit') incoming.pipe(flipOneBit()).pipe(onward);
    else incoming.pipe(onward);
  }
}

function flipOneBit(): Transform {
  let isDone = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      const copy = Buffer.from(chunk);
      if (!isDone && copy.length > 0) copy[0] = (copy[0] ?? 0) ^ 1;
      isDone = true;
      next(null, copy);
    },
  });
}
