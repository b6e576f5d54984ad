import { defineConfig } from 'vitest/config';

/** Real peers in namespaces, and real time: a busy machine may lose a packet; the report tells of every second try. */
const interop = { retry: 1, testTimeout: 120_000, hookTimeout: 120_000 };
/** What floods, fills the machine or counts seconds has it to itself. */
const alone = [
  ...['capture', 'floods', 'guesses', 'rekey-marathon', 'roaming', 'soak'].map(
    (name) => `test/interop/${name}.test.ts`,
  ),
  'test/e2e/sites.test.ts',
];

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
        // Each has a lab of its own, and waits most of the time.
        test: {
          ...interop,
          name: 'interop',
          include: ['test/{interop,e2e}/**/*.test.ts'],
          exclude: alone,
          maxWorkers: 3,
        },
      },
      {
        test: {
          ...interop,
          name: 'interop-alone',
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
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
