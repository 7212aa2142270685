// Brings node_modules in step with package-lock.json before npm start, test or demo.
// Plain JavaScript for any Node from 18 on: it runs before the pinned Node is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.sallyport-lock-sha256');
const pinnedNode = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

const installedHash = () => (existsSync(stamp) ? readFileSync(stamp, 'utf8') : '');

function fail(problem, wayOut) {
  process.stderr.write(`sallyport setup: ${problem}\n  ${wayOut}\n`);
  process.exit(1);
}

function install() {
  process.stdout.write('sallyport setup: installing dependencies (npm ci), about a minute the first time\n');
  // Not process.execPath: that may be the pinned Node, which npm ci deletes while it runs.
  const npm = process.env.npm_execpath;
  const command = npm ? (process.env.npm_node_execpath ?? process.execPath) : 'npm';
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const run = spawnSync(command, npm ? [npm, ...args] : args, { cwd: root, stdio: 'inherit' });
  if (run.status === 0) return;
  fail(
    `npm ci failed${run.error ? `: ${run.error.message}` : ` with exit code ${run.status}`}`,
    'Its own message is above. Check that the npm registry can be reached, then run: npm ci',
  );
}

// npm ci and npm install end with this script's --stamp, so that an install by hand counts too.
if (process.argv.includes('--stamp')) {
  // Without the pinned Node (npm ci --omit=dev) the tree does not serve start or test.
  if (existsSync(pinnedNode)) writeFileSync(stamp, lockHash());
} else {
  if (installedHash() !== lockHash()) install();
  // existsSync follows the link in .bin: the package's install script puts the binary behind it.
  if (!existsSync(pinnedNode)) {
    fail(
      'the pinned Node (npm package "node") has no binary: its install script did not run',
      'Run: npm rebuild node    and see that "allowScripts" in package.json still lists it',
    );
  }
}
