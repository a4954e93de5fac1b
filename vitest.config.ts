import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests of `folders`. `isolate`: each file in a world of its own, which takes longer than most tests do. */
const project = (name: string, folders: string, isolate: boolean) => ({
  extends: true as const,
  test: { name, include: [`${folders}/**/*.test.{ts,tsx}`], isolate },
});

export default defineConfig({
  test: {
    environment: 'node',
    // How fast a machine is decides no test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Left to itself it leaves one core free, which is half of two.
    maxWorkers: availableParallelism(),
    projects: [
      // The server's libraries put their own classes in the place of global ones: only other tests of it live with that.
      project('server', 'server', false),
      project('pure', '{shared,locales}', false),
      project('rest', '{sw,app,e2e}', true),
    ],
  },
});
