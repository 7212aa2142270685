import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

export const root = dirname(import.meta.dirname);

/** One check: it passes when every command exits with 0. */
export interface Step {
  readonly name: string;
  readonly commands: readonly (readonly [command: string, ...args: string[]])[];
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** The pinned Node and the repository's own tools come first, however a script was started. */
const environment = {
  ...process.env,
  PATH: [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
};

const typescript = join('node_modules', 'typescript7', 'bin', 'tsc');
const structured = ['packages', 'scripts', 'sample', 'bench', 'examples'];

/** The directory of every package's tsconfig that compiles without Node's types, then everything with them. */
const typeProjects = [
  'packages/verifier',
  'packages/verifier/page',
  'packages/sdk',
  'packages/gateway/src/core',
  '.',
];

export const checkSteps: readonly Step[] = [
  { name: 'format', commands: [['prettier', '--check', '--log-level=warn', '.']] },
  { name: 'types', commands: typeProjects.map((project) => ['node', typescript, '-p', project]) },
  { name: 'lint', commands: [['eslint', '--max-warnings=0', '.']] },
  {
    name: 'imports',
    commands: [
      [
        'depcruise',
        '--config=.dependency-cruiser.cjs',
        '--output-type=err-long',
        ...structured.filter((directory) => existsSync(join(root, directory))),
      ],
    ],
  },
  { name: 'dead code', commands: [['knip', '--no-progress']] },
  {
    name: 'generated pages',
    commands: ['reference', 'openapi', 'cli'].map((page) => [
      'node',
      '--conditions=sallyport-source',
      `scripts/generate-${page}.ts`,
      '--check',
    ]),
  },
  { name: 'dependency reasons', commands: [['node', 'scripts/check-dependencies.ts']] },
];

/** Runs one step, quietly unless it fails. */
export function runStep(step: Step): Tally {
  const started = performance.now();
  for (const [command, ...args] of step.commands) {
    const run = spawnSync(command, args, { cwd: root, env: environment, encoding: 'utf8' });
    if (run.status !== 0) {
      process.stdout.write(`FAIL ${step.name}: ${[command, ...args].join(' ')}\n`);
      process.stdout.write(`${run.error?.message ?? ''}${run.stdout}${run.stderr}\n`);
      return { passed: 0, failed: 1 };
    }
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`ok   ${step.name} (${seconds} s)\n`);
  return { passed: 1, failed: 0 };
}

/** Runs a command with the terminal as its own; true when it exits with 0. */
export function runVisibly(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { cwd: root, env: environment, stdio: 'inherit' }).status === 0;
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, tally) => total + tally.passed, 0),
    failed: tallies.reduce((total, tally) => total + tally.failed, 0),
  };
}
