import { beforeEach, expect, test, vi } from 'vitest';
import type { SessionView } from '../shared/protocol.ts';

const account = { id: 'a', email: 'ada@example.org' };
const here = (epoch: number, by?: string) => word(epoch, 'signed-in', by);
const over = (epoch: number, by?: string) => word(epoch, 'expired', by);

function word(epoch: number, state: SessionView['state'], by?: string): SessionView {
  return { epoch, state, account, ...(by !== undefined && { by }) };
}

/** Each test has a page of its own, which has heard of nobody. */
let page: typeof import('./state.ts');
beforeEach(async () => {
  vi.resetModules();
  page = await import('./state.ts');
});

test.each([
  ['the words of one worker, in order', [here(1, 'one'), over(2, 'one')], over(2, 'one')],
  ['its reply comes after the news that overtook it', [over(2, 'one'), here(1, 'one')], over(2, 'one')],
  [
    'the next worker announces an expiry, and its reply to a page from before that comes later',
    [here(3, 'one'), over(4, 'two'), here(3, 'two')],
    over(4, 'two'),
  ],
  [
    'the next worker begins anew, since what was stored is gone',
    [here(3, 'one'), here(1, 'two'), over(2, 'two')],
    over(2, 'two'),
  ],
  [
    'a last word of a dead worker comes late',
    [here(3, 'one'), over(4, 'two'), here(3, 'one')],
    over(4, 'two'),
  ],
  ['a worker a release older, which does not say who it is', [here(3), over(4), here(3)], over(4)],
])('what is known of the session: %s', (_, words, last) => {
  for (const word of words) page.applySession(word);
  expect(page.session.value).toEqual(last);
});
