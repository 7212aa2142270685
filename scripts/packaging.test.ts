import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findOldNode,
  importsOf,
  installInto,
  manifestOf,
  missingFiles,
  pack,
  packageDirectories,
  type PackageDirectory,
  runNode,
} from './packaging.ts';
import { root } from './steps.ts';

const workspace = mkdtempSync(join(tmpdir(), 'sallyport-packages-'));
const project = join(workspace, 'project');
const tarballs = new Map<PackageDirectory, string>();
const programs = [
  { name: 'sallyport', bin: 'node_modules/sallyport/bin/sallyport.js' },
  { name: 'sallyport-gateway', bin: 'node_modules/@sallyport/gateway/bin/sallyport-gateway.js' },
];

function tarballOf(directory: PackageDirectory): string {
  const tarball = tarballs.get(directory);
  if (tarball === undefined) throw new Error(`${directory} is not packed`);
  return tarball;
}

beforeAll(async () => {
  for (const directory of packageDirectories) tarballs.set(directory, await pack(directory, workspace));
  await installInto(project, [...tarballs.values()]);
});

afterAll(() => {
  rmSync(workspace, { recursive: true, force: true });
});

describe.each(packageDirectories)('the published package %s', (directory) => {
  it('passes publint', async () => {
    const file = readFileSync(tarballOf(directory));
    const tarball = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg ?? {}, { color: false }))).toEqual([]);
  });

  it('carries every file which its JavaScript names', () => {
    expect(missingFiles(project, manifestOf(directory).name)).toEqual([]);
  });
});

describe.each(['verifier', 'sdk', 'gateway'] as const)('the entries of %s', (directory) => {
  it('have types that resolve', () => {
    const attw = join(root, 'node_modules', '.bin', 'attw');
    const args = [
      attw,
      tarballOf(directory),
      '--profile=esm-only',
      // A page is no module.
      '--exclude-entrypoints=verify.html',
      '--format=ascii',
      '--no-color',
      '--no-emoji',
    ];
    const { code, stdout, stderr } = runNode(process.execPath, args, workspace);
    expect({ code, report: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, report: '' });
  });
});

describe.each(['verifier', 'sdk'] as const)('the package %s, which browsers run,', (directory) => {
  const manifest = manifestOf(directory);
  const entries = Object.keys(manifest.exports).filter((entry) => !/\.(json|html)$/.test(entry));

  it.each(entries)('loads from %s', (entry) => {
    const specifier = join(manifest.name, entry);
    const script = `const names = Object.keys(await import('${specifier}')); if (names.length === 0) process.exit(3)`;
    expect(runNode(process.execPath, ['--input-type=module', '-e', script], project)).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it('imports its own files and declared dependencies alone, and nothing of Node', () => {
    const allowed = Object.keys(manifest.dependencies ?? {});
    const foreign = importsOf(project, manifest.name).filter(
      ({ specifier }) =>
        builtinModules.includes(specifier) ||
        !(
          specifier.startsWith('.') ||
          allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`))
        ),
    );
    expect(foreign).toEqual([]);
  });
});

describe.each(programs)('the program $name', ({ name, bin }) => {
  const refusal = new RegExp(
    `^${name}: node_too_old: needs Node\\.js 24 or newer, this is v\\d+\\.[^\\n]*\\n$`,
  );

  it('prints its help', () => {
    const { code, stdout, stderr } = runNode(process.execPath, [bin, '--help'], project);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(name);
  });

  it('says in one line that Node is too old, and exits with 1', () => {
    const oldVersion = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })`;
    const disguise = `data:text/javascript,${encodeURIComponent(oldVersion)}`;
    const { code, stdout, stderr } = runNode(
      process.execPath,
      [`--import=${disguise}`, bin, '--help'],
      project,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(refusal);
  });

  const oldNode = findOldNode();
  it.skipIf(oldNode === undefined)('says so under the old Node of this machine', () => {
    const { code, stdout, stderr } = runNode(oldNode ?? '', [bin, '--help'], project);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(refusal);
  });
});

describe('the verifier’s page', () => {
  it('comes with the command line, which writes it out', () => {
    const bin = programs.find(({ name }) => name === 'sallyport')?.bin ?? '';
    const ran = runNode(process.execPath, [bin, 'verify', '--html', 'page.html'], project);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(project, 'page.html'), 'utf8')).toContain(
      "default-src 'none'; script-src 'sha256-",
    );
  });
});

describe('the gateway’s own program', () => {
  const bin = 'node_modules/@sallyport/gateway/bin/sallyport-gateway.js';
  const tell = `process.stderr.write(JSON.stringify([process.execArgv, process.env.MALLOC_ARENA_MAX]) + '\\n')`;
  const telling = `--import=data:text/javascript,${encodeURIComponent(tell)}`;

  it('runs with what keeps its memory small, after which the operator’s own flags count', () => {
    const args = ['--max-semi-space-size=32', telling, bin, '--version'];
    const { code, stderr } = runNode(process.execPath, args, project);
    const [, last = ''] = stderr.split('\n');
    const [flags, arenas] = JSON.parse(last) as [string[], string];
    expect({ code, arenas }).toEqual({ code: 0, arenas: '1' });
    expect(flags.slice(0, -1)).toEqual([
      '--max-semi-space-size=8',
      '--no-wasm-tier-up',
      '--no-wasm-dynamic-tiering',
      '--expose-gc',
      '--max-semi-space-size=32',
    ]);
  });
});
