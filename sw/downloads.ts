import type { Gateway } from './gateway.ts';

const content = /^\/api\/(files|archives)\/[^/]+\/content$/;
/** Marks the request that the browser is to make by itself, past the worker. */
const NATIVE = 'native';

/** Whether the browser should fetch `request` itself: a stream through a worker would die with it. */
export function isNative(request: Request): boolean {
  const url = new URL(request.url);
  return content.test(url.pathname) && url.searchParams.has(NATIVE);
}

/** Whether `request` is for a file's bytes by a link or a media element, which may take longer than a worker lives. */
export function isDownload(request: Request): boolean {
  return (
    request.method === 'GET' && content.test(new URL(request.url).pathname) && request.destination !== ''
  );
}

/** Asks `HEAD` through the gate, where an expired session is noticed, then sends the browser to fetch by itself. */
export async function answerDownload(gateway: Gateway, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const path = url.pathname + url.search;
  const head = await gateway.send({ method: 'HEAD', path, headers: new Headers(), body: null });
  if (head.status === 401 && request.mode === 'navigate') {
    return Response.redirect(`/signin?returnTo=${encodeURIComponent('/library')}`, 303);
  }
  if (!head.ok) return head;
  url.searchParams.set(NATIVE, '');
  return Response.redirect(__API_ORIGIN__ + url.pathname + url.search, 303);
}
