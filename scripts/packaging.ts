import { execFile, spawnSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './steps.ts';

const execute = promisify(execFile);

/** In order of dependence: a build reads the declarations of those before it. */
export const packageDirectories = ['verifier', 'sdk', 'gateway', 'cli'] as const;
export type PackageDirectory = (typeof packageDirectories)[number];

export interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function manifestOf(directory: PackageDirectory): Manifest {
  return JSON.parse(readFileSync(join(root, 'packages', directory, 'package.json'), 'utf8')) as Manifest;
}

/** Builds and packs one package as `npm publish` would; returns its tarball. */
export async function pack(directory: PackageDirectory, into: string): Promise<string> {
  const destination = join(into, directory);
  mkdirSync(destination, { recursive: true });
  await npm(
    ['pack', '--loglevel=error', `--pack-destination=${destination}`],
    join(root, 'packages', directory),
  );
  const [tarball] = readdirSync(destination);
  if (tarball === undefined) throw new Error(`npm pack left no tarball of ${directory}`);
  return join(destination, tarball);
}

/** Installs tarballs into a project of its own, outside of the repository, and nothing runs on the way. */
export async function installInto(project: string, tarballs: readonly string[]): Promise<void> {
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  await npm(['install', ...quiet, ...tarballs], project);
}

async function npm(args: readonly string[], cwd: string): Promise<void> {
  // What the outer `npm test` tells its script about itself would make the inner one act on the repository.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(lifecycle|package)_|^npm_config_local_prefix$|^INIT_CWD$|^NODE_OPTIONS$/.test(name),
    ),
  );
  await execute('npm', args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
}

/** Runs a program to its end under the given Node. */
export function runNode(node: string, args: readonly string[], cwd: string): Run {
  const { status, stdout, stderr } = spawnSync(node, args, { cwd, encoding: 'utf8', timeout: 30_000 });
  return { code: status, stdout, stderr };
}

/** A Node below 24 on this machine, where there is one. */
export function findOldNode(): string | undefined {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, 'node'));
  return candidates.filter((node) => !node.includes('node_modules')).find(isOldNode);
}

function isOldNode(node: string): boolean {
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  const major = Number(/^v(\d+)\./.exec(stdout ?? '')?.[1]);
  return major >= 18 && major < 24;
}

/** Every module specifier in the JavaScript of an installed package's dist, with the file that names it. */
export function importsOf(project: string, name: string): { file: string; specifier: string }[] {
  return distFiles(project, name).flatMap(({ file, text }) =>
    [...text.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])([^'"\n]+)\1/g)].map((match) => ({
      file,
      specifier: match[2] ?? '',
    })),
  );
}

/** Files which built code names relative to itself (a worker, a schema) and which the installed package lacks. */
export function missingFiles(project: string, name: string): string[] {
  return distFiles(project, name).flatMap(({ file, path, text }) =>
    [...text.matchAll(/new URL\((['"])(\.[^'"\n]+)\1, import\.meta\.url\)/g)]
      .filter((match) => !existsSync(join(dirname(path), match[2] ?? '')))
      .map((match) => `${file}: ${match[2]}`),
  );
}

interface DistFile {
  readonly file: string;
  readonly path: string;
  readonly text: string;
}

function distFiles(project: string, name: string): DistFile[] {
  const installed = realpathSync(join(project, 'node_modules', name));
  return globSync('dist/**/*.js', { cwd: installed }).map((file) => {
    const path = join(installed, file);
    return { file, path, text: readFileSync(path, 'utf8') };
  });
}
