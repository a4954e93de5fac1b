import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{shared,sw,app,server,locales,e2e}/**/*.test.{ts,tsx}'],
    environment: 'node',
  },
});
