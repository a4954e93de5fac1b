import * as v from 'valibot';
import { SharedFiles } from '../../shared/api.ts';

/** Why a link does not open. `away`: nobody answered who could know; `limited`: the server hears no more of us for now. */
export type Refusal = 'locked' | 'gone' | 'away' | 'limited';

/** What a link leads to. */
export type Found = { at: 'open'; shared: SharedFiles } | { at: Refusal };

/** Asks what `token` leads to. */
export async function readShared(token: string): Promise<Found> {
  const answer = await ask(addressOf(token), {});
  if (answer === null) return { at: 'away' };
  if (!answer.ok) return { at: refusalOf(answer.status) };
  const parsed = v.safeParse(SharedFiles, await answer.json().catch(() => null));
  return parsed.success ? { at: 'open', shared: parsed.output } : { at: 'away' };
}

/** Gives the password of a share: `open` when it was right, `locked` when not. */
export async function unlock(token: string, password: string): Promise<'open' | Refusal> {
  const answer = await ask(`${addressOf(token)}/unlock`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ password }),
  });
  if (answer === null) return 'away';
  return answer.ok ? 'open' : refusalOf(answer.status);
}

/** Where a browser downloads a shared file from. */
export function sharedContentUrl(token: string, id: string): string {
  return `${addressOf(token)}/files/${id}/content`;
}

/** Where a browser downloads all of a share from, as one ZIP. */
export function sharedArchiveUrl(token: string): string {
  return `${addressOf(token)}/archive`;
}

export function sharedThumbnailUrl(token: string, id: string): string {
  return `${addressOf(token)}/files/${id}/thumbnail`;
}

/** No worker stands between this page and the API, so it asks the API's own origin. */
function addressOf(token: string): string {
  return `${__API_ORIGIN__}/api/shared/${encodeURIComponent(token)}`;
}

function refusalOf(status: number): Refusal {
  if (status === 403) return 'locked';
  // A client that has guessed too often is refused for a while: that is no word on this link.
  if (status === 429) return 'limited';
  return status >= 400 && status < 500 ? 'gone' : 'away';
}

async function ask(address: string, init: RequestInit): Promise<Response | null> {
  try {
    const headers = { Accept: 'application/json', ...init.headers };
    // The cookie that a password brings is of the API's origin.
    return await fetch(address, {
      ...init,
      headers,
      credentials: 'include',
      redirect: 'manual',
      cache: 'no-store',
    });
  } catch {
    return null; // nobody answered
  }
}
