import type { News } from '../shared/protocol.ts';
import type { ApiRequest, Gateway } from './gateway.ts';
import { mayWait, type Outbox, takesBack } from './outbox.ts';

interface Host {
  gateway: Gateway;
  outbox: Outbox;
  post: (news: News) => void;
}

/** Headers of a page's request that go on; the rest is the gateway's business. */
const passed = ['Accept-Language', 'Content-Type', 'If-None-Match', 'Range', 'If-Range'];

/**
 * Answers a page's request to the API: by the server through the gate, or, where nobody answers, by keeping what may
 * wait, which is answered 202 `{queued: true}`.
 */
export async function answerPage({ gateway, outbox, post }: Host, request: Request): Promise<Response> {
  const asked = await toApiRequest(request);
  const deletion = takesBack(asked);
  if (deletion !== null && (await outbox.takeBack(deletion))) return new Response(null, { status: 204 });
  const response = await gateway.send(asked);
  if (deletion !== null && response.ok) post({ type: 'library' });
  if (!mayWait(asked)) return response;
  if (response.ok) post({ type: 'library' });
  if (response.status !== 503 || !(await outbox.add(asked))) return response;
  return Response.json({ queued: true }, { status: 202 });
}

/** With the body read, so that it can go out again. */
async function toApiRequest(request: Request): Promise<ApiRequest> {
  const url = new URL(request.url);
  const headers = new Headers();
  for (const name of passed) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  return {
    method: request.method,
    path: url.pathname + url.search,
    headers,
    body: hasBody ? await request.arrayBuffer() : null,
    signal: request.signal,
    ofPage: true,
  };
}
