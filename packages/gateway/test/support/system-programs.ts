import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { TestSystem } from './system-fixture.ts';

export interface ProgramRun {
  readonly exitCode: number | null;
  readonly output: string;
  readonly complaint: string;
}

/** A client program that runs; what it says can be read while it does. */
export interface RunningProgram {
  readonly process: ChildProcess;
  readonly said: { output: string; complaint: string };
  readonly ended: Promise<ProgramRun>;
}

const connection = (system: TestSystem): Record<string, string> => ({
  PATH: '/usr/bin:/bin',
  LC_ALL: 'C.UTF-8',
  PGHOST: system.host,
  PGPORT: String(system.port),
  PGUSER: system.agent,
  PGPASSWORD: system.agentToken,
  PGDATABASE: system.target,
  PGSSLMODE: 'require',
});

function run(
  command: readonly [string, ...string[]],
  environment: Record<string, string>,
  input: string,
): RunningProgram {
  const [program, ...args] = command;
  const child = spawn(program, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'], timeout: 15_000 });
  const said = { output: '', complaint: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.complaint += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = once(child, 'close').then(([exitCode]) => ({ exitCode: exitCode as number | null, ...said }));
  return { process: child, said, ended };
}

/** Debian's psql, over TLS; each argument is a command of its own. */
export function psql(
  system: TestSystem,
  commands: readonly string[],
  { input = '', environment = {} }: { input?: string; environment?: Record<string, string> } = {},
): RunningProgram {
  const args = commands.flatMap((command) => ['-c', command]);
  return run(
    ['/usr/bin/psql', '-X', '-A', '-t', '-v', 'VERBOSITY=verbose', ...args],
    { ...connection(system), ...environment },
    input,
  );
}

/** A program in Debian's Python, with psycopg 3; `conn` is its connection in autocommit, `out` prints JSON. */
export function psycopg(system: TestSystem, program: string): RunningProgram {
  const preamble = `
import json, psycopg
def out(value): print(json.dumps(value, default=str), flush=True)
conn = psycopg.connect("", autocommit=True)
conn.add_notice_handler(lambda d: out({"notice": d.message_primary, "detail": d.message_detail}))
`;
  return run(['/usr/bin/python3', '-'], connection(system), preamble + program);
}

/** The JSON values that a psycopg program printed. */
export const printed = ({ output }: { readonly output: string }): unknown[] =>
  output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
