import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
    // The names of tests from a table are not cut after 40 characters.
    taskTitleValueFormatTruncate: 0,
  },
});
