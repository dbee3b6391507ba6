import { defineConfig } from 'vitest/config';

/** Tests without state of their own in modules, in the environment or in mocks: a worker takes many of these files, which saves its start. */
const SHARED = ['run', 'pipeline', 'events', 'store', 'warehouse', 'golden', 'interleavings', 'verify'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
    // The names of tests from a table are not cut after 40 characters.
    taskTitleValueFormatTruncate: 0,
    projects: [
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
      { extends: true, test: { name: 'own', include: ['test/**/*.test.ts'], exclude: SHARED } },
    ],
  },
});
