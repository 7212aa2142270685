#!/usr/bin/env node
// Plain JavaScript that old Node parses too: the guard must speak where the program can't load.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;
const source = new URL('../src/main.ts', import.meta.url);
const sourceCondition = '--conditions=sallyport-source';

if (Number(process.versions.node.split('.')[0]) < neededMajor) {
  process.stderr.write(
    `sallyport: node_too_old: needs Node.js ${neededMajor} or newer, this is ${process.version}; see https://nodejs.org\n`,
  );
  process.exitCode = 1;
} else if (!existsSync(source)) {
  void start('../dist/main.js');
} else if (process.execArgv.includes(sourceCondition)) {
  void start(source.href);
} else {
  // A checkout runs its sources, never a dist that may be older, in a process which resolves workspace
  // packages to their sources too. The same process id stays, so signals reach the program.
  const self = fileURLToPath(import.meta.url);
  process.execve(process.execPath, [process.execPath, sourceCondition, self, ...process.argv.slice(2)]);
}

/** main.ts exports `main(args)`; importing it starts nothing. */
async function start(entry) {
  const { main } = await import(entry);
  await main(process.argv.slice(2));
}
