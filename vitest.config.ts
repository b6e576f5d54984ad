import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{unit,architecture,sim}/**/*.test.ts'],
          testTimeout: 30_000, // property tests on a busy machine
          maxWorkers: '100%', // of two cores, vitest would leave one idle
        },
      },
      {
        // Real peers in namespaces: one at a time, and real time.
        test: {
          name: 'interop',
          include: ['test/{interop,e2e}/**/*.test.ts'],
          fileParallelism: false,
          retry: 1, // a busy machine may lose a packet; the report tells of every second try
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // What goes onto the router, from dist/.
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
