/**
 * Mutation testing (https://stryker-mutator.io): `npm run mutation`. Each mutant is a small fault in the code that
 * decides; one that no test notices is a test that is missing.
 */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'scripts/mutation.vitest.config.ts', related: false },
  // What decides; the words of an explanation are not the decision.
  mutate: ['packages/gateway/src/core/*.ts', '!packages/gateway/src/core/*.test.ts'],
  mutator: { excludedMutations: ['StringLiteral'] },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20_000,
  reporters: ['clear-text', 'progress', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'coverage/mutation/core.json' },
  tempDirName: '.state/mutation',
  thresholds: { high: 95, low: 85, break: 85 },
};
