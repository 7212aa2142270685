import core from './stryker.config.js';

const { vitest: _, ...shared } = core;

/** The same for the verifier: `npm run mutation -- stryker.verifier.config.js`. */
export default {
  ...shared,
  testRunner: 'in-process',
  plugins: ['./scripts/mutation/runner.js'],
  warnings: { unknownOptions: false },
  inProcess: {
    folder: 'packages/verifier/src',
    // Without the few that take most of the time: what only they would notice counts as unnoticed.
    without: [
      'any bit of any',
      'span three levels',
      'give back the edge of any earlier size',
      'made from tiles verifies at every size',
      'made from tiles verifies between all sizes',
      'grow to the same tiles',
      'with any one bit changed does not verify',
    ],
  },
  testRunnerNodeArgs: ['--conditions=sallyport-source'],
  mutate: ['packages/verifier/src/*.ts', '!packages/verifier/src/*.test.ts'],
  ignorePatterns: ['**', '!packages/verifier/**', '!vectors/**', '!package.json', '!tsconfig*.json'],
  jsonReporter: { fileName: 'coverage/mutation/verifier.json' },
  tempDirName: '.state/mutation-verifier',
  timeoutMS: 5_000,
  thresholds: { high: 95, low: 90, break: 90 },
};
