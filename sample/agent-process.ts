import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A line of `agent.mjs`. */
export type AgentEvent = { readonly step: string; readonly atMs: number } & (
  | { readonly kind: 'asks'; readonly text: string }
  | { readonly kind: 'notice'; readonly message: string }
  | { readonly kind: 'gets'; readonly count: number; readonly rows: readonly Row[] }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly detail: string;
      readonly hint: string;
    }
);

type Row = Readonly<Record<string, unknown>>;

/** The story takes seconds; an agent that waits for ever has found a fault. */
const longestMs = 120_000;

/** Runs the sample agent in a process of its own and hands on what it reports; ends when the agent has ended. */
export async function* runAgent(databaseUrl: string): AsyncGenerator<AgentEvent, void, void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'agent.mjs')], {
    env: { PATH: process.env['PATH'], DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: longestMs,
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const ended = once(child, 'close') as Promise<[number | null]>;
  try {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as AgentEvent;
    const [code] = await ended;
    if (code !== 0) throw new Error(`the agent's process ended with ${code ?? 'a signal'}: ${complaint}`);
  } finally {
    // Also where whoever reads these events has given up.
    child.kill();
  }
}
