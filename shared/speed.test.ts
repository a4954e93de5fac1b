import { expect, test } from 'vitest';
import { addSample, type Sample, samplesAsSendingBegins, secondsLeft, speedOf } from './speed.ts';

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

test('after a pause the speed is that since sending began again', () => {
  const hour = 3_600_000;
  const before = samplesAsSendingBegins(steady(30, 1000), hour);
  expect(speedOf(before, hour)).toBe(null);
  const first = addSample(before, { at: hour + 100, bytes: 30_000 });
  const second = addSample(first, { at: hour + 1100, bytes: 31_000 });
  expect(speedOf(second, hour + 1100)).toBe(1000);
});

test('sending that begins where it has just ended is no pause', () => {
  const samples = steady(30, 1000);
  expect(samplesAsSendingBegins(samples, 32_000)).toBe(samples);
  expect(samplesAsSendingBegins(samples, 32_001)).toEqual([]);
  expect(samplesAsSendingBegins([], 32_001)).toEqual([]);
});

test('seconds left are whole, at least one, and unknown without a speed', () => {
  expect(secondsLeft(1000, 300)).toBe(4);
  expect(secondsLeft(1, 300)).toBe(1);
  expect(secondsLeft(0, 300)).toBe(1);
  expect(secondsLeft(1000, null)).toBe(null);
});

test('on a network that varies, the time left is within a fifth of the truth at the median', () => {
  const errors: number[] = [];
  for (let seed = 1; seed <= 40; seed++) {
    // Mulberry32, so that every run sees the same networks.
    let state = seed;
    const random = () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    errors.push(...errorsOf(random));
  }
  errors.sort((a, b) => a - b);
  expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(0.2);
});

/** Relative errors of the time left, once a second, for 300 MB over a link whose rate changes by up to half. */
function errorsOf(random: () => number): number[] {
  const size = 300e6;
  let samples: readonly Sample[] = [];
  let bytes = 0;
  let rate = 5e6;
  const said: { at: number; seconds: number }[] = [];
  let now = 0;
  for (; bytes < size; now += 500) {
    if (now % 4000 === 0) rate = 5e6 * (0.5 + random());
    bytes += rate / 2;
    samples = addSample(samples, { at: now, bytes });
    const seconds = now % 1000 === 0 ? secondsLeft(size - bytes, speedOf(samples, now)) : null;
    // The last seconds are said in whole seconds, where a fifth means nothing.
    if (seconds !== null && seconds > 5) said.push({ at: now, seconds });
  }
  const end = now;
  return said.map(({ at, seconds }) => Math.abs(seconds - (end - at) / 1000) / ((end - at) / 1000));
}
