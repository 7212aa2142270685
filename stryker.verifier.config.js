import core from './stryker.config.js';

/** The same for the verifier: `npm run mutation -- stryker.verifier.config.js`. */
export default {
  ...core,
  vitest: { configFile: 'scripts/mutation-verifier.vitest.config.ts', related: false },
  mutate: ['packages/verifier/src/*.ts', '!packages/verifier/src/*.test.ts'],
  jsonReporter: { fileName: 'coverage/mutation/verifier.json' },
  tempDirName: '.state/mutation-verifier',
  timeoutMS: 5_000,
  thresholds: { high: 95, low: 90, break: 90 },
};
