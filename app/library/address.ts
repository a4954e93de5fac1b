import { type FileOrder, fileOrders } from '../../shared/api.ts';
import type { FileAsk } from '../api.ts';

const USUAL_ORDER: FileOrder = 'newest';

/** What the library's address asks for. It is there, and not in the page, so that reload and sign-in keep it. */
export function askOf(query: Readonly<Record<string, string>>): FileAsk {
  const order = fileOrders.find((each) => each === query.order) ?? USUAL_ORDER;
  return { q: query.q ?? '', order };
}

/** The address that asks for this. */
export function addressOf({ q, order }: FileAsk): string {
  const query = new URLSearchParams();
  if (q !== '') query.set('q', q);
  if (order !== USUAL_ORDER) query.set('order', order);
  return query.size === 0 ? '/library' : `/library?${query}`;
}
