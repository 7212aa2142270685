import { defineConfig } from 'vitest/config';

/** The tests that mutation testing of the verifier runs: its own. */
export default defineConfig({
  resolve: { conditions: ['sallyport-source', 'module', 'node', 'development|production'] },
  ssr: {
    resolve: {
      conditions: ['sallyport-source', 'module', 'node', 'development|production'],
      externalConditions: ['sallyport-source', 'node'],
    },
  },
  test: {
    include: ['packages/verifier/src/*.test.ts'],
    execArgv: ['--conditions=sallyport-source'],
  },
});
