import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import * as v from 'valibot';
import type { Config } from './config.ts';
import { Refusal } from './problem.ts';
import type { ServerEnv } from './services.ts';

/**
 * The JSON body of a request, checked against `schema`.
 *
 * @throws {Refusal} `WRONG_CONTENT_TYPE`, `TOO_LARGE`, `BODY_STALLED`, or `INVALID_INPUT` naming the first field
 *   that does not fit, without its value.
 */
export async function readJson<S extends v.GenericSchema>(
  c: Context<ServerEnv>,
  schema: S,
  config: Config,
): Promise<v.InferOutput<S>> {
  const { incoming } = c.env;
  if (!/^application\/json\s*(;|$)/i.test(incoming.headers['content-type'] ?? '')) {
    throw new Refusal('WRONG_CONTENT_TYPE', 'The body must be application/json');
  }
  const bytes = await readBytes(incoming, config.maxBodyBytes, config.bodyStallSeconds * 1000);
  const result = v.safeParse(schema, parse(bytes), { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const where = v.getDotPath(issue) ?? 'body';
  throw new Refusal(
    'INVALID_INPUT',
    `${where}: expected ${issue.expected ?? issue.requirement ?? issue.type}`,
  );
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Refusal('INVALID_INPUT', 'The body is not JSON', { cause });
  }
}

/** Read from Node's own stream, so that a body over the limit is never pulled in. */
function readBytes(incoming: IncomingMessage, maxBytes: number, stallMs: number): Promise<Buffer> {
  const tooLarge = new Refusal('TOO_LARGE', `The body is over ${maxBytes} bytes`, {
    limit: maxBytes,
    limitName: 'MAX_BODY_BYTES',
  });
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let total = 0;
    const stall = setTimeout(() => done(new Refusal('BODY_STALLED', 'The body stopped coming')), stallMs);
    const take = (chunk: Buffer) => {
      stall.refresh();
      total += chunk.length;
      if (total > maxBytes) done(tooLarge);
      else chunks.push(chunk);
    };
    const end = () => done(null);
    const cut = () => done(new Refusal('INVALID_INPUT', 'The body was cut'));
    const done = (refusal: Refusal | null) => {
      clearTimeout(stall);
      incoming.off('data', take).off('end', end).off('close', cut).off('error', cut).pause();
      incoming.on('error', () => {}); // a cut that is seen later is nobody's news
      if (refusal) reject(refusal);
      else resolve(Buffer.concat(chunks));
    };
    incoming.on('data', take).on('end', end).on('close', cut).on('error', cut);
  });
}
