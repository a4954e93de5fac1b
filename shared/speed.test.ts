import { expect, test } from 'vitest';
import { addSample, type Sample, secondsLeft, speedOf } from './speed.ts';

/** A sample each second, `rate` bytes apart. */
function steady(seconds: number, rate: number): readonly Sample[] {
  let samples: readonly Sample[] = [];
  for (let n = 0; n <= seconds; n++) samples = addSample(samples, { at: n * 1000, bytes: n * rate });
  return samples;
}

test('a steady transfer has its speed', () => {
  expect(speedOf(steady(5, 300), 5000)).toBe(300);
  expect(speedOf(steady(60, 300), 60_000)).toBe(300);
});

test('there is no speed before 0.7 s have passed, or while nothing moved', () => {
  expect(speedOf([], 1000)).toBe(null);
  const two = [
    { at: 0, bytes: 0 },
    { at: 600, bytes: 90 },
  ];
  expect(speedOf(two, 699)).toBe(null);
  expect(speedOf(two, 900)).toBe(100);
  expect(speedOf([{ at: 0, bytes: 50 }], 5000)).toBe(null);
});

test('samples behind 12 s are forgotten, but for the one that marks the edge', () => {
  expect(steady(60, 1).map(({ at }) => at / 1000)).toEqual([
    48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60,
  ]);
});

test('a speed that changed is the new one after the window', () => {
  let samples = steady(30, 1000);
  for (let n = 1; n <= 13; n++)
    samples = addSample(samples, { at: 30_000 + n * 1000, bytes: 30_000 + n * 10 });
  expect(speedOf(samples, 43_000)).toBe(10);
});

test('a transfer that stands still slows down in the eyes of whoever looks', () => {
  const samples = steady(12, 1000);
  expect(speedOf(samples, 12_000)).toBe(1000);
  expect(speedOf(samples, 24_000)).toBe(500);
});

test('seconds left are whole, at least one, and unknown without a speed', () => {
  expect(secondsLeft(1000, 300)).toBe(4);
  expect(secondsLeft(1, 300)).toBe(1);
  expect(secondsLeft(0, 300)).toBe(1);
  expect(secondsLeft(1000, null)).toBe(null);
});
