#!/usr/bin/env node
// Plain JavaScript that old Node parses too: the guard must speak where the program can't load.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeEnvironment, nodeFlags } from './node-settings.js';

const neededMajor = 24;
const source = new URL('../src/main.ts', import.meta.url);
// A checkout runs its sources, never a dist that may be older, and resolves workspace packages to their sources too.
const isCheckout = existsSync(source);
// Windows can't replace a process, so there the program runs as Node starts it.
const flags = process.platform === 'win32' ? [] : nodeFlags;
const wanted = isCheckout ? [...flags, '--conditions=sallyport-source'] : flags;

if (Number(process.versions.node.split('.')[0]) < neededMajor) {
  process.stderr.write(
    `sallyport-gateway: node_too_old: needs Node.js ${neededMajor} or newer, this is ${process.version}; see https://nodejs.org\n`,
  );
  process.exitCode = 1;
} else if (wanted.every((flag) => process.execArgv.includes(flag))) {
  void start(isCheckout ? source.href : '../dist/main.js');
} else {
  // The same process id stays, so signals reach the program. The operator's own flags and variables win.
  const self = fileURLToPath(import.meta.url);
  const command = [process.execPath, ...wanted, ...process.execArgv, self, ...process.argv.slice(2)];
  process.execve(process.execPath, command, { ...nodeEnvironment, ...process.env });
}

/** main.ts exports `main(args)`; importing it starts nothing. */
async function start(entry) {
  const { main } = await import(entry);
  await main(process.argv.slice(2));
}
