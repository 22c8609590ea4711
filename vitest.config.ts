import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{operator,demo-services,test-e2e}/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test-e2e/specs/**/*.spec.ts'],
          globalSetup: ['test-e2e/suite-setup.ts'],
          // One real stack serves all specs, and a spec may freeze its brokers: one file at a time.
          fileParallelism: false,
          // kafkajs computes a negative timeout on this Node, harmlessly (traps K9).
          execArgv: ['--disable-warning=TimeoutNegativeWarning'],
          testTimeout: 180_000,
          hookTimeout: 1_800_000,
        },
      },
    ],
  },
});
