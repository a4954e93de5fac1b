import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { ErrorCode } from '../../shared/errors.ts';
import { readSession } from '../api.ts';
import { breakLoop, isComplete } from '../guard.ts';
import { t } from '../i18n.ts';
import { Message } from '../message.tsx';
import { ping } from '../presence.ts';
import { session } from '../state.ts';
import { recallReturn } from './kept-return.ts';
import { signInUrl } from './landing.ts';

/** A session that is there is seen at the first look; one more look is for a worker that is just starting. */
const LOOKS = 3;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;

/** Where a provider sends the browser back to: the worker did not see that sign-in, and is asked to look. */
export function CompletePage(): JSX.Element {
  const found = useFoundSession();
  const { query } = useLocation();
  if (found === 'lost') {
    const returnTo = recallReturn(sessionStorage, query.state ?? null)?.returnTo ?? null;
    return (
      <Message icon="alert" title={t('signIn.completeLost')} lead={t('signIn.completeLostLead')}>
        <a class="button primary" href={signInUrl(returnTo)} data-do="sign-in-again">
          {t('signIn.completeAgain')}
        </a>
      </Message>
    );
  }
  return (
    <div role="status">
      <Message
        icon="clock"
        title={t('signIn.completeTitle')}
        lead={found === 'unreachable' ? t('signIn.offline') : ''}
      />
    </div>
  );
}

/** Looks for the session until it is seen, or surely not there; the guard moves on from here. */
function useFoundSession(): 'looking' | 'unreachable' | 'lost' {
  const [found, setFound] = useState<'looking' | 'unreachable' | 'lost'>('looking');
  useEffect(() => {
    const over = new AbortController();
    void look(over.signal, setFound);
    return () => over.abort();
  }, []);
  return found;
}

async function look(over: AbortSignal, tell: (how: 'unreachable' | 'lost') => void): Promise<void> {
  let refused = 0;
  for (let wait = FIRST_WAIT_MS; !over.aborted; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    const answer = await readSession();
    await ping();
    if (over.aborted) return;
    if (answer.ok && session.peek().state === 'signed-in') {
      breakLoop();
      isComplete.value = true;
      return;
    }
    if (!answer.ok && isAway(answer.code)) tell('unreachable');
    else if (++refused === LOOKS) return tell('lost');
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

function isAway(code: ErrorCode): boolean {
  return code === 'UNREACHABLE' || code === 'WORKER_SILENT';
}
