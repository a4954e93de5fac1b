import { expect, test } from 'vitest';
import { nextMove } from './move-limiter.ts';

test('three moves within ten seconds are allowed and the fourth is not', () => {
  let moves: number[] = [];
  const allowed: boolean[] = [];
  for (const now of [0, 1000, 2000, 3000]) {
    const next = nextMove(moves, now);
    moves = next.moves;
    allowed.push(next.allowed);
  }
  expect(allowed).toEqual([true, true, true, false]);
});

test('a move that was refused is not counted', () => {
  expect(nextMove([0, 1, 2], 3)).toEqual({ allowed: false, moves: [0, 1, 2] });
});

test('moves are forgotten after ten seconds', () => {
  expect(nextMove([0, 1, 9_000], 10_500)).toEqual({ allowed: true, moves: [9_000, 10_500] });
});
