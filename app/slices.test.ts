import { expect, test, vi } from 'vitest';
import { Slices } from './slices.ts';

test('a short job is done at once, and jobs are done in their order', () => {
  const done: string[] = [];
  const slices = new Slices((work) => work());
  slices.add(job(done, 'a', 2));
  slices.add(job(done, 'b', 1));
  expect(done).toEqual(['a0', 'a1', 'b0']);
});

test('a long job lets the browser have its turn, and what comes meanwhile waits behind it', async () => {
  const done: string[] = [];
  const now = vi.spyOn(performance, 'now');
  let clock = 0;
  now.mockImplementation(() => (clock += 4));
  const slices = new Slices((work) => work());
  slices.add(job(done, 'a', 4));
  expect(done.length).toBeLessThan(4);
  slices.add(job(done, 'b', 1));
  await vi.waitFor(() => expect(done).toEqual(['a0', 'a1', 'a2', 'a3', 'b0']));
  now.mockRestore();
});

test('what is cleared is never done', async () => {
  const done: string[] = [];
  const slices = new Slices((work) => work());
  slices.add(
    (function* () {
      done.push('first');
      slices.clear();
      yield;
      done.push('never');
    })(),
  );
  slices.add(job(done, 'b', 1));
  expect(done).toEqual(['first', 'b0']);
});

function* job(done: string[], name: string, steps: number): Generator<void> {
  for (let step = 0; step < steps; step++) {
    done.push(name + step);
    yield;
  }
}
