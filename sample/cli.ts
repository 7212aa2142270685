import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const program = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'sallyport.js');

export interface CliRun {
  readonly exitCode: number | null;
  readonly output: string;
  readonly complaint: string;
}

/** Runs the `sallyport` command in a process of its own, with these variables and no others. */
export async function runCli(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<CliRun> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { output: '', complaint: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.complaint += text));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, ...texts };
}
