import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile } from './figures.ts';

/** Where a client of PostgreSQL connects, and as whom. */
export interface Endpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface Load {
  readonly script: 'select-only' | 'tpcb-like';
  readonly protocol: 'simple' | 'extended' | 'prepared';
  readonly clients: number;
  readonly seconds: number;
}

export interface Run {
  readonly transactionsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** PostgreSQL's own load generator, from Debian's package or from PATH. */
const program = 'pgbench';

/** Makes and fills pgbench's tables; 100,000 accounts for each unit of the scale. */
export async function initialise(endpoint: Endpoint, scale: number): Promise<void> {
  await pgbench(endpoint, ['--initialize', '--quiet', `--scale=${scale}`]);
}

/** Loads one endpoint for a while. Every transaction must succeed. */
export async function measure(endpoint: Endpoint, load: Load): Promise<Run> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-pgbench-'));
  try {
    const output = await pgbench(endpoint, [
      '--no-vacuum',
      `--builtin=${load.script}`,
      `--protocol=${load.protocol}`,
      `--client=${load.clients}`,
      `--jobs=${Math.min(load.clients, 2)}`,
      `--time=${load.seconds}`,
      '--log',
      `--log-prefix=${join(directory, 'log')}`,
    ]);
    const transactionsPerSecond = Number(/^tps = ([\d.]+)/m.exec(output)?.[1]);
    const failed = /number of failed transactions: (\d+)/.exec(output)?.[1] ?? '0';
    if (!(transactionsPerSecond > 0) || failed !== '0') {
      throw new Error(`pgbench against ${endpoint.name} did not run clean:\n${output}`);
    }
    const latencies = readLatencies(directory);
    return { transactionsPerSecond, p50Us: percentile(latencies, 0.5), p99Us: percentile(latencies, 0.99) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The third field of each line of the per-transaction logs: elapsed microseconds. */
function readLatencies(directory: string): readonly number[] {
  return readdirSync(directory).flatMap((name) =>
    readFileSync(join(directory, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => Number(line.split(' ')[2])),
  );
}

function pgbench(endpoint: Endpoint, args: readonly string[]): Promise<string> {
  const to = ['-h', endpoint.host, '-p', String(endpoint.port), '-U', endpoint.user, endpoint.database];
  // No TLS anywhere: one that is on for some of the endpoints would be all that one sees.
  const tls = { PGSSLMODE: 'disable', PGGSSENCMODE: 'disable' };
  const env = { PATH: process.env['PATH'], PGPASSWORD: endpoint.password, ...tls };
  const child = spawn(program, [...args, ...to], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
  }
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`${program}: ${error.message}`)));
    child.on('close', (code) => {
      const text = output.join('');
      if (code === 0) resolve(text);
      else reject(new Error(`pgbench against ${endpoint.name} ended with ${code}:\n${text}`));
    });
  });
}
