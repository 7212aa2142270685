import { checkSteps, runStep, type Step, sum } from './steps.ts';
import { runVitest } from './vitest.ts';

const testTools: Step = { name: 'test tools', commands: [['scripts/install-test-tools.sh']] };

const { passed, failed } = sum([
  ...[testTools, ...checkSteps].map(runStep),
  runVitest(['unit', 'integration']),
  runVitest(['packaging']),
]);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
