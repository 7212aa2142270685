import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageReport } from '@sallyport/sdk/contract';
import pg from 'pg';
import { agentName } from './configuration.ts';
import { play, type Plot } from './scenes.ts';
import { removeServerHome } from './server-home.ts';
import { check, say, title, Unexpected } from './story.ts';
import { startSystem, type SampleSystem } from './system.ts';
import { ask, auditor, reviewer } from './terminal.ts';

/** Exit code of `sallyport` for what is not what it claims to be. */
const verificationFailed = 6;

async function showUsage({ system, germans }: Plot): Promise<void> {
  title('5. What the agent used');
  await reviewer(system, 'sam', 'usage', '--agent', agentName, '--since', '1h');
  const usage = UsageReport.parse(await ask(system, 'sam', 'usage', '--agent', agentName, '--since', '1h'));
  const exports = usage.lines.filter(({ reviewed, status }) => reviewed && status === 'succeeded');
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  check(
    sum(exports.map(({ actions }) => actions)) === 1 && sum(exports.map(({ rows }) => rows)) === germans,
    'one approved export was executed, once',
    exports,
  );
  const customers = usage.datasets.find(({ dataset }) => dataset === 'public.customers');
  check(customers?.classes.includes('pii') === true, 'personal data of public.customers is counted', usage);
}

/** Everything here runs without the gateway's address: on files, and on the ledger's key that an auditor has noted. */
async function prove({ system, reviews: [id = ''] }: Plot, directory: string): Promise<void> {
  title('6. The proof, for somebody who trusts neither the agent nor us');
  const receipt = join(directory, 'receipt.txt');
  await reviewer(system, 'sam', 'receipt', id, '--out', receipt);
  await auditor(0, 'verify', receipt, '--key', system.ledger.vkey);
  const forged = join(directory, 'forged.txt');
  const genuine = readFileSync(receipt, 'utf8');
  const changed = genuine.replace(agentName, 'another-agent');
  check(changed !== genuine, 'the receipt names the agent', genuine);
  writeFileSync(forged, changed);
  await auditor(verificationFailed, 'verify', forged, '--key', system.ledger.vkey);
  say('check', '✓ a receipt that was changed is found out');
  await reviewer(system, 'sam', 'ledger', 'verify', '--key', system.ledger.vkey);
}

/** What is really there, asked behind the gateway's back. */
async function count(system: SampleSystem, text: string): Promise<number> {
  const client = new pg.Client({ connectionString: system.databaseBehind });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>(text);
    return rows[0]?.count ?? 0;
  } finally {
    await client.end();
  }
}

/** Rejects at Ctrl-C and SIGTERM, so that nothing is left running. */
function interrupted(): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (signal: NodeJS.Signals): void => reject(new Unexpected(`no ${signal} in the middle`));
    process.once('SIGINT', stop).once('SIGTERM', stop);
  });
}

async function run(directory: string): Promise<void> {
  const stateDirectory = join(directory, 'state');
  title('Starting: a PostgreSQL 18 with a sample shop, and the gateway before it');
  const onStep = (step: string): void => say('operator', step);
  const system = await startSystem({ stateDirectory, onStep });
  const tell = async (): Promise<void> => {
    const germans = await count(system, "SELECT count(*)::int AS count FROM customers WHERE country = 'DE'");
    const plot: Plot = { system, germans, reviews: [], votedAtMs: 0 };
    await play(plot);
    await showUsage(plot);
    await prove(plot, directory);
    title('Stopping');
  };
  try {
    await Promise.race([tell(), interrupted()]);
  } finally {
    await system.close();
    removeServerHome(stateDirectory);
  }
}

const directory = mkdtempSync(join(tmpdir(), 'sallyport-demo-'));
try {
  await run(directory);
  title(
    'That was the way of an action: identified, described, decided, approved, executed once, and proved.',
  );
} catch (error) {
  const isFinding = error instanceof Unexpected;
  process.stderr.write(`\nThe demo failed: ${isFinding ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
