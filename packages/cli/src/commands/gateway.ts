import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Command, Invocation } from '../command.ts';
import { Failure } from '../failure.ts';

const program = 'sallyport-gateway';

export const up: Command = {
  name: 'up',
  arguments: [],
  summary: 'start the gateway, where it is installed',
  details: [`Runs \`${program}\` of the package @sallyport/gateway until it ends, and ends as it does.`],
  options: ['config', 'state'],
  remote: false,
  run: async ({ invocation }) => runGateway(passOn(invocation, ['config', 'state'])),
};

export const configCheck: Command = {
  name: 'config check',
  arguments: ['[FILE]'],
  summary: 'check a configuration without starting anything',
  details: ['Says file, line and the way out for everything that is wrong.'],
  options: [],
  remote: false,
  run: async ({ invocation }) => {
    const [file] = invocation.arguments;
    return runGateway(['--check-config', ...(file === undefined ? [] : ['--config', file])]);
  },
};

function passOn(invocation: Invocation, names: readonly ('config' | 'state')[]): string[] {
  return names.flatMap((name) => {
    const value = invocation.text(name);
    return value === null ? [] : [`--${name}`, value];
  });
}

/** The program beside this one, on the Node that runs this one; else the one that the shell would find. */
function findGateway(): readonly string[] {
  try {
    const manifest = createRequire(import.meta.url).resolve('@sallyport/gateway/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: Record<string, string> };
    const file = bin[program];
    if (file !== undefined) return [process.execPath, join(dirname(manifest), file)];
  } catch {
    // It isn't installed beside this package, or not as we know it: the shell's path is left.
  }
  return [program];
}

/** Signals that would end this process end the gateway instead, which this process then outlives. */
const forwarded = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

/** Resolves with its exit code; 128 and the number of the signal, as a shell says it, where one ended it. */
export function runGateway(args: readonly string[], lines?: AsyncIterable<string>): Promise<number> {
  const [command = program, ...before] = findGateway();
  const input = lines === undefined ? 'inherit' : 'pipe';
  const child = spawn(command, [...before, ...args], { stdio: [input, 'inherit', 'inherit'] });
  const stopForwarding = forwardSignals(child);
  const piped = lines === undefined ? Promise.resolve() : pipeLines(lines, child);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', () => {
      const detail = `${program} is not installed: npm install @sallyport/gateway`;
      reject(new Failure('not_found', 'gateway.not_installed', detail));
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)));
  });
  return Promise.all([ended, piped])
    .then(([code]) => code)
    .finally(stopForwarding);
}

/** What can't be read ends the program too: it would otherwise take what came before for all that there is. */
async function pipeLines(lines: AsyncIterable<string>, child: ChildProcess): Promise<void> {
  const { stdin } = child;
  if (stdin === null) return;
  // The program may end before it has read everything; its exit code says why.
  stdin.on('error', () => undefined);
  try {
    for await (const line of lines) {
      if (stdin.destroyed) return;
      if (!stdin.write(`${line}\n`)) await Promise.race([once(stdin, 'drain'), once(child, 'exit')]);
    }
    stdin.end();
  } catch (error) {
    child.kill();
    throw error;
  }
}

function forwardSignals(child: ChildProcess): () => void {
  const listeners = forwarded.map((signal) => {
    // At a terminal Ctrl-C reaches the gateway by itself; twice would mean "at once".
    const forward = () => void (signal === 'SIGINT' && process.stdin.isTTY ? true : child.kill(signal));
    process.on(signal, forward);
    return () => process.off(signal, forward);
  });
  return () => listeners.forEach((stop) => stop());
}
