/** What a `Range` header asks for: bytes `start` up to, not including, `end`; nothing usable; or more than there is. */
export type RangeAsk = { at: 'all' } | { at: 'range'; start: number; end: number } | { at: 'unsatisfiable' };

/**
 * The one range that `text` asks for of `size` bytes (RFC 9110 §14.1.2). Several ranges, other units and what cannot
 * be read are answered with the whole, as the standard allows.
 */
export function readRange(text: string | undefined, size: number): RangeAsk {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(text?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return { at: 'all' };
  if (first === '') {
    const length = Math.min(size, Number(last));
    return length === 0 ? { at: 'unsatisfiable' } : { at: 'range', start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return { at: 'all' };
  if (start >= size) return { at: 'unsatisfiable' };
  return { at: 'range', start, end: last === '' ? size : Math.min(size, Number(last) + 1) };
}
