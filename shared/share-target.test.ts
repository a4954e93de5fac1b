import { expect, test } from 'vitest';
import { sharedAddress, shareOutcome, shareOutcomes } from './share-target.ts';

test('the address after a share says what became of it, and nothing else does', () => {
  for (const outcome of shareOutcomes) {
    const share = new URLSearchParams(sharedAddress(outcome).split('?')[1]).get('share');
    expect(shareOutcome(share)).toBe(outcome);
  }
  expect([null, undefined, '', 'Kept', 'else'].map(shareOutcome)).toEqual([null, null, null, null, null]);
});
