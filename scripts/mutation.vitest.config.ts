import { defineConfig } from 'vitest/config';

/** The tests that mutation testing runs: those of the code that decides, without the stores' and protocols' own. */
export default defineConfig({
  resolve: { conditions: ['sallyport-source', 'module', 'node', 'development|production'] },
  ssr: {
    resolve: {
      conditions: ['sallyport-source', 'module', 'node', 'development|production'],
      externalConditions: ['sallyport-source', 'node'],
    },
  },
  test: {
    include: [
      'packages/gateway/src/core/*.test.ts',
      'packages/gateway/src/review/**/*.test.ts',
      'packages/gateway/src/passkeys/service.test.ts',
      'packages/gateway/src/connectors/api/connector.test.ts',
    ],
    execArgv: ['--conditions=sallyport-source'],
  },
});
