import type { CallName, Reply } from '../shared/protocol.ts';

/**
 * Asks the worker up to `tries` times until it answers, and gives its last reply. Only for what it does once however
 * often it is asked: a worker that was ended meanwhile, or has much to do, may have done it without saying so.
 */
export async function askAgain<N extends CallName>(
  ask: () => Promise<Reply<N>>,
  tries: number,
): Promise<Reply<N>> {
  const reply = await ask();
  const isSilent = !reply.ok && reply.code === 'WORKER_SILENT';
  return isSilent && tries > 1 ? askAgain(ask, tries - 1) : reply;
}
