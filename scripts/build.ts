// Builds dist of the named packages, or of all: node scripts/build.ts [verifier|sdk|gateway|cli]...
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, runStep } from './steps.ts';

/** In order of dependence: a build reads the declarations of those before it. */
const packages = ['verifier', 'sdk', 'gateway', 'cli'];
const named = process.argv.slice(2);
const unknown = named.filter((name) => !packages.includes(name));

if (unknown.length > 0) {
  process.stderr.write(`build: no package ${unknown.join(', ')}; there are ${packages.join(', ')}\n`);
  process.exitCode = 1;
} else {
  const chosen = named.length > 0 ? packages.filter((name) => named.includes(name)) : packages;
  process.exitCode = chosen.every(build) ? 0 : 1;
}

function build(name: string): boolean {
  rmSync(join(root, 'packages', name, 'dist'), { recursive: true, force: true });
  const compile = [
    'node',
    'node_modules/typescript7/bin/tsc',
    '-p',
    `packages/${name}/tsconfig.build.json`,
  ] as const;
  const page = name === 'verifier' ? [['node', 'scripts/build-page.ts'] as const] : [];
  return runStep({ name: `build ${name}`, commands: [compile, ...page] }).failed === 0;
}
