import { useEffect, useRef, useState } from 'preact/hooks';
import type { ErrorCode } from '../../shared/errors.ts';
import type { Answer } from '../api.ts';

/** A server that was away comes back without any event of the browser's: it is asked again after this, in ms. */
const ASK_AGAIN_MS = 10_000;

/** What the server says, and why its last answer was none. The last answer stands until there is another. */
export function useAnswer<T>(ask: () => Promise<Answer<T>>): {
  value: T | null;
  refused: ErrorCode | null;
  reload: () => Promise<void>;
} {
  const [value, setValue] = useState<T | null>(null);
  const [refused, setRefused] = useState<ErrorCode | null>(null);
  const isHere = useRef(true);

  async function reload(): Promise<void> {
    const answer = await ask();
    if (!isHere.current) return;
    if (answer.ok) setValue(answer.value);
    setRefused(answer.ok ? null : answer.code);
  }

  useEffect(() => {
    isHere.current = true;
    void reload();
    return () => {
      isHere.current = false;
    };
  }, []);

  useEffect(() => {
    if (!refused) return;
    const again = () => void reload();
    const timer = setInterval(again, ASK_AGAIN_MS);
    addEventListener('online', again);
    return () => {
      clearInterval(timer);
      removeEventListener('online', again);
    };
  }, [refused]);

  return { value, refused, reload };
}
