import { defineConfig } from 'vitest/config';

/** Workspace packages resolve to their sources, inside Vite and in the Node processes it forks. */
const sourceCondition = 'sallyport-source';
const conditions = [sourceCondition, 'module', 'node', 'development|production'];

/** PostgreSQL, the gateway's own process and real clients start within these tests. */
const integrationTimeoutMs = 60_000;
/** Packing, installing and starting every package, on a machine with a cold npm cache. */
const packagingTimeoutMs = 300_000;

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: [sourceCondition, 'node'] } },
  test: {
    pool: 'forks',
    // Worker threads and processes that a test starts inherit execArgv, and with it the condition.
    execArgv: [`--conditions=${sourceCondition}`],
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.js'],
          testTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['packages/*/test/**/*.test.ts', 'sample/test/**/*.test.ts', 'examples/**/*.test.ts'],
          testTimeout: integrationTimeoutMs,
          hookTimeout: integrationTimeoutMs,
        },
      },
      {
        extends: true,
        test: {
          name: 'packaging',
          include: ['scripts/**/*.test.ts'],
          testTimeout: packagingTimeoutMs,
          hookTimeout: packagingTimeoutMs,
        },
      },
    ],
  },
});
