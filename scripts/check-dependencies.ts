// Fails when a dependency has no row with a reason in decisions/0002-dependencies.md, or a row no dependency.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './steps.ts';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const table = 'decisions/0002-dependencies.md';
const row = /^\| `([^`]+)` \| [^|]+ \| [^|\s][^|]* \|$/gm;

const reasoned = new Set([...readFileSync(join(root, table), 'utf8').matchAll(row)].map((match) => match[1]));
const used = new Set(
  ['package.json', ...globSync('packages/*/package.json', { cwd: root })].flatMap(dependencies),
);

const problems = [
  ...[...used].filter((name) => !reasoned.has(name)).map((name) => `${name} has no row with a reason`),
  ...[...reasoned].filter((name) => !used.has(name ?? '')).map((name) => `${name} has a row and no use`),
];
for (const problem of problems) process.stderr.write(`${table}: ${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Workspace packages need no reason: they are the project itself. */
function dependencies(file: string): string[] {
  const manifest = JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest;
  return Object.keys({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  }).filter((name) => !name.startsWith('@sallyport/'));
}
