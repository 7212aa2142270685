import { checkSteps, runStep, sum } from './steps.ts';
import { runVitest } from './vitest.ts';

const { passed, failed } = sum([...checkSteps.map(runStep), runVitest(['unit'])]);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
