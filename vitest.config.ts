import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{shared,sw,app,server,locales,e2e}/**/*.test.{ts,tsx}'],
    environment: 'node',
    // Loading the server for each file took longer than its tests; nothing here leaves a module other than it was.
    isolate: false,
    // How fast a machine is decides no test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
