import type { IncomingMessage } from 'node:http';
import type { MiddlewareHandler } from 'hono';
import type { ServerEnv } from './services.ts';

/** A rest of a body up to this size is simply read, and the connection kept. */
const SMALL_BYTES = 64 * 1024;
/** How long a client that was answered early may take to hang up. */
const LINGER_MS = 1000;

/**
 * When a request is answered before its body was read, the body is not pulled in: at most 64 KiB more are read.
 *
 * The connection cannot go on after that, but closing it at once would reset it, and a client that is still sending
 * may then lose the answer (RFC 9112 §9.6). So the answer is sent whole, with its length and `Connection: close`, and
 * the closing waits until the client hangs up, or a second.
 */
export const answerEarly: MiddlewareHandler<ServerEnv> = async (c, next) => {
  await next();
  const { incoming } = c.env;
  if (incoming.readableEnded || !hasBody(incoming) || c.res.body === null) return;
  if (Number(incoming.headers['content-length'] ?? Number.POSITIVE_INFINITY) <= SMALL_BYTES) {
    incoming.resume();
    return;
  }
  const body = Buffer.from(await c.res.arrayBuffer());
  const headers = new Headers(c.res.headers);
  headers.set('Connection', 'close');
  headers.set('Content-Length', String(body.length));
  const { status } = c.res;
  c.res = undefined; // assigning over an answer would merge the old one's headers
  c.res = new Response(lingering(body, incoming), { status, headers });
};

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** `body` at once, and the end of it when the client hung up: only then does Node close the connection. */
function lingering(body: Buffer, incoming: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(new Uint8Array(body));
      await hungUp(incoming);
      controller.close();
    },
  });
}

function hungUp(incoming: IncomingMessage): Promise<void> {
  if (incoming.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let bytes = 0;
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > SMALL_BYTES) incoming.pause();
    };
    const done = () => {
      clearTimeout(limit);
      incoming.off('data', take).off('end', done).off('close', done);
      resolve();
    };
    const limit = setTimeout(done, LINGER_MS);
    incoming.on('error', () => {}); // that it was cut is what we wait for
    incoming.on('data', take).on('end', done).on('close', done).resume();
  });
}
