import { defineConfig } from 'vitest/config';

export default defineConfig({
  // `greenlets` and its entries come from src, by the `paths` of tsconfig.json.
  resolve: { tsconfigPaths: true },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/types/**'],
    restoreMocks: true,
    // Most of the time goes to child processes that the tests wait for.
    maxWorkers: '100%',
    // For tests that hang: how fast the machine is decides nothing.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
