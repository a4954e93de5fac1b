import fc from 'fast-check';
import { expect, test } from 'vitest';
import cases from './return-url.cases.json' with { type: 'json' };
import { DEFAULT_RETURN, safeReturnTo } from './return-url.ts';

const origin = 'https://app.example.test';

test.each(cases)('$verdict $input: $why', ({ input, verdict, output }: (typeof cases)[number]) => {
  const expected =
    verdict === 'accept' ? { to: output ?? input, refused: false } : { to: DEFAULT_RETURN, refused: true };
  expect(safeReturnTo(input, origin)).toEqual(expected);
});

test('a missing return URL is refused', () => {
  expect(safeReturnTo(null, origin)).toEqual({ to: DEFAULT_RETURN, refused: true });
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: a tab is among the nasty ones
const nasty = fc.stringMatching(/^[/\\.%a-f25?#@:;\u0009\u3002\uff0f]{0,40}$/);
const anything = fc.oneof(
  nasty,
  nasty.map((tail) => `/${tail}`),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
);

test('whatever comes in, what comes out stays on our origin and is stable', () => {
  fc.assert(
    fc.property(anything, (input) => {
      const { to } = safeReturnTo(input, origin);
      const url = new URL(to, origin);
      expect(url.origin).toBe(origin);
      expect(url.pathname + url.search).toBe(to);
      expect(to.startsWith('//')).toBe(false);
      expect(safeReturnTo(to, origin).to).toBe(to);
    }),
    { numRuns: 3000 },
  );
});
