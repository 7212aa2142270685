import { runCli } from './cli.ts';
import type { PersonName } from './configuration.ts';
import { say, Unexpected } from './story.ts';
import type { SampleSystem } from './system.ts';

/** What a person types at the gateway: a process of its own, printed with its answer. */
export async function reviewer(system: SampleSystem, person: PersonName, ...args: string[]): Promise<void> {
  const run = await runCli(args, variablesOf(system, person));
  say('reviewer', `$ sallyport ${typed(args)}\n${run.output}${run.complaint}`);
  if (run.exitCode !== 0) throw new Unexpected(`sallyport ${typed(args)} ended with ${run.exitCode}`);
}

/** The same for programs: the answer as JSON, not printed. */
export async function ask(system: SampleSystem, person: PersonName, ...args: string[]): Promise<unknown> {
  const run = await runCli([...args, '--json'], variablesOf(system, person));
  if (run.exitCode !== 0) throw new Unexpected(`sallyport ${typed(args)}: ${run.complaint}`);
  return JSON.parse(run.output);
}

/** What an auditor types, without address and token: it works on what was handed over and on nothing else. */
export async function auditor(exitCode: number, ...args: string[]): Promise<void> {
  const run = await runCli(args, {});
  say('auditor', `$ sallyport ${typed(args)}\n${run.output}${run.complaint}`);
  if (run.exitCode === exitCode) return;
  throw new Unexpected(`sallyport ${typed(args)} ended with ${run.exitCode} instead of ${exitCode}`);
}

const typed = (args: readonly string[]): string =>
  args.map((arg) => (/^[\w./:=+-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ');

const variablesOf = (system: SampleSystem, person: PersonName): Record<string, string> => ({
  SALLYPORT_URL: system.apiUrl,
  SALLYPORT_TOKEN: system.tokens[person],
});
