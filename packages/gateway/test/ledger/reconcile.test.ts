import { execFile } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/ledger.ts';
import { connectPg, refusalOf } from '../support/system-drivers.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { psql } from '../support/system-programs.ts';
import { eventually } from '../support/system-wait.ts';

const CLI = fileURLToPath(new URL('../../../cli/bin/sallyport.js', import.meta.url));

interface Finding {
  readonly text: string;
  readonly reason: string;
  readonly file: string;
  readonly line: number;
}
interface Report {
  readonly ok: boolean;
  readonly statements: number;
  readonly matched: number;
  readonly matchedByCount: number;
  readonly valuesCompared: number;
  readonly valuesUnclear: number;
  readonly own: { readonly catalog: number };
  readonly direct: readonly Finding[];
  readonly missing: readonly { readonly action: string }[];
  readonly differing: readonly { readonly what: string; readonly logged: Finding | null }[];
  readonly gaps: readonly unknown[];
}

let system: TestSystem;
let folder: string;
const temporary = temporaryDirectory();

beforeAll(async () => {
  system = await startTestSystem({
    schema: 'CREATE TABLE notes (id int PRIMARY KEY, body text)',
    settings: [
      'logging_collector=on',
      'log_destination=csvlog',
      'log_statement=all',
      'log_timezone=Europe/Berlin',
      'log_filename=target-%Y-%m-%d_%H%M%S.log',
    ],
  });
  const [row] = await system.behind('SHOW data_directory');
  folder = join(String(row?.['data_directory']), 'log');
});
afterAll(async () => {
  await system.close();
  temporary.remove();
});

/** The server names a file by the second: the log goes on in another one. */
async function rotate(): Promise<string> {
  const before = logs();
  return eventually('another file of the log', async () => {
    await system.behind('SELECT pg_rotate_logfile()');
    return logs().find((name) => !before.includes(name));
  });
}
const logs = (): readonly string[] => readdirSync(folder).filter((name) => name.endsWith('.csv'));

let current: string;
beforeEach(async () => {
  current = join(folder, await rotate());
});

async function run(...paths: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'], SALLYPORT_URL: system.apiUrl, SALLYPORT_TOKEN: system.samToken };
  const user = String(system.targetLogin.user);
  const args = ['ledger', 'reconcile', ...paths, '--target', system.target, '--user', user, '--json'];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=sallyport-source', CLI, ...args],
      { env },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

async function reconcile(...paths: readonly string[]): Promise<Report & { readonly code: number }> {
  await system.checkLedger();
  const { code, stdout, stderr } = await run(...paths);
  if (stdout === '') throw new Error(stderr);
  return { code, ...(JSON.parse(stdout) as Report) };
}

/** The server's collector writes the log behind the answer. */
const logged = (text: string): Promise<unknown> =>
  eventually('the record', async () => readFileSync(current, 'utf8').includes(text) || undefined);

/** A copy of the log, altered. */
function altered(change: (text: string) => string): string {
  const copy = join(temporary.directory, 'copy.csv');
  writeFileSync(copy, change(readFileSync(current, 'utf8')));
  return copy;
}

/** Everything that a client does in the usual course of its work. */
async function work(): Promise<void> {
  const { client } = await connectPg(system, { application_name: 'nightly' });
  await client.query('SELECT 1; INSERT INTO notes VALUES (1, $$a$$) ; SELECT 2 -- the end');
  await client.query('SELECT body FROM notes WHERE id = $1', [1]);
  await client.query({ name: 'a: name', text: 'SELECT count(*) FROM notes WHERE id = $1', values: [1] });
  await client.query({ name: 'a: name', text: 'SELECT count(*) FROM notes WHERE id = $1', values: [2] });
  await client.query("SET application_name = 'renamed'");
  await client.query('BEGIN');
  await client.query('DECLARE c CURSOR FOR SELECT generate_series(1, 5)');
  await client.query('FETCH 2 FROM c');
  await client.query('ROLLBACK');
  expect((await refusalOf(client.query('SELECT 1/0'))).code).toBe('22012');
  expect((await refusalOf(client.query('INSERT INTO notes VALUES ($1, $2)', [1, 'b']))).code).toBe('23505');
  expect((await refusalOf(client.query("SELECT 'x'::int FROM notes WHERE id = $1", [1]))).code).toBe('22P02');
  expect((await refusalOf(client.query('DROP TABLE customers'))).code).toBe('42501');
  await client.query(';');
  await client.query('RESET ALL');
  await client.end();
  const input = 'COPY notes FROM STDIN WITH (FORMAT csv);\n7,"x, y"\n8,z\n\\.\n';
  const copied = psql(system, [], { input });
  await system.approve('COPY notes');
  expect((await copied.ended).exitCode).toBe(0);
  const { host, port, agent, agentToken, target } = system;
  const sql = postgres({ host, port, user: agent, password: agentToken, database: target, max: 1 });
  const seen: number[] = [];
  await sql`SELECT generate_series(1, 7) AS n`.cursor(
    3,
    (rows) => void seen.push(...rows.map(({ n }) => n as number)),
  );
  expect(seen).toHaveLength(7);
  await Promise.all([sql`SELECT 11`, sql`SELECT 12`, sql`SELECT 13`]);
  await sql.end();
  await system.behind('TRUNCATE notes');
}

test('everything that came through the gateway is found, and its own catalog reads are told apart', async () => {
  await work();
  const report = await reconcile(current);
  expect(report).toMatchObject({ code: 0, ok: true, direct: [], missing: [], differing: [], gaps: [] });
  expect(report.matched).toBeGreaterThanOrEqual(20);
  expect(report.matchedByCount).toBe(0);
  expect(report.valuesCompared).toBeGreaterThanOrEqual(3);
  expect(report.valuesUnclear).toBe(0);
});

test('a value that is not the one that was recorded is found', async () => {
  const { client } = await connectPg(system);
  await client.query('SELECT body FROM notes WHERE id = $1', [4711]);
  await client.end();
  await logged("'4711'");
  const report = await reconcile(altered((text) => text.replace("'4711'", "'4712'")));
  expect(report).toMatchObject({ code: 6, ok: false, direct: [], missing: [] });
  expect(report.differing).toMatchObject([
    { what: 'parameters', logged: { text: 'SELECT body FROM notes WHERE id = $1' } },
  ]);
});

test('a statement that went to the target past the gateway is found, with the place in the log', async () => {
  await work();
  const direct = new pg.Client({ ...system.targetLogin, application_name: 'psql' });
  await direct.connect();
  await direct.query('SELECT full_name, email FROM customers\nLIMIT 1');
  await direct.end();
  const report = await reconcile(current);
  expect(report).toMatchObject({ code: 6, ok: false, missing: [], differing: [] });
  expect(report.direct).toMatchObject([
    { reason: 'no_session', text: 'SELECT full_name, email FROM customers\nLIMIT 1', file: current },
  ]);
  const { line } = report.direct[0] as Finding;
  expect(readFileSync(current, 'utf8').split('\n')[line - 1]).toContain('SELECT full_name, email');
});

test('somebody who takes the name of a session of the gateway is found all the same', async () => {
  const { client } = await connectPg(system);
  await client.query('SELECT 41');
  const [row] = await system.behind(
    "SELECT application_name FROM pg_stat_activity WHERE query = 'SELECT 41'",
  );
  const direct = new pg.Client({
    ...system.targetLogin,
    application_name: String(row?.['application_name']),
  });
  await direct.connect();
  await direct.query('SELECT 41');
  await direct.query('SELECT email FROM customers LIMIT 1');
  await direct.end();
  await client.end();
  const forged = new pg.Client({
    ...system.targetLogin,
    application_name: 'sallyport/ses_00000000000000000000000000',
  });
  await forged.connect();
  await forged.query('SELECT 42');
  await forged.end();
  // Whatever is as late as the ledger's end may not be in it yet: later work moves that end.
  await later();
  const report = await reconcile(current);
  expect(report.direct.map(({ reason, text }) => [reason, text]).sort()).toEqual([
    ['no_action', 'SELECT 41'],
    ['no_action', 'SELECT email FROM customers LIMIT 1'],
    ['unknown_session', 'SELECT 42'],
  ]);
});

const marginMs = 6_000;
async function later(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, marginMs));
  await once('SELECT 99');
}

async function once(statement: string): Promise<void> {
  const { client } = await connectPg(system);
  await client.query(statement);
  await client.end();
}

test('a log out of which records were taken, or in which one was changed, is not taken for whole', async () => {
  const { client } = await connectPg(system);
  await client.query('SELECT 51');
  await client.query('SELECT 52');
  await client.query('SELECT 53');
  await client.end();
  await logged('SELECT 53');
  const without = altered((text) => text.replace(/^.*statement: SELECT 52.*\n/m, ''));
  expect(await reconcile(without)).toMatchObject({
    code: 6,
    gaps: [{ until: expect.any(Number) as number }],
  });
  const changed = altered((text) => text.replace('statement: SELECT 52', 'statement: SELECT 25'));
  expect(await reconcile(changed)).toMatchObject({
    code: 6,
    differing: [{ what: 'text', logged: { text: 'SELECT 25' } }],
  });
});

test('what the ledger says was sent and the target never logged is listed', async () => {
  // Only what is well inside of the time that the files tell of can be missing from them: this is their beginning.
  await once('SELECT 60');
  await later();
  const { client } = await connectPg(system);
  await client.query('SELECT 61');
  await client.end();
  await later();
  const without = altered((text) => {
    const [, session = ''] = /,([0-9a-f]+\.[0-9a-f]+),\d+,[^\n]*statement: SELECT 61/.exec(text) ?? [];
    return text
      .split(/(?<=\n)/)
      .filter((row) => session === '' || !row.includes(`,${session},`))
      .join('');
  });
  expect(await reconcile(without)).toMatchObject({ code: 6, missing: [{}], gaps: [] });
});

test('rotated files are read in their order however they are named, compressed ones too', async () => {
  const { client } = await connectPg(system);
  await client.query('SELECT 71');
  const first = current;
  const second = join(folder, await rotate());
  await client.query('SELECT 72');
  await client.end();
  const archive = join(temporary.directory, 'first.csv.gz');
  writeFileSync(archive, gzipSync(readFileSync(first)));
  const report = await reconcile(second, archive);
  expect(report).toMatchObject({ code: 0, ok: true });
  expect(report.matched).toBe(2);
  rmSync(archive);
});

test('a file that is no log of PostgreSQL is refused with its line, and so is one that is given twice', async () => {
  const { client } = await connectPg(system);
  await client.query('SELECT 81');
  await client.end();
  const broken = altered((text) => `${text}a,b,c\n`);
  const lines = readFileSync(broken, 'utf8').split('\n').length - 1;
  const refused = await run(broken);
  expect(refused.code).toBe(1);
  expect(refused.stderr + refused.stdout).toContain(`line ${lines}: the record has 3 columns`);
  const copy = join(temporary.directory, 'again.csv');
  copyFileSync(current, copy);
  const twice = await run(current, copy);
  expect(twice.code).toBe(1);
  expect(twice.stderr + twice.stdout).toContain('were read already');
});
